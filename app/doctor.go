package app

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/url"
	"os"
	"strings"
	"time"

	"gatecrier/app/connection"
	"gatecrier/app/delivery"
	"gatecrier/app/doctor"
	"gatecrier/app/outbound"
	"gatecrier/app/secret"
	"gatecrier/models"
)

// Diagnose checks an installation, also while a server runs. It changes nothing.
func Diagnose(ctx context.Context, o Options, progress func(name string)) (r doctor.Report, err error) {
	o.Log = slog.New(slog.DiscardHandler) // the report says what is wrong
	a := &App{config: o.Config, log: o.Log, instance: "doctor"}
	a.servedSince = servedSince(models.File(o.Config.databaseURL()))
	ring, keyErr := o.Config.readRing()
	store, storeErr := openBeside(ctx, o)
	if store != nil {
		defer func() { err = errors.Join(err, store.Close()) }()
	}
	var settingsErr error
	if a.Store = store; store != nil && ring != nil {
		settingsErr = a.buildChecked(ctx, o, ring)
	}
	p := a.doctorParts(o, !a.servedSince.IsZero())
	if p.StoreErr, p.KeyErr = storeErr, keyErr; p.Ring == nil {
		p.Ring = ring
	}
	if store == nil || ring == nil || settingsErr != nil {
		p.Mail, p.Addresses, p.Jobs = nil, nil, nil
	}
	return doctor.Run(ctx, p, progress), nil
}

// openBeside opens an existing database without bringing it up to date.
func openBeside(ctx context.Context, o Options) (*models.Store, error) {
	if err := o.Config.FindDatabase(); err != nil {
		return nil, err
	}
	return models.OpenAlone(ctx, models.Options{URL: o.Config.databaseURL(), Log: o.Log, Now: o.Now})
}

// readRing reads the key. It does not create one.
func (c Config) readRing() (*secret.Ring, error) {
	keys, err := c.keys()
	if err != nil {
		return nil, err
	}
	if keys == nil {
		return nil, errors.New("the key file " + c.keyPath() + " does not exist")
	}
	return secret.NewRing(keys...)
}

// servedSince returns when the server was started that uses a SQLite file, zero if none does. The time
// is that of its lock file.
func servedSince(file string) time.Time {
	if file == "" {
		return time.Time{}
	}
	info, err := os.Stat(file + ".lock")
	if err != nil {
		return time.Time{}
	}
	lock, err := models.TryLock(file + ".lock")
	if err == nil {
		err = lock.Close()
	}
	if !errors.Is(err, models.ErrLocked) {
		return time.Time{}
	}
	return info.ModTime()
}

// buildChecked builds the parts that the checks look at, which write nothing.
func (a *App) buildChecked(ctx context.Context, o Options, ring *secret.Ring) error {
	client := outbound.New(outbound.Policy{}, o.Log)
	if err := a.buildSettings(ctx, o, ring, client); err != nil {
		return err
	}
	modules, err := a.buildModules(o, client)
	if err != nil {
		return err
	}
	a.Connections = connection.New(a.Store, ring, modules, client.CheckWarning)
	a.Held = delivery.NewHeld(a.Store, nil)
	a.buildSchedule(o)
	return nil
}

// doctorParts returns what the checks look at.
func (a *App) doctorParts(o Options, serving bool) doctor.Parts {
	p := doctor.Parts{
		Store:        a.Store,
		DatabaseFile: models.File(a.config.databaseURL()),
		DataDir:      a.config.DataDir,
		KeyName:      a.config.keyPath(),
		Ring:         a.ring,
		Serving:      serving,
		Free:         o.DiskFree,
		Now:          o.Now,
	}
	if p.KeyName == "" {
		p.KeyName = "GATECRIER_SECRET_KEY"
	}
	if a.Store != nil {
		p.Held = func(ctx context.Context) (int, error) { return a.Store.CountHeld(ctx, maxHeldCount) }
	}
	if a.schedule == nil {
		return p
	}
	p.BackupDir = a.Settings.Backups().Directory
	p.Mail = func() (string, string) { s := a.mailServer(); return s.Host, s.From }
	p.CheckMail, p.Dial = a.mail.Check, a.client.Dial
	p.Addresses, p.Jobs = a.addresses, a.jobStates
	return p
}

const (
	maxHeldCount   = 100_000
	connectionPage = 500
)

// addresses returns where the enabled connections send over HTTP, and how many configurations cannot
// be opened.
func (a *App) addresses(ctx context.Context) (list []doctor.Address, unread int, err error) {
	for after := int64(0); ; {
		page, err := a.Store.EnabledConnections(ctx, after, connectionPage)
		if err != nil || len(page) == 0 {
			return list, unread, err
		}
		for _, c := range page {
			after = c.ID
			config, err := a.Connections.Open(c)
			if err != nil {
				unread++
				continue
			}
			for _, value := range config {
				if address := addressOf(value); address != "" {
					list = append(list, doctor.Address{Address: address, Name: c.Name, Personal: c.UserID != nil})
				}
			}
		}
	}
}

// addressOf returns the host and the port of a URL, "" for any other value.
func addressOf(value string) string {
	if !strings.HasPrefix(value, "https://") && !strings.HasPrefix(value, "http://") {
		return ""
	}
	u, err := url.Parse(value)
	if err != nil || u.Hostname() == "" {
		return ""
	}
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return net.JoinHostPort(u.Hostname(), port)
}

// jobStates returns the jobs that failed or are overdue, and all others.
func (a *App) jobStates(ctx context.Context) ([]doctor.Job, error) {
	states, err := a.schedule.Troubles(ctx)
	list := make([]doctor.Job, len(states))
	for i, s := range states {
		list[i] = doctor.Job{Name: s.Name, Title: s.Title, Failed: s.Failed, Overdue: s.Overdue}
	}
	return list, err
}
