package cli

import (
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"gatecrier/app"
	"gatecrier/app/authz"
	"gatecrier/app/delivery"
	"gatecrier/app/number"
	"gatecrier/models"
)

type heldCmd struct {
	Show   heldShowCmd   `cmd:"" default:"1" help:"Show the messages that are held after a restore."`
	Send   heldSendCmd   `cmd:"" help:"Send all of them."`
	Cancel heldCancelCmd `cmd:"" help:"Cancel all of them."`
}

// operator is the actor of commands that run beside the server.
var operator = authz.Actor{User: models.User{Administrator: true}, Label: "the command line"}

// withHeld opens the database, also beside a running server.
func (in *invocation) withHeld(fn func(*delivery.Held) error) error {
	config, err := app.ReadConfig()
	if err != nil {
		return err
	}
	if err := config.FindDatabase(); err != nil {
		return err
	}
	return in.withStore(config, func(store *models.Store) error { return fn(delivery.NewHeld(store, nil)) })
}

type heldShowCmd struct{}

// Run shows what is held.
func (heldShowCmd) Run(in *invocation) error {
	return in.withHeld(func(held *delivery.Held) error {
		s, err := held.Status(in.ctx, operator)
		if err != nil {
			return err
		}
		_, err = fmt.Fprint(in.stdout, heldText(s))
		return err
	})
}

// heldText describes what is held, and by which targets.
func heldText(s delivery.HeldStatus) string {
	switch {
	case !s.Restored:
		return "No backup was restored into this database.\n"
	case s.Count+s.GateChanges == 0:
		return "Nothing is held.\n"
	}
	var b strings.Builder
	if s.Count > 0 {
		fmt.Fprintf(&b, "%s held, the oldest since %s:\n", number.Of(s.Count, "message is", "messages are"),
			s.Oldest.Format(time.RFC3339))
	}
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, t := range s.Targets {
		//nolint:errcheck // a Builder returns no errors
		fmt.Fprintf(w, "  %d\t%s\t%s\t%s\n", t.Count, plain(t.Module), short(t.Connection, maxCell), short(t.Owner, maxCell))
	}
	w.Flush() //nolint:errcheck,gosec // a Builder returns no errors
	if s.GateChanges > 0 {
		fmt.Fprintf(&b, "%s in the backup; the decision also covers its messages.\n",
			number.Of(s.GateChanges, "gate change on hold was", "gate changes on hold were"))
	}
	b.WriteString("Send them with gatecrier held send, or cancel them with gatecrier held cancel --reason TEXT.\n")
	return b.String()
}

type heldSendCmd struct{}

// Run sends what is held.
func (heldSendCmd) Run(in *invocation) error {
	return in.decideHeld(models.RestoreSend, "",
		"A running server sends the held messages now; without one, they are sent at its next start.")
}

type heldCancelCmd struct {
	Reason string `required:"" help:"Why they are not sent; the delivery log shows it."`
}

// Run cancels what is held.
func (c heldCancelCmd) Run(in *invocation) error {
	return in.decideHeld(models.RestoreCancel, c.Reason, "The held messages are canceled.")
}

func (in *invocation) decideHeld(d models.RestoreDecision, reason, done string) error {
	return in.withHeld(func(held *delivery.Held) error {
		if err := held.Decide(in.ctx, operator, d, reason); err != nil {
			return err
		}
		if err := held.Apply(in.ctx); err != nil {
			return err
		}
		_, err := fmt.Fprintln(in.stdout, done)
		return err
	})
}
