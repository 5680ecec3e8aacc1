package cli

import (
	"fmt"

	"gatecrier/app"
	"gatecrier/app/backup"
	"gatecrier/app/number"
)

type keyCmd struct {
	Rotate  keyRotateCmd  `cmd:"" help:"Create a new key and re-encrypt all secrets with it, while no server runs."`
	Discard keyDiscardCmd `cmd:"" help:"If the key is lost: remove all that it has encrypted, while no server runs."`
}

type keyRotateCmd struct{}

// Help says what happens when it is interrupted, and how to change a key of the environment.
func (keyRotateCmd) Help() string {
	return "Stop the server first; with PostgreSQL, stop all instances. An interrupted rotation is finished by the next " +
		"one: until then the key file has both keys.\nFor a key in the environment, set " +
		"GATECRIER_SECRET_KEY=NEW,OLD, run this, and then remove the old key from the variable."
}

// Run rotates the key.
func (keyRotateCmd) Run(in *invocation) error {
	o, err := in.appOptions()
	if err != nil {
		return err
	}
	r, err := app.RotateKey(in.ctx, o)
	if err != nil {
		return err
	}
	next := "The new key is in " + r.Path + ": copy it to where you keep the old one, which opens only older backups."
	if r.Path == "" {
		next = "Remove the old key from GATECRIER_SECRET_KEY. It opens only older backups."
	}
	secrets := number.Of(r.Sealed, "secret", "secrets")
	_, err = fmt.Fprintf(in.stdout, "Encrypted %s with the new key. %s\n", secrets, plain(next))
	return err
}

type keyDiscardCmd struct {
	Yes bool `help:"Remove it. Without this flag, the command only shows what would be lost."`
}

// Help says what is lost.
func (keyDiscardCmd) Help() string {
	return "Stop the server first; with PostgreSQL, stop all instances. Without its key, an installation cannot read " +
		"the connections of targets, the secrets of the settings and emails that wait. This command removes " +
		"them, and with the connections their delivery log. " +
		"The next start creates a new key, or takes the one that you put in place."
}

// Run shows what is lost without the key, and removes it.
func (c keyDiscardCmd) Run(in *invocation) error {
	o, err := in.appOptions()
	if err != nil {
		return err
	}
	lost, err := app.DiscardKey(in.ctx, o, c.Yes)
	if err != nil {
		return err
	}
	text := "Removed: " + backup.LostText(lost) + ".\nStart the server, and enter the targets and the secrets again."
	if !c.Yes {
		text = "Without the key, this is lost: " + backup.LostText(lost) +
			".\nNothing was changed. To remove it: gatecrier key discard --yes"
	}
	_, err = fmt.Fprintln(in.stdout, text)
	return err
}
