package account

import (
	"context"
	_ "embed"
	"strings"
	"time"

	"gatecrier/app/authz"
	"gatecrier/app/fault"
	"gatecrier/models"
)

// zonesText has the names of the time zones that users choose from: the zones of the IANA time
// zone database that a place is in.
//
//go:embed zones.txt
var zonesText string

// Zones returns the names of the time zones to choose from. Other zones are valid too.
func Zones() []string { return strings.Fields(zonesText) }

// Themes returns the themes of pages; "" follows the system.
func Themes() []string { return []string{"", "light", "dark"} }

// Profile is a user's change of their own account. A nil field stays as it is.
type Profile struct {
	FirstName, Email, TimeZone, Theme *string
}

// EditProfile changes the actor's own account. It sends a link to a new email address, which
// replaces the old one when the user opens the link; pending reports that a link was sent.
func (s *Service) EditProfile(ctx context.Context, actor authz.Actor, p Profile) (pending bool, err error) {
	me, err := s.store.User(ctx, actor.User.ID)
	if err != nil {
		return false, err
	}
	if err := p.check(&me); err != nil {
		return false, err
	}
	var confirm *link
	if p.Email != nil && !strings.EqualFold(*p.Email, me.Email) && *p.Email != "" {
		if confirm, err = s.confirmation(ctx, me, *p.Email); err != nil {
			return false, err
		}
	}
	u, err := s.change(ctx, actor, me.ID, func(tx *models.Tx, u *models.User) error { return p.apply(tx, u, confirm) })
	if err != nil || confirm == nil {
		return false, err
	}
	s.sendLater(ready(s.confirmMail(u, *confirm)))
	return true, nil
}

// check trims the fields in place, and returns their errors.
func (p Profile) check(u *models.User) error {
	next := NewUser{Name: u.Name}
	for _, f := range []struct{ typed, to *string }{
		{p.FirstName, &next.FirstName},
		{p.Email, &next.Email},
		{p.TimeZone, new(string)},
	} {
		if f.typed != nil {
			*f.typed = strings.TrimSpace(*f.typed)
			*f.to = *f.typed
		}
	}
	var fieldErrs fault.Fields
	fieldErrs = append(fieldErrs, fault.FieldsOf(checkProfile(next))...)
	if p.TimeZone != nil && !validZone(*p.TimeZone) {
		fieldErrs.Add("time_zone", "This is no time zone, as Europe/Berlin is")
	}
	if p.Theme != nil && !validTheme(*p.Theme) {
		fieldErrs.Add("theme", "One of light, dark, or empty")
	}
	return fieldErrs.Err()
}

func validZone(name string) bool {
	_, err := time.LoadLocation(name)
	return err == nil && name != "Local"
}

func validTheme(name string) bool { return name == "" || name == "light" || name == "dark" }

// confirmation returns the link that confirms a new email address.
func (s *Service) confirmation(ctx context.Context, u models.User, email string) (*link, error) {
	if !s.CanSendMail() {
		return nil, fault.BadField("email", "Mail is not set up here: an administrator can change your address")
	}
	if err := s.mayTry(ctx, tryLimits("address ", u.Name, ""), "Your address was changed too often."); err != nil {
		return nil, err
	}
	l := newLink(models.LinkEmail, email, emailTime)
	return &l, nil
}

func (p Profile) apply(tx *models.Tx, u *models.User, confirm *link) error {
	set(&u.FirstName, p.FirstName, identity)
	set(&u.TimeZone, p.TimeZone, identity)
	set(&u.Theme, p.Theme, identity)
	if p.Email == nil {
		return nil
	}
	if confirm != nil {
		u.EmailPending = confirm.email
		return confirm.save(tx, u.ID)
	}
	u.Email, u.EmailPending = *p.Email, ""
	if u.Email == "" {
		return endLinks(tx, u.ID)
	}
	return tx.EndUserLinks(u.ID, models.LinkEmail)
}
