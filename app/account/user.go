package account

import (
	"context"
	"net/mail"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"gatecrier/app/audit"
	"gatecrier/app/authz"
	"gatecrier/app/fault"
	"gatecrier/app/visible"
	"gatecrier/models"
)

// NewUser describes a new account.
type NewUser struct {
	Name, Email, FirstName, Password string
	Administrator                    bool
	MustChangePassword               bool
}

// Create creates an account for the command line.
func (s *Service) Create(ctx context.Context, n NewUser) (models.User, error) {
	return s.create(ctx, CommandLine, n)
}

func (s *Service) create(ctx context.Context, actor authz.Actor, n NewUser) (models.User, error) {
	n.trim()
	if err := s.checkUser(n); err != nil {
		return models.User{}, err
	}
	hash, err := s.hasher.hash(ctx, n.Password)
	if err != nil {
		return models.User{}, err
	}
	var u models.User
	err = s.store.Write(ctx, func(tx *models.Tx) error {
		u = newUser(n, hash)
		return insert(tx, actor, &u)
	})
	return u, err
}

// insert saves a new account and writes it to the audit log.
func insert(tx *models.Tx, actor authz.Actor, u *models.User) error {
	if err := tx.LockUsers(); err != nil { // one of two with the same name fails
		return err
	}
	if err := tx.CreateUser(u); err != nil {
		return err
	}
	return audit.Write(tx, actor, audit.Entry{
		Action: audit.Create,
		Kind:   audit.User,
		Name:   u.Name,
		Became: audited(*u),
	})
}

func newUser(n NewUser, hash string) models.User {
	return models.User{
		Name:               n.Name,
		Email:              n.Email,
		FirstName:          n.FirstName,
		PasswordHash:       hash,
		Administrator:      n.Administrator,
		MustChangePassword: n.MustChangePassword,
		Active:             true,
	}
}

func (s *Service) checkUser(n NewUser) error {
	if err := checkProfile(n); err != nil {
		return err
	}
	return s.checkPassword("password", n.Password, models.User{Name: n.Name, Email: n.Email})
}

// trim removes the space around the fields.
func (n *NewUser) trim() {
	n.Name = visible.Name(n.Name)
	n.Email = strings.TrimSpace(n.Email)
	n.FirstName = visible.Name(n.FirstName)
}

// checkProfile checks all fields except the password.
func checkProfile(n NewUser) error {
	var fieldErrs fault.Fields
	if !ValidName(n.Name) {
		fieldErrs.Add("name", nameReason(n.Name, "Enter 1 to 150 characters, no control characters"))
	}
	if n.FirstName != "" && !ValidName(n.FirstName) {
		fieldErrs.Add("first_name", nameReason(n.FirstName, "Enter at most 150 characters, no control characters"))
	}
	if n.Email != "" && !ValidEmail(n.Email) {
		fieldErrs.Add("email", "Enter a valid email address")
	}
	return fieldErrs.Err()
}

// ValidEmail reports whether a text is a mail address alone, without a name, of at most 254 bytes.
func ValidEmail(address string) bool {
	a, err := mail.ParseAddress(address)
	return err == nil && a.Address == address && len(address) <= 254
}

// nameReason returns why a name is not valid: by its hidden character, else the rule.
func nameReason(name, rule string) string {
	if n := utf8.RuneCountInString(name); n < 1 || n > 150 {
		return rule
	}
	return visible.Problem(name)
}

// ValidName reports whether a text has 1 to 150 characters, none of them a control character or
// hidden.
func ValidName(name string) bool {
	n := utf8.RuneCountInString(name)
	return n >= 1 && n <= 150 && visible.Problem(name) == ""
}

// MakeAdministrator makes a user an administrator, for the command line.
func (s *Service) MakeAdministrator(ctx context.Context, name string) error {
	u, err := s.store.UserByName(ctx, name)
	if err != nil {
		return err
	}
	_, err = s.change(ctx, CommandLine, u.ID, func(_ *models.Tx, u *models.User) error {
		u.Administrator = true
		return nil
	})
	return err
}

// change changes an account by fn under the lock of all accounts, and writes the change to the
// audit log.
func (s *Service) change(
	ctx context.Context, actor authz.Actor, id int64, fn func(tx *models.Tx, u *models.User) error,
) (models.User, error) {
	var u models.User
	err := s.store.Write(ctx, func(tx *models.Tx) error {
		if err := tx.LockUsers(); err != nil {
			return err
		}
		was, err := tx.LockUser(id)
		if err != nil {
			return err
		}
		if actor.User.ID == id {
			if err := actor.RequireSame(was); err != nil {
				return err
			}
		}
		u = was
		if err := fn(tx, &u); err != nil {
			return err
		}
		if err := tx.SaveUser(&u); err != nil {
			return err
		}
		e := audit.Entry{
			Action: audit.Change,
			Kind:   audit.User,
			Name:   u.Name,
			Was:    audited(was),
			Became: audited(u),
		}
		if was.PasswordHash != u.PasswordHash {
			e.Was["password"], e.Became["password"] = audit.Masked, audit.Masked
		}
		return audit.Write(tx, actor, e)
	})
	if err == nil {
		s.wakeMail()
	}
	return u, err
}

// audited returns the fields of an account for the audit log.
func audited(u models.User) audit.Values {
	return audit.Values{
		"email":         u.Email,
		"first_name":    u.FirstName,
		"email_pending": u.EmailPending,
		"time_zone":     u.TimeZone,
		"administrator": strconv.FormatBool(u.Administrator),
		"active":        strconv.FormatBool(u.Active),
		// Sessions, links, feeds and tokens from before have ended.
		"credentials_from": auditedTime(u.CredentialsFrom),
	}
}

// auditedTime returns a time in microseconds for the audit log, "" for 0.
func auditedTime(micro int64) string {
	if micro == 0 {
		return ""
	}
	return time.UnixMicro(micro).UTC().Format(time.RFC3339Nano)
}

// Actor returns the actor of a session's user. It reads the user on each request, so that a
// change of their rights is effective at once. from is since when the session's credentials are
// valid; the user of a session that has ended is not found.
func (s *Service) Actor(ctx context.Context, userID, from int64) (authz.Actor, error) {
	u, err := s.store.User(ctx, userID)
	if err == nil && (!u.Active || u.CredentialsFrom != from) {
		err = fault.NewNotFound("user")
	}
	return authz.UserActor(u), err
}
