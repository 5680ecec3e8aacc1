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

// ChangePassword checks a user's current password, sets the new one, and ends all their
// sessions.
func (s *Service) ChangePassword(ctx context.Context, userID int64, current, password string) error {
	u, err := s.store.User(ctx, userID)
	if err != nil {
		return err
	}
	limits := tryLimits("password ", u.Name, "")
	if err := s.mayTry(ctx, limits, "Your password was tried too often."); err != nil {
		return err
	}
	ok, err := s.hasher.matches(ctx, current, u.PasswordHash)
	if err != nil {
		return err
	}
	if !ok {
		return fault.BadField("current", "This is not your current password")
	}
	if err := s.store.Write(ctx, func(tx *models.Tx) error { return tx.SignInWorked(limits...) }); err != nil {
		return err
	}
	if password == current {
		return fault.BadField("new", "Choose another one than the current")
	}
	return s.setPassword(ctx, authz.UserActor(u), u, "new", password)
}

// SetPassword sets a user's password without the current one, for the command line.
func (s *Service) SetPassword(ctx context.Context, name, password string) error {
	u, err := s.store.UserByName(ctx, name)
	if err != nil {
		return err
	}
	return s.setPassword(ctx, commandLine, u, "password", password)
}

func (s *Service) setPassword(ctx context.Context, actor authz.Actor, u models.User, field, password string) error {
	hash, err := s.newHash(ctx, field, password, u)
	if err != nil {
		return err
	}
	_, err = s.change(ctx, actor, u.ID, func(tx *models.Tx, u *models.User) error {
		return replacePassword(tx, u, hash, false)
	})
	return err
}

// newHash checks a new password of a user and hashes it. Errors are of the given field.
func (s *Service) newHash(ctx context.Context, field, password string, u models.User) (string, error) {
	if err := s.checkPassword(field, password, u); err != nil {
		return "", err
	}
	return s.hasher.hash(ctx, password)
}

// replacePassword sets the password of a user. It ends their sessions and the links for a new
// password.
func replacePassword(tx *models.Tx, u *models.User, hash string, mustChange bool) error {
	u.PasswordHash, u.MustChangePassword = hash, mustChange
	if err := tx.EndUserLinks(u.ID, models.LinkPassword); err != nil {
		return err
	}
	return tx.DeleteUserSessions(u.ID)
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
