package cli

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"gatecrier/app/account"
)

type userCmd struct {
	Add      userAddCmd      `cmd:"" help:"Add a user."`
	Password userPasswordCmd `cmd:"" help:"Reset a user's password, and end their sessions, links, feed and tokens."`
	Admin    userAdminCmd    `cmd:"" help:"Make a user an administrator."`
}

// password has the flags of a command that takes a password.
type password struct {
	Password     string `help:"The password; others can see it in the list of processes." xor:"password"`
	PasswordFile string `help:"A file that holds it." type:"existingfile" xor:"password"`
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
	Email string `required:"" help:"The mail address."`
	Admin bool   `help:"Make an administrator."`
	password
}

// Run adds a user. Without a password it creates one and prints it; the user must change it at the
// first sign-in.
func (c userAddCmd) Run(in *invocation) error {
	text, err := c.read()
	if err != nil {
		return err
	}
	return in.withAccounts(func(accounts *account.Service) error {
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
		if err == nil && generated {
			_, err = fmt.Fprintln(in.stdout, text)
		}
		return err
	})
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
	return in.withAccounts(func(accounts *account.Service) error {
		generated := text == ""
		if generated {
			text = accounts.RandomPassword()
		}
		err := accounts.SetPassword(in.ctx, c.Name, text, generated)
		if err == nil && generated {
			_, err = fmt.Fprintln(in.stdout, text)
		}
		return err
	})
}

type userAdminCmd struct {
	Name string `arg:"" help:"The user."`
}

// Run makes a user an administrator.
func (c userAdminCmd) Run(in *invocation) error {
	return in.withAccounts(func(accounts *account.Service) error {
		return accounts.MakeAdministrator(in.ctx, c.Name)
	})
}

type tokenCmd struct {
	Create tokenCreateCmd `cmd:"" help:"Make an API token of a user, and print it alone."`
}

type tokenCreateCmd struct {
	User string `required:"" help:"Whose token."`
	Name string `required:"" help:"What it is for."`
}

// Run creates a token and prints it.
func (c tokenCreateCmd) Run(in *invocation) error {
	return in.withAccounts(func(accounts *account.Service) error {
		text, err := accounts.CreateToken(in.ctx, c.User, c.Name)
		if err == nil {
			_, err = fmt.Fprintln(in.stdout, text)
		}
		return err
	})
}
