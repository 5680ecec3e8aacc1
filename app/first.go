package app

import (
	"context"
	"errors"
	"fmt"
	"os"

	"gatecrier/app/account"
)

// firstAdministrator makes the first user. A password that nobody chose is
// shown on a terminal, else written to a file before the user exists, so that
// a crash between the two locks nobody out.
func (a *App) firstAdministrator(ctx context.Context, o Options) error {
	if has, err := a.Store.HasUsers(ctx); err != nil || has {
		return err
	}
	password, err := o.Config.adminPassword()
	if err != nil {
		return firstError(err)
	}
	user := account.NewUser{Name: o.Config.AdminUser, Email: o.Config.AdminEmail, Password: password}
	switch {
	case password != "":
		_, err := a.Accounts.First(ctx, user)
		return firstError(err)
	case o.Terminal:
		user.Password = account.RandomPassword()
		made, err := a.Accounts.First(ctx, user)
		if made {
			_, err = fmt.Fprintf(o.Stderr, "\n  First start. Sign in as %s with the password %s\n  It is shown this once.\n\n", user.Name, user.Password)
		}
		return firstError(err)
	}
	return a.firstByFile(ctx, o, user)
}

func (a *App) firstByFile(ctx context.Context, o Options, user account.NewUser) error {
	user.Password, user.MustChangePassword = account.RandomPassword(), true
	path := o.Config.initialFile()
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("write the first password: %w", err)
	}
	_, err = f.WriteString(user.Password + "\n")
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("write the first password: %w", err)
	}
	made, err := a.Accounts.First(ctx, user)
	if err != nil || !made {
		return errors.Join(firstError(err), os.Remove(path))
	}
	o.Log.Info("first start: the administrator's password is in a file that the first sign-in removes", "user", user.Name, "path", path)
	return nil
}

func firstError(err error) error {
	if err != nil {
		return fmt.Errorf("make the first administrator: %w", err)
	}
	return nil
}

// firstHint says where the first password is, while it is there.
func (a *App) firstHint() string {
	if _, err := os.Stat(a.config.initialFile()); err != nil {
		return ""
	}
	return "The first administrator's password is in the file initial-password of the data directory."
}
