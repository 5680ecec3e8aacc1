// Package demo runs the program with sample products, three months of history, a receiver for all
// messages, and a guided page. Nothing leaves the machine.
package demo

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"log/slog"
	"os"
	"sync"
	"syscall"
	"time"

	"gatecrier/admin"
	"gatecrier/app"
	"gatecrier/app/authz"
	"gatecrier/app/demo/receiver"
	"gatecrier/app/event"
	"gatecrier/app/fault"
	"gatecrier/app/ingest"
	"gatecrier/models"
	"gatecrier/templates/layout"
)

const (
	user = "demo"

	// firstAfter is the time after the start until a first report arrives.
	firstAfter = 2 * time.Second
	outageTime = time.Minute
	stopTime   = 15 * time.Second
)

// Options configure a demo.
type Options struct {
	Dir    string // created if it does not exist
	Listen string // on loopback; port 0 picks one
	Log    *slog.Logger
	Stdout io.Writer // where the address is printed
}

// Demo is a running demo.
type Demo struct {
	*app.App
	URL string // signs the visitor in

	options  Options
	state    state
	clock    *clock
	receiver *receiver.Receiver
	key      string       // of URL
	hashSeed maphash.Seed // of the hash of the page's state

	mu            sync.Mutex
	lastStep      string // the text about it
	lastException int64  // the exception of the last step, 0 for none
}

// Start starts a demo. In a new directory it creates the sample products and their history.
func Start(ctx context.Context, o Options) (*Demo, error) {
	if err := onLoopback(o.Listen); err != nil {
		return nil, err
	}
	s, isNew, err := openState(o.Dir)
	if err != nil {
		return nil, err
	}
	d := &Demo{options: o, state: s, clock: newClock(), key: rand.Text(), hashSeed: maphash.MakeSeed()}
	if isNew {
		d.clock.set(time.Now().Add(-longAgo))
	}
	d.receiver = receiver.New(d.clock.Now)
	if err := d.receiver.Listen(ctx, s.MailPort, s.HTTPPort); err != nil {
		const text = "open the demo's receiver: %w (is another demo running? --data-dir gives this one its own directory)"
		return nil, fmt.Errorf(text, err)
	}
	for path, secret := range s.Secrets {
		d.receiver.SetSecret(path, secret)
	}
	if err := d.run(ctx, isNew); err != nil {
		err = errors.Join(err, d.receiver.Close())
		if isNew { // a half-filled directory would block the next demo
			err = errors.Join(err, os.RemoveAll(o.Dir))
		}
		return nil, err
	}
	return d, nil
}

// run starts the program, and fills a new directory.
func (d *Demo) run(ctx context.Context, isNew bool) error {
	config := app.Config{
		Listen:        d.options.Listen,
		DataDir:       d.options.Dir,
		LogLevel:      "info",
		AdminUser:     user,
		AdminPassword: cmp.Or(d.state.Password, rand.Text()),
		AdminEmail:    user + "@demo.example",
		AllowNetworks: "127.0.0.1:" + d.receiver.MailPort() + ",127.0.0.1:" + d.receiver.HTTPPort(),
	}
	a, err := app.New(ctx, app.Options{
		Config: config,
		Log:    d.options.Log,
		Now:    d.clock.Now,
		Passed: d.clock.Passed,
		Stderr: io.Discard,
		Banner: banner(),
		Extra:  func(*app.App) []admin.Route { return d.routes() },
	})
	if errors.Is(err, syscall.EADDRINUSE) {
		const text = "something listens on %s already: --listen 127.0.0.1:0 takes any free port (%w)"
		return fmt.Errorf(text, d.options.Listen, err)
	}
	if err != nil {
		return err
	}
	d.App = a
	if err := a.Start(ctx); err != nil {
		return errors.Join(err, a.Close())
	}
	d.URL = a.BaseURL() + "/demo/enter?key=" + d.key
	if err := d.prepare(ctx, isNew); err != nil {
		stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
		defer cancel()
		return errors.Join(err, a.Stop(stop))
	}
	return nil
}

// prepare fills a new demo, then lets the clock run.
func (d *Demo) prepare(ctx context.Context, isNew bool) error {
	if isNew {
		if err := d.seed(ctx); err != nil {
			return fmt.Errorf("fill the demo: %w", err)
		}
		d.receiver.Clear() // the delivery log has the messages of the past
		d.state.MailPort, d.state.HTTPPort = d.receiver.MailPort(), d.receiver.HTTPPort()
		if err := d.state.save(d.options.Dir); err != nil {
			return err
		}
	}
	d.clock.run()
	return nil
}

// banner returns the banner of every page.
func banner() layout.Banner {
	return layout.Banner{
		Text:   "Demo: sample data; nothing leaves this machine.",
		Href:   "/demo",
		Label:  "Guided tour",
		SignIn: "In the demo you sign in without a password: open the address that the terminal printed at the start.",
	}
}

// Run runs a demo until ctx ends.
func Run(ctx context.Context, o Options) error {
	d, err := Start(ctx, o)
	if err != nil {
		return err
	}
	const text = "\nThe demo is at\n\n  %s\n\n%s" +
		"The first notification arrives in a few seconds. Press Ctrl-C to stop. The data is kept in %s.\n\n"
	if _, err := fmt.Fprintf(o.Stdout, text, d.URL, d.passwordText(), o.Dir); err != nil {
		return errors.Join(err, d.Stop(context.WithoutCancel(ctx)))
	}
	first := time.NewTimer(firstAfter)
	defer first.Stop()
	select {
	case <-first.C:
		err = d.First(ctx)
	case <-ctx.Done():
	}
	if err == nil {
		select {
		case <-ctx.Done():
		case err = <-d.Failed():
		}
	}
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
	defer cancel()
	return errors.Join(err, d.Stop(stop))
}

// passwordText says the password that some pages ask for, "" if it is not known.
func (d *Demo) passwordText() string {
	if d.state.Password == "" {
		return ""
	}
	return fmt.Sprintf("Some changes need the current password: %s\n\n", d.state.Password)
}

// Stop stops the program and its receiver.
func (d *Demo) Stop(ctx context.Context) error {
	return errors.Join(d.App.Stop(ctx), d.receiver.Close())
}

// First sends a report that changes a gate, as a pipeline would.
func (d *Demo) First(ctx context.Context) error {
	return d.flip(ctx, "A pipeline sent a report automatically.")
}

// flip sends a report of the guided product that changes its gate. did says what caused it.
func (d *Demo) flip(ctx context.Context, did string) error {
	row, err := d.guided(ctx)
	if err != nil {
		return err
	}
	findings := sampleProducts[0].worse
	if row.Default.Gate == models.GateFailed {
		findings = sampleProducts[0].fixed
	}
	return d.step(ctx, row.ID, findings, did)
}

// step sends a report of the guided product, and keeps the text about it for the page.
func (d *Demo) step(ctx context.Context, productID int64, findings int, did string) error {
	r, err := d.send(ctx, sampleProducts[0], productID, findings)
	if err != nil {
		return err
	}
	silenced, err := d.silenced(ctx, productID)
	if err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lastStep, d.lastException = did+" "+outcome(r, silenced), 0
	return nil
}

// silenced reports whether a silence of the product is active.
func (d *Demo) silenced(ctx context.Context, productID int64) (bool, error) {
	actor, err := d.actor(ctx)
	if err != nil {
		return false, err
	}
	notes, err := d.Silences.NotesFor(ctx, actor, productID)
	return len(notes) > 0, err
}

// outcome returns a text about the effect of a report on the gate.
func outcome(r ingest.Result, silenced bool) string {
	if r.Gate.Before != r.Gate.After {
		before, after := event.StateWord(r.Gate.Before), event.StateWord(r.Gate.After)
		messages := "one message to each target"
		if silenced {
			messages = "a silence is active, so messages that it matches are not sent"
		}
		return fmt.Sprintf("The gate changed from %s to %s (%s): %s.", before, after, r.Gate.Why, messages)
	}
	return fmt.Sprintf("The gate stays %s (%s), so no one is notified again.", event.StateWord(r.Gate.After), r.Gate.Why)
}

// guided returns the product of the guided page.
func (d *Demo) guided(ctx context.Context) (models.ProductRow, error) {
	actor, err := d.actor(ctx)
	if err != nil {
		return models.ProductRow{}, err
	}
	row, err := d.Store.Product(ctx, actor.Scope(), d.state.Guided)
	if fault.Is(err, fault.NotFound) {
		text := sampleProducts[0].name + ", the product of the guided tour, was deleted. " +
			"Stop the demo, delete " + d.options.Dir + " and start it again"
		return row, fault.New(fault.Conflict, text)
	}
	return row, err
}

// send imports a report as a pipeline would.
func (d *Demo) send(ctx context.Context, t sampleProduct, productID int64, findings int) (ingest.Result, error) {
	actor, err := d.actor(ctx)
	if err != nil {
		return ingest.Result{}, err
	}
	actor.Label = "pipeline"
	text, err := report(t.report, findings)
	if err != nil {
		return ingest.Result{}, err
	}
	dest := ingest.Destination{ProductID: productID, Source: t.source}
	return d.Ingest.Upload(ctx, actor, dest, bytes.NewReader(text))
}

// actor returns the visitor of the demo, its administrator.
func (d *Demo) actor(ctx context.Context) (authz.Actor, error) {
	u, err := d.Store.UserByName(ctx, user)
	return authz.UserActor(u), err
}
