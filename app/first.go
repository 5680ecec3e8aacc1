package app

import (
	"context"
	"errors"
	"fmt"
	"os"

	"gatecrier/app/account"
	"gatecrier/models"
)

// firstAdministrator creates the first user. A random password is shown on a terminal, or
// written to a file before the user is created, so that a crash in between locks no one out.
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
		created, err := a.Accounts.First(ctx, user)
		if created {
			const text = "\n  Created the administrator. Sign in as %s with the password %s\n  It is shown only once.\n\n"
			_, err = fmt.Fprintf(o.Stderr, text, user.Name, user.Password)
		}
		return firstError(err)
	}
	return a.firstByFile(ctx, o, user)
}

// firstByFile writes the password to a file under a lock of that file, so that two programs that
// start in one directory do not overwrite each other's password. The file that stays has the
// password of the administrator that was created.
func (a *App) firstByFile(ctx context.Context, o Options, user account.NewUser) (err error) {
	user.Password, user.MustChangePassword = a.Accounts.RandomPassword(), true
	f, err := models.Lock(ctx, o.Config.initialFile())
	if err != nil {
		return fmt.Errorf("write the first password: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if has, err := a.Store.HasUsers(ctx); err != nil || has { // another program has created one
		return errors.Join(err, removeEmpty(f))
	}
	if err := rewrite(f, user.Password+"\n"); err != nil {
		return fmt.Errorf("write the first password: %w", err)
	}
	created, err := a.Accounts.First(ctx, user)
	if err != nil || !created {
		return errors.Join(firstError(err), os.Remove(f.Name()))
	}
	const message = "first start: the administrator's password is in a file, until it is changed at the first sign-in"
	o.Log.Info(message, "user", user.Name, "path", f.Name())
	return nil
}

// rewrite replaces the content of a file. An interrupted start can have left some.
func rewrite(f *os.File, content string) error {
	if err := f.Truncate(0); err != nil {
		return err
	}
	if _, err := f.WriteString(content); err != nil {
		return err
	}
	return f.Sync()
}

// removeEmpty removes a file that the lock has created.
func removeEmpty(f *os.File) error {
	info, err := f.Stat()
	if err != nil || info.Size() > 0 {
		return err
	}
	return os.Remove(f.Name())
}

// firstError adds the operation to an error, nil for nil.
func firstError(err error) error {
	if err != nil {
		return fmt.Errorf("make the first administrator: %w", err)
	}
	return nil
}

// firstHint returns a text about the file with the first password, "" if it does not exist.
func (a *App) firstHint() string {
	if _, err := os.Stat(a.config.initialFile()); err != nil {
		return ""
	}
	return "The first administrator's password is in the file initial-password of the data directory."
}
