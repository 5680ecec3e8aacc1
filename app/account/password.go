package account

import (
	"context"
	"crypto/rand"
	"strings"
	"unicode/utf8"

	"gatecrier/app/authz"
	"gatecrier/app/fault"
	"gatecrier/models"
)

// PasswordChange is a user's change of their own password. All their tokens end but those to keep.
type PasswordChange struct {
	Current, New string
	Keep         []int64  // ids of tokens
	Revoke       []string // references of credentials of products
}

// ChangePassword checks a user's current password and sets the new one. It ends all their sessions,
// the one of the request too, and their other credentials. It returns the user with the new ones.
func (s *Service) ChangePassword(ctx context.Context, actor authz.Actor, c PasswordChange) (models.User, error) {
	if err := requireUser(actor); err != nil {
		return models.User{}, err
	}
	u, err := s.store.User(ctx, actor.User.ID)
	if err != nil {
		return models.User{}, err
	}
	invalid := s.requirePassword(ctx, u, "current", c.Current)
	if c.New == c.Current && c.New != "" {
		invalid = fault.Join(invalid, fault.BadField("new", "Choose a password that differs from the current one"))
	}
	if err := fault.Join(invalid, s.checkPassword("new", c.New, u)); err != nil {
		return models.User{}, err
	}
	hash, err := s.hasher.hash(ctx, c.New)
	if err != nil {
		return models.User{}, err
	}
	changed, err := s.change(ctx, actor, u.ID, func(tx *models.Tx, u *models.User) error {
		if err := checkKept(tx.Context(), tx, u.ID, c.Keep); err != nil {
			return err
		}
		if err := s.revokeMade(tx, actor, u.ID, c.Revoke); err != nil {
			return err
		}
		return s.replacePassword(tx, actor, u, password{hash: hash, keeps: keepThese(c.Keep)})
	})
	if err == nil {
		s.removeInitial(u, c.Current)
	}
	return changed, err
}

// SetPassword resets a user's password on the command line: it ends all their credentials, tokens
// and links that undo a change too. With mustChange they choose another one at the next sign-in.
func (s *Service) SetPassword(ctx context.Context, name, text string, mustChange bool) error {
	u, err := s.store.UserByName(ctx, name)
	if err != nil {
		return err
	}
	hash, err := s.newHash(ctx, "password", text, u)
	if err != nil {
		return err
	}
	_, err = s.change(ctx, CommandLine, u.ID, func(tx *models.Tx, u *models.User) error {
		return s.reset(tx, CommandLine, u, hash, mustChange)
	})
	return err
}

// reset sets a password that the user has not chosen, and ends all their credentials.
func (s *Service) reset(tx *models.Tx, actor authz.Actor, u *models.User, hash string, mustChange bool) error {
	if err := tx.EndUserLinks(u.ID, models.LinkUndo); err != nil {
		return err
	}
	return s.replacePassword(tx, actor, u, password{hash, mustChange, keepNone})
}

// newHash checks a new password of a user and hashes it. Errors are of the given field.
func (s *Service) newHash(ctx context.Context, field, password string, u models.User) (string, error) {
	if err := s.checkPassword(field, password, u); err != nil {
		return "", err
	}
	return s.hasher.hash(ctx, password)
}

// password is a new password of a user.
type password struct {
	hash       string
	mustChange bool
	keeps      keeper // of tokens
}

// replacePassword sets the password of a user, and ends their other credentials.
func (s *Service) replacePassword(tx *models.Tx, actor authz.Actor, u *models.User, p password) error {
	had := u.PasswordHash != ""
	u.PasswordHash, u.MustChangePassword = p.hash, p.mustChange
	if err := s.renew(tx, actor, u, p.keeps); err != nil || !had || p.hash == "" {
		return err // an invited user chooses the first one
	}
	return s.Notify(tx, *u, passwordNotice(actor.User.ID != u.ID))
}

// RandomPassword returns a password of 26 letters and digits (130 bits), or a longer one if the
// settings require it.
func (s *Service) RandomPassword() string {
	text := strings.ToLower(rand.Text())
	for utf8.RuneCountInString(text) < s.Users().PasswordMinLength {
		text += strings.ToLower(rand.Text())
	}
	return text
}

// checkPassword checks every new password. Its error is of the given field.
func (s *Service) checkPassword(field, password string, u models.User) error {
	if reason := WrongPassword(password, s.Users().PasswordMinLength, u.Name, u.Email); reason != "" {
		return fault.BadField(field, reason)
	}
	return nil
}
