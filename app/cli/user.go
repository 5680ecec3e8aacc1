package cli

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"gatecrier/app/account"
	"gatecrier/models"
)

type userCmd struct {
	Add      userAddCmd      `cmd:"" help:"Add a user."`
	Password userPasswordCmd `cmd:"" help:"Reset a user's password, sign them out everywhere, and revoke their links, feed and tokens."`
	Admin    userAdminCmd    `cmd:"" help:"Make a user an administrator."`
}

// password has the flags of a command that takes a password.
type password struct {
	Password     string `help:"The password. It is visible in the process list; prefer --password-file." xor:"password"`
	PasswordFile string `help:"A file with the password." type:"existingfile" xor:"password"`
}

// read returns the password of the flags, "" if there is none.
func (p password) read() (string, error) {
	switch {
	case p.Password != "":
		return p.Password, nil
	case p.PasswordFile != "":
		content, err := os.ReadFile(p.PasswordFile)
		if err == nil && strings.TrimSpace(string(content)) == "" {
			err = errors.New("the password file is empty")
		}
		return strings.TrimRight(string(content), "\r\n"), err
	}
	return "", nil
}

type userAddCmd struct {
	Name  string `arg:"" help:"The name to sign in with."`
	Email string `required:"" help:"The email address."`
	Admin bool   `help:"Make the user an administrator."`
	password
}

// Run adds a user. Without a password it creates one and prints it; the user must change it at the
// first sign-in.
func (c userAddCmd) Run(in *invocation) error {
	text, err := c.read()
	if err != nil {
		return err
	}
	return in.withAccounts(func(accounts *account.Service, _ *models.Store) error {
		generated := text == ""
		if generated {
			text = accounts.RandomPassword()
		}
		_, err := accounts.Create(in.ctx, account.NewUser{
			Name:               c.Name,
			Email:              c.Email,
			Password:           text,
			Administrator:      c.Admin,
			MustChangePassword: generated,
		})
		return in.showPassword(err, generated, text, "Added the user "+c.Name+".")
	})
}

// showPassword prints a generated password and nothing else, for scripts, and otherwise what was done.
func (in *invocation) showPassword(err error, generated bool, password, done string) error {
	if err != nil {
		return err
	}
	if generated {
		done = password
	}
	_, err = fmt.Fprintln(in.stdout, plain(done))
	return err
}

type userPasswordCmd struct {
	Name string `arg:"" help:"The user."`
	password
}

// Run resets a password. Without one it creates a password and prints it; the user must change it
// at the next sign-in.
func (c userPasswordCmd) Run(in *invocation) error {
	text, err := c.read()
	if err != nil {
		return err
	}
	return in.withAccounts(func(accounts *account.Service, _ *models.Store) error {
		generated := text == ""
		if generated {
			text = accounts.RandomPassword()
		}
		err := accounts.SetPassword(in.ctx, c.Name, text, generated)
		return in.showPassword(err, generated, text, "Reset the password of "+c.Name+
			": all sessions have ended, and the user's links, feed and tokens are revoked.")
	})
}

type userAdminCmd struct {
	Name string `arg:"" help:"The user."`
}

// Run makes a user an administrator.
func (c userAdminCmd) Run(in *invocation) error {
	return in.withAccounts(func(accounts *account.Service, _ *models.Store) error {
		if err := accounts.MakeAdministrator(in.ctx, c.Name); err != nil {
			return err
		}
		_, err := fmt.Fprintln(in.stdout, plain(c.Name)+" is an administrator.")
		return err
	})
}
