package app

import (
	"context"
	"errors"
	"fmt"
	"os"

	"gatecrier/app/account"
	"gatecrier/models"
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
		user.Password = a.Accounts.RandomPassword()
		made, err := a.Accounts.First(ctx, user)
		if made {
			_, err = fmt.Fprintf(
				o.Stderr,
				"\n  First start. Sign in as %s with the password %s\n  It is shown this once.\n\n",
				user.Name,
				user.Password,
			)
		}
		return firstError(err)
	}
	return a.firstByFile(ctx, o, user)
}

// firstByFile writes the password under a lock on its file, so that of two that
// start in one directory neither spoils what the other has written there. The
// file that it leaves is always that of the administrator that was made.
func (a *App) firstByFile(ctx context.Context, o Options, user account.NewUser) (err error) {
	user.Password, user.MustChangePassword = a.Accounts.RandomPassword(), true
	f, err := models.Lock(ctx, o.Config.initialFile())
	if err != nil {
		return fmt.Errorf("write the first password: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if has, err := a.Store.HasUsers(ctx); err != nil || has { // another was faster
		return errors.Join(err, removeEmpty(f))
	}
	if err := rewrite(f, user.Password+"\n"); err != nil {
		return fmt.Errorf("write the first password: %w", err)
	}
	made, err := a.Accounts.First(ctx, user)
	if err != nil || !made {
		return errors.Join(firstError(err), os.Remove(f.Name()))
	}
	o.Log.Info(
		"first start: the administrator's password is in a file that the first sign-in removes",
		"user",
		user.Name,
		"path",
		f.Name(),
	)
	return nil
}

// rewrite replaces what a file holds: a start that was cut short may have left
// something.
func rewrite(f *os.File, content string) error {
	if err := f.Truncate(0); err != nil {
		return err
	}
	if _, err := f.WriteString(content); err != nil {
		return err
	}
	return f.Sync()
}

// removeEmpty removes a file that only the lock has made.
func removeEmpty(f *os.File) error {
	info, err := f.Stat()
	if err != nil || info.Size() > 0 {
		return err
	}
	return os.Remove(f.Name())
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
