// Package app puts the program together: the one place that knows all parts.
package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"gatecrier/admin"
	"gatecrier/app/account"
	"gatecrier/app/connection"
	"gatecrier/app/delivery"
	"gatecrier/app/event"
	"gatecrier/app/exception"
	"gatecrier/app/gate"
	"gatecrier/app/inbox"
	"gatecrier/app/ingest"
	"gatecrier/app/module"
	"gatecrier/app/module/discord"
	"gatecrier/app/module/email"
	"gatecrier/app/module/ilert"
	"gatecrier/app/module/mattermost"
	"gatecrier/app/module/slack"
	"gatecrier/app/module/teams"
	"gatecrier/app/module/webhook"
	"gatecrier/app/notify"
	"gatecrier/app/observation"
	"gatecrier/app/outbound"
	"gatecrier/app/product"
	"gatecrier/app/secret"
	"gatecrier/app/settings"
	"gatecrier/app/silence"
	"gatecrier/jobs"
	"gatecrier/models"
	"gatecrier/templates/layout"
)

// Version and Commit are set by the build. Commit is empty in a build without Git.
var (
	Version = "dev"
	Commit  string
)

// Options are what a program is given by who starts it.
type Options struct {
	Config   Config
	Log      *slog.Logger
	Now      func() time.Time
	Stderr   io.Writer // where a first password is shown
	Terminal bool      // whether a person reads that
	Banner   layout.Banner
	// Extra adds pages that are not the product's own, nil for none.
	Extra func(*App) []admin.Route
	// Modules and Jobs are more of them than the product has.
	Modules []module.Module
	Jobs    []jobs.Job
	// HashMemory is account.Parts.HashMemory.
	HashMemory uint32
}

// App is the program.
type App struct {
	Store       *models.Store
	Accounts    *account.Service
	Dispatcher  *delivery.Dispatcher
	Settings    *settings.Service
	Products    *product.Service
	Connections *connection.Service
	Ingest      *ingest.Service
	Findings    *observation.Service
	Gates       *gate.Service
	Sweeper     *gate.Sweeper
	Reconciler  *gate.Reconciler
	Exceptions  *exception.Service
	Silences    *silence.Service

	config   Config
	log      *slog.Logger
	router   *notify.Router
	schedule *jobs.Schedule
	loops    *jobs.Loops
	mail     *email.Email
	sessions *account.Sessions
	hub      *inbox.Hub // who looks at an inbox
	signal   *event.Signal
	server   *http.Server
	base     atomic.Value // string: BASE_URL
	addr     string
	routes   []string // "GET /products/:id", of pages and the interface
	stop     context.CancelFunc
	served   chan error
	lock     io.Closer // of the SQLite file, while this program serves it
}

// New opens the database, brings it up to date, makes the first administrator
// where there is no user, and builds all parts. Nothing runs before Start. One
// that does not come to Stop ends with Close.
func New(ctx context.Context, o Options) (*App, error) {
	key, err := o.Config.key() // before anything is written
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(o.Config.DataDir, 0o700); err != nil {
		return nil, fmt.Errorf("make the data directory: %w", err)
	}
	lock, err := lockServing(models.File(o.Config.databaseURL()))
	if err != nil {
		return nil, err
	}
	a, err := newLocked(ctx, o, key)
	if err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	a.lock = lock
	return a, nil
}

// newLocked is New under the lock.
func newLocked(ctx context.Context, o Options, key []byte) (*App, error) {
	store, err := OpenStore(ctx, o)
	if err != nil {
		return nil, err
	}
	a := &App{Store: store, config: o.Config, log: o.Log, signal: event.NewSignal(), served: make(chan error, 1)}
	a.base.Store(o.Config.BaseURL)
	ring, err := openRing(ctx, o, store, key)
	if err == nil {
		err = a.build(ctx, o, ring)
	}
	if err == nil {
		err = a.saveKeyCheck(ctx, ring)
	}
	if err != nil {
		return nil, errors.Join(err, store.Close())
	}
	return a, nil
}

// build makes all parts, in the order in which they need each other.
func (a *App) build(ctx context.Context, o Options, ring *secret.Ring) error {
	store := a.Store
	client := outbound.New(outbound.Policy{}, o.Log)
	a.Settings = settings.New(
		store, ring, settings.Sections(o.Config.BaseURL, badNetworks, client, jobs.Fields(), a.badSpec),
	)
	if err := a.Settings.Load(ctx); err != nil {
		return err
	}
	a.Settings.OnChange(a.outboundPolicy(client))
	a.mail = email.New(client, a.mailServer, a.greeting, o.Now)
	modules, err := module.NewRegistry(append([]module.Module{
		webhook.New(client, o.Now),
		a.mail,
		slack.New(client),
		teams.New(client),
		mattermost.New(client),
		discord.New(client),
		ilert.New(client),
	}, o.Modules...)...)
	if err != nil {
		return err
	}
	a.Accounts = account.New(account.Parts{
		Store: store, Log: o.Log, InitialFile: o.Config.initialFile(), Users: a.Settings.Users,
		Mailer: account.Mailer{Ready: a.mails, Send: a.mail.SendTo}, BaseURL: a.BaseURL, HashMemory: o.HashMemory,
	})
	if err := a.firstAdministrator(ctx, o); err != nil {
		return err
	}
	instance := uuid.NewString()
	events := event.NewLog(a.signal)
	gates := gate.New(events, a.Settings.Gate)
	a.Gates = gates
	a.Exceptions = exception.New(store, events, a.exceptionPolicy, o.Log)
	a.loops = jobs.NewLoops(o.Log, store.Now, a.Exceptions.ReportOwn)
	a.Sweeper = gate.NewSweeper(store, gates, o.Log)
	a.Reconciler = gate.NewReconciler(store, gates, a.Sweeper, o.Log)
	a.Settings.OnChange(a.Sweeper.Wake)
	a.Connections = connection.New(store, ring, modules, client.CheckWarning)
	if err := a.Connections.EnsurePeople(ctx); err != nil {
		return err
	}
	a.Settings.RegisterTargets(settings.SectionException, connection.ExceptionFields{Service: a.Connections})
	a.Products = product.New(store, gates, a.Connections, a.Settings.Users, a.Sweeper.Wake)
	a.Ingest = ingest.New(store, gates, events, a.Settings.Reports)
	a.Findings = observation.New(store, gates, events)
	a.Silences = silence.New(store, events)
	a.Dispatcher = delivery.New(delivery.Parts{
		Store:    store,
		Opener:   a.Connections,
		Modules:  modules,
		Events:   events,
		Log:      o.Log,
		Instance: instance,
		BaseURL:  a.BaseURL,
	})
	a.router = notify.New(store, a.Dispatcher, a.signal, o.Log, instance, a.mails)
	a.schedule = jobs.NewSchedule(jobs.Parts{
		Store:      store,
		Log:        o.Log,
		Instance:   instance,
		Jobs:       append(jobs.All(), o.Jobs...),
		Exceptions: a.Exceptions,
		Keep:       a.Settings.Retention,
		Services: jobs.Services{
			Observations: a.Findings,
			Gates:        a.Reconciler,
			Ingest:       a.Ingest,
			Products:     a.Products,
			Reports:      a.Settings.Reports,
		},
	})
	a.Settings.OnChange(func() { a.schedule.Apply(a.Settings.Jobs()) })
	a.hub = inbox.NewHub(store, o.Log)
	a.sessions = account.NewSessions(store, o.Config.secure(), a.Settings.Users)
	handler, err := a.handler(o, parts{
		gates:    gates,
		ledger:   delivery.NewLog(store, a.Connections, a.Dispatcher),
		inbox:    inbox.New(store, a.hub),
		hub:      a.hub,
		sessions: a.sessions,
		mail:     a.mail,
	})
	if err != nil {
		return err
	}
	a.server = &http.Server{
		Handler: handler, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 10 * time.Minute, IdleTimeout: 2 * time.Minute,
		ErrorLog: slog.NewLogLogger(o.Log.Handler(), slog.LevelWarn),
	}
	a.server.RegisterOnShutdown(a.hub.Close)
	return nil
}

// mails reports whether mail is set up.
func (a *App) mails() bool {
	s := a.mailServer()
	return s.From != "" && s.Host != ""
}

// mailServer is how mail is sent now.
func (a *App) mailServer() email.Server { return email.Server(a.Settings.Mail()) }

// greeting is the first name of who has a mail address. A mail goes out
// without one rather than not at all.
func (a *App) greeting(ctx context.Context, address string) string {
	name, err := a.Store.FirstNameOf(ctx, address)
	if err != nil {
		a.log.WarnContext(ctx, "no name for a greeting", "error", err)
	}
	return name
}

// outboundPolicy gives the client what may be reached: by the environment, and by the
// setting.
func (a *App) outboundPolicy(client *outbound.Client) func() {
	current := "\x00"
	return func() {
		list := a.config.AllowNetworks + "," + a.Settings.Delivery().AllowNetworks
		if list == current {
			return
		}
		allow, err := outbound.ParseAllow(list)
		if err != nil { // both were checked when they came in
			a.log.Error("allowed networks not read", "error", err)
			return
		}
		current = list
		client.SetPolicy(outbound.Policy{Allow: allow})
	}
}

// badNetworks says what is wrong with a list of allowed networks.
func badNetworks(list string) string {
	if _, err := outbound.ParseAllow(list); err != nil {
		return err.Error()
	}
	return ""
}

// badSpec says what is wrong with the times of a job.
func (a *App) badSpec(spec string) string { return jobs.BadSpec(spec, a.Store.Now()) }

// OpenStore opens the database of a configuration and brings it up to date.
func OpenStore(ctx context.Context, o Options) (*models.Store, error) {
	store, err := models.OpenAlone(ctx, models.Options{URL: o.Config.databaseURL(), Log: o.Log, Now: o.Now})
	if err != nil {
		return nil, err
	}
	if err := store.Migrate(ctx); err != nil {
		return nil, errors.Join(err, store.Close())
	}
	return store, nil
}

// Start listens, serves and lets the loops run.
func (a *App) Start(ctx context.Context) error {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", a.config.Listen)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", a.config.Listen, err)
	}
	a.addr = listener.Addr().String()
	if a.config.BaseURL == "" {
		a.base.Store("http://" + a.addr)
	}
	if a.Store.Dialect() == models.SQLite { // under its lock nobody else can be sending
		if err := errors.Join(a.Dispatcher.ReturnLeases(ctx), a.schedule.MarkRunsLost(ctx)); err != nil {
			return errors.Join(err, listener.Close())
		}
	}
	loopCtx, stop := context.WithCancel(context.WithoutCancel(ctx))
	a.stop = stop
	for _, l := range a.loopList() {
		a.loops.Start(loopCtx, l)
	}
	go func() { a.served <- a.server.Serve(listener) }()
	a.log.Info("listening", "address", a.addr, "url", a.BaseURL(), "version", Version)
	return nil
}

// flushEvery is how old the times of reports and tokens may become in memory.
const flushEvery = 5 * time.Second

// tidyEvery is how soon what a large import has left behind is looked for.
const tidyEvery = time.Minute

// countEvery is how old the counts of exceptions become in memory.
const countEvery = time.Second

// announceEvery is how soon a change of a gate is announced that has stood for
// its time.
const announceEvery = time.Second

// silenceEvery is how soon it is told that a silence has ended.
const silenceEvery = time.Second

// refreshEvery is how soon a change by another instance is noticed.
const refreshEvery = time.Second

func (a *App) loopList() []jobs.Loop {
	return []jobs.Loop{
		{Name: "delivery", Run: a.Dispatcher.Run, Quiet: true},
		{Name: "routing", Run: a.router.Run, Quiet: true},
		{Name: "inboxes", Run: a.hub.Run},
		{Name: "letters", Run: a.Accounts.Run},
		{Name: "schedule", Run: a.schedule.Run},
		{Name: "gates", Run: a.Sweeper.Run},
		{Name: "held changes", Run: jobs.Every(announceEvery, a.log, "changes that were held not announced", a.announceDue)},
		{Name: "silences", Run: jobs.Every(silenceEvery, a.log, "ends of silences not told", a.Silences.End)},
		{Name: "settings", Run: jobs.Every(refreshEvery, a.log, "settings not read", a.Settings.Refresh)},
		{Name: "imports", Run: jobs.Every(tidyEvery, a.log, "large imports not put in order", a.Ingest.Tidy)},
		{
			Name:  "exceptions",
			Run:   jobs.Every(countEvery, a.log, "counts of exceptions not stored", a.Exceptions.Flush),
			Quiet: true,
		},
		{Name: "flush", Run: jobs.Every(flushEvery, a.log, "flush failed", a.flush)},
	}
}

func (a *App) announceDue(ctx context.Context) error { return a.Gates.AnnounceDue(ctx, a.Store) }

// exceptionPolicy is how exceptions are grouped and how often people are told.
func (a *App) exceptionPolicy() exception.Policy {
	s := a.Settings.Exceptions()
	return exception.Policy{Grouping: exception.Grouping(s.Grouping), Window: s.RateLimit}
}

func (a *App) flush(ctx context.Context) error {
	return errors.Join(a.Ingest.Flush(ctx), a.Accounts.Flush(ctx), a.sessions.Flush(ctx))
}

// Stop takes no more requests, ends the ones at work and the loops, and closes
// the database. ctx bounds the wait for requests.
func (a *App) Stop(ctx context.Context) error {
	err := a.server.Shutdown(ctx)
	if a.stop != nil {
		a.stop()
	}
	a.loops.Wait()
	a.mail.Close()
	last := context.WithoutCancel(ctx)
	return errors.Join(err, a.Exceptions.Flush(last), a.flush(last), a.router.Stop(last), a.Close())
}

// Close closes the database and lets others serve it.
func (a *App) Close() error { return errors.Join(a.Store.Close(), a.lock.Close()) }

// Failed gives the error that ended the server by itself.
func (a *App) Failed() <-chan error { return a.served }

// Addr is the address that Start listens on.
func (a *App) Addr() string { return a.addr }

// Routes lists what can be asked for: "GET /products/:id".
func (a *App) Routes() []string { return a.routes }

// BaseURL is the address that people reach the program by, without a slash at
// its end.
func (a *App) BaseURL() string {
	if set := a.Settings.General().BaseURL; set != "" {
		return set
	}
	base, _ := a.base.Load().(string)
	return strings.TrimSuffix(base, "/")
}

// Wake lets the loops look for work at once, where a test has moved the clock.
func (a *App) Wake() {
	a.signal.Notify()
	a.Dispatcher.Wake()
}

// WakeJobs lets the schedule look at the clock at once.
func (a *App) WakeJobs() { a.schedule.Wake() }
