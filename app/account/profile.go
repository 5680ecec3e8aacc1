package account

import (
	"context"
	_ "embed"
	"strings"
	"time"

	"gatecrier/app/authz"
	"gatecrier/app/fault"
	"gatecrier/app/visible"
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
	Password                          string // the current one, for another email address
}

// Edited is a user's own account after a change.
type Edited struct {
	User    models.User
	Pending bool // a link was sent to the new address
	Ended   bool // all sessions have ended, the one of the request too
}

// EditProfile changes the actor's own account. It sends a link to a new email address, which
// replaces the old one when the user opens the link. Another address, or none, needs the password.
func (s *Service) EditProfile(ctx context.Context, actor authz.Actor, p Profile) (Edited, error) {
	me, err := s.store.User(ctx, actor.User.ID)
	if err != nil {
		return Edited{}, err
	}
	invalid := p.check(&me)
	moves := p.Email != nil && *p.Email != me.Email
	if moves {
		invalid = fault.Join(invalid, s.checkMove(ctx, me, *p.Email, p.Password))
	}
	if invalid != nil {
		return Edited{}, invalid
	}
	var confirm *link
	if moves {
		if confirm, err = s.confirmation(ctx, me, *p.Email); err != nil {
			return Edited{}, err
		}
	}
	was := me
	me, err = s.change(ctx, actor, me.ID, func(tx *models.Tx, u *models.User) error {
		was = *u
		return s.applyProfile(tx, actor, u, p, confirm)
	})
	if err != nil {
		return Edited{}, err
	}
	return Edited{me, confirm != nil, me.CredentialsFrom != was.CredentialsFrom}, nil
}

// check trims the fields in place, and returns their errors.
func (p Profile) check(u *models.User) error {
	next := NewUser{Name: u.Name}
	for _, f := range []struct {
		typed, to *string
		tidy      func(string) string
	}{
		{p.FirstName, &next.FirstName, visible.Name},
		{p.Email, &next.Email, strings.TrimSpace},
		{p.TimeZone, new(string), strings.TrimSpace},
	} {
		if f.typed != nil {
			*f.typed = f.tidy(*f.typed)
			*f.to = *f.typed
		}
	}
	var fieldErrs fault.Fields
	fieldErrs = append(fieldErrs, fault.FieldsOf(checkProfile(next))...)
	if p.TimeZone != nil && !validZone(*p.TimeZone) {
		fieldErrs.Add("time_zone", "Enter a time zone, such as Europe/Berlin")
	}
	if p.Theme != nil && !validTheme(*p.Theme) {
		fieldErrs.Add("theme", "Choose light, dark, or leave empty")
	}
	return fieldErrs.Err()
}

func validZone(name string) bool {
	_, err := time.LoadLocation(name)
	return err == nil && name != "Local"
}

func validTheme(name string) bool { return name == "" || name == "light" || name == "dark" }

// mustConfirm reports whether a link confirms another email address: not if the address is removed,
// or only its case changes.
func mustConfirm(u models.User, email string) bool {
	return email != "" && !strings.EqualFold(email, u.Email)
}

// checkMove returns the errors of another email address: it needs the password, and a link by email.
func (s *Service) checkMove(ctx context.Context, u models.User, email, password string) error {
	var unsent error
	if mustConfirm(u, email) && !s.CanSendMail() {
		unsent = fault.BadField("email",
			"Email is not configured on this server. Ask an administrator to change your address")
	}
	return fault.Join(unsent, s.requirePassword(ctx, u, "password", password))
}

// confirmation returns the link that confirms another email address, nil if none is needed.
func (s *Service) confirmation(ctx context.Context, u models.User, email string) (*link, error) {
	if !mustConfirm(u, email) {
		return nil, nil
	}
	who := trouble{what: triedAddress, name: u.Name, network: clientNetwork(ctx)}
	tries := []models.SignInTry{passwordTry(ctx, "address", u)}
	if _, err := s.mayTry(ctx, who, tries, "Too many changes of your address."); err != nil {
		return nil, err
	}
	l := newLink(models.LinkEmail, email, emailTime)
	return &l, nil
}

// applyProfile changes u, and stores the emails about it.
func (s *Service) applyProfile(
	tx *models.Tx, actor authz.Actor, u *models.User, p Profile, confirm *link,
) error {
	set(&u.FirstName, p.FirstName, identity)
	set(&u.TimeZone, p.TimeZone, identity)
	set(&u.Theme, p.Theme, identity)
	switch {
	case p.Email == nil:
		return nil
	case confirm != nil:
		u.EmailPending = confirm.email
		if err := confirm.save(tx, *u); err != nil {
			return err
		}
		mails := []accountMail{s.confirmMail(*u, *confirm)}
		if u.Email != "" {
			mails = append(mails, s.askedMail(*u))
		}
		return s.queue(tx, mails...)
	case *p.Email == "" && u.Email != "":
		newest, err := tx.NewestToken(tx.Context(), u.ID)
		if err != nil {
			return err
		}
		return s.moveEmail(tx, actor, u, move{"", newest, keepAll})
	}
	u.Email, u.EmailPending = *p.Email, ""
	return tx.EndUserLinks(u.ID, models.LinkEmail)
}
