// Package demo is the program as a newcomer meets it: sample products with
// three months of history, a receiver for whatever is sent, and a guided page.
// Nothing leaves the machine.
package demo

import (
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

	// firstAfter is when a report arrives that nobody has sent.
	firstAfter = 2 * time.Second
	outageTime = time.Minute
	stopTime   = 15 * time.Second
)

// Options are what a demo is given.
type Options struct {
	Dir    string // made if it is not there
	Listen string // on loopback; port 0 picks one
	Log    *slog.Logger
	Stdout io.Writer // where the address is printed
}

// Demo is a running one.
type Demo struct {
	*app.App
	URL string // that signs its visitor in

	options  Options
	state    state
	clock    *clock
	receiver *receiver.Receiver
	key      string       // of this start
	mix      maphash.Seed // of stamps

	mu            sync.Mutex
	lastStep      string // what the last step did
	lastException int64  // the exception that it threw, 0 for none
}

// Start prepares the directory, where it is new fills it, and starts.
func Start(ctx context.Context, o Options) (*Demo, error) {
	if err := onLoopback(o.Listen); err != nil {
		return nil, err
	}
	s, activated, err := openState(o.Dir)
	if err != nil {
		return nil, err
	}
	d := &Demo{options: o, state: s, clock: newClock(), key: rand.Text(), mix: maphash.MakeSeed()}
	if activated {
		d.clock.set(time.Now().Add(-longAgo))
	}
	d.receiver = receiver.New(d.clock.Now)
	if err := d.receiver.Listen(ctx, s.MailPort, s.HTTPPort); err != nil {
		return nil, fmt.Errorf(
			"open the demo's receiver: %w (another demo may run; --data-dir gives this one a place of its own)",
			err,
		)
	}
	for path, secret := range s.Secrets {
		d.receiver.SetSecret(path, secret)
	}
	if err := d.run(ctx, activated); err != nil {
		err = errors.Join(err, d.receiver.Close())
		if activated { // a half-made demo would be in the way of the next
			err = errors.Join(err, os.RemoveAll(o.Dir))
		}
		return nil, err
	}
	return d, nil
}

// run starts the program, and fills it where it is activated.
func (d *Demo) run(ctx context.Context, activated bool) error {
	config := app.Config{
		Listen:        d.options.Listen,
		DataDir:       d.options.Dir,
		LogLevel:      "info",
		AdminUser:     user,
		AdminPassword: rand.Text(),
		AdminEmail:    user + "@demo.example",
		AllowNetworks: "127.0.0.1:" + d.receiver.MailPort() + ",127.0.0.1:" + d.receiver.HTTPPort(),
	}
	a, err := app.New(ctx, app.Options{
		Config: config, Log: d.options.Log, Now: d.clock.Now, Stderr: io.Discard, Banner: banner(),
		Extra: func(*app.App) []admin.Route { return d.routes() },
	})
	if err != nil {
		return err
	}
	d.App = a
	if err := a.Start(ctx); err != nil {
		if errors.Is(err, syscall.EADDRINUSE) {
			err = fmt.Errorf(
				"something listens on %s already: --listen 127.0.0.1:0 takes any free port (%w)",
				d.options.Listen,
				err,
			)
		}
		return errors.Join(err, a.Close())
	}
	d.URL = a.BaseURL() + "/demo/enter?key=" + d.key
	if err := d.prepare(ctx, activated); err != nil {
		stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
		defer cancel()
		return errors.Join(err, a.Stop(stop))
	}
	return nil
}

func (d *Demo) prepare(ctx context.Context, activated bool) error {
	if activated {
		if err := d.seed(ctx); err != nil {
			return fmt.Errorf("fill the demo: %w", err)
		}
		d.receiver.Clear() // what is of the past is in the ledger
		d.state.MailPort, d.state.HTTPPort = d.receiver.MailPort(), d.receiver.HTTPPort()
		if err := d.state.save(d.options.Dir); err != nil {
			return err
		}
	}
	d.clock.run()
	return nil
}

// banner marks every page.
func banner() layout.Banner {
	return layout.Banner{
		Text: "Demo: made-up products, and nothing leaves this machine.", Href: "/demo", Label: "The guided page",
		SignIn: "In the demo nothing is typed: open the address that the terminal has printed at the start.",
	}
}

// Run is a demo until ctx ends.
func Run(ctx context.Context, o Options) error {
	d, err := Start(ctx, o)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(
		o.Stdout,
		"\nThe demo is at\n\n  %s\n\nThe first message arrives there in a moment. Ctrl-C ends it; its data stays in %s.\n\n",
		d.URL,
		o.Dir,
	); err != nil {
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

// Stop ends the program and its receiver.
func (d *Demo) Stop(ctx context.Context) error {
	return errors.Join(d.App.Stop(ctx), d.receiver.Close())
}

// First has a report arrive that changes a gate, as from a pipeline.
func (d *Demo) First(ctx context.Context) error {
	return d.flip(ctx, "A pipeline has sent a report by itself.")
}

// flip sends the guided product's report by which its gate changes.
func (d *Demo) flip(ctx context.Context, told string) error {
	row, err := d.guided(ctx)
	if err != nil {
		return err
	}
	findings := sampleProducts[0].worse
	if row.Default.Gate == models.GateFailed {
		findings = sampleProducts[0].fixed
	}
	return d.step(ctx, row.ID, findings, told)
}

// step sends the guided product's report, and keeps what is to be told of it.
func (d *Demo) step(ctx context.Context, productID int64, findings int, told string) error {
	r, err := d.send(ctx, sampleProducts[0], productID, findings)
	if err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lastStep, d.lastException = told+" "+outcome(r), 0
	return nil
}

// outcome tells what a report did to the gate.
func outcome(r ingest.Result) string {
	if r.Gate.Before != r.Gate.After {
		return fmt.Sprintf(
			"The gate went from %s to %s (%s): one message to each target.",
			event.StateWord(r.Gate.Before),
			event.StateWord(r.Gate.After),
			r.Gate.Why,
		)
	}
	return fmt.Sprintf("The gate stays %s (%s), so nobody is told again.", event.StateWord(r.Gate.After), r.Gate.Why)
}

// guided is the product of the guided page.
func (d *Demo) guided(ctx context.Context) (models.ProductRow, error) {
	actor, err := d.actor(ctx)
	if err != nil {
		return models.ProductRow{}, err
	}
	row, err := d.Store.Product(ctx, actor.Scope(), d.state.Guided)
	if fault.Is(err, fault.NotFound) {
		return row, fault.New(
			fault.Conflict,
			sampleProducts[0].name+", the product of the guided page, was deleted. Stop the demo, delete "+d.options.Dir+" and start it again",
		)
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
	return d.Ingest.Upload(ctx, actor, ingest.Destination{ProductID: productID, Source: t.source}, newReader(text))
}

// actor is whoever looks at the demo, its administrator.
func (d *Demo) actor(ctx context.Context) (authz.Actor, error) {
	u, err := d.Store.UserByName(ctx, user)
	return authz.UserActor(u), err
}
