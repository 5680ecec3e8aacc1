package account

import (
	"context"
	"os"
	"strings"

	"gatecrier/app/authz"
	"gatecrier/models"
)

// First creates the first administrator if no user exists. If several instances start at once,
// one of them creates it. made is false if a user existed already.
func (s *Service) First(ctx context.Context, n NewUser) (made bool, err error) {
	if has, err := s.store.HasUsers(ctx); err != nil || has {
		return false, err
	}
	n.Administrator = true
	if err := s.checkUser(n); err != nil {
		return false, err
	}
	hash, err := s.hasher.hash(ctx, n.Password)
	if err != nil {
		return false, err
	}
	err = s.store.Write(ctx, func(tx *models.Tx) error {
		made = false
		if err := tx.LockUsers(); err != nil {
			return err
		}
		if has, err := tx.HasUsers(ctx); err != nil || has {
			return err
		}
		u := newUser(n, hash)
		made = true
		return insert(tx, authz.Actor{Label: "the first start"}, &u)
	})
	return made && err == nil, err
}

// removeInitial deletes the file with the first password when its user u has replaced it.
func (s *Service) removeInitial(u models.User, used string) {
	if s.InitialFile == "" || !u.MustChangePassword {
		return
	}
	first, err := os.ReadFile(s.InitialFile)
	if err != nil || strings.TrimSpace(string(first)) != used { // another user's first sign-in
		return
	}
	if err := os.Remove(s.InitialFile); err == nil {
		s.log.Info("initial password file removed", "path", s.InitialFile)
	}
}
