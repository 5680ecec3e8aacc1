// Package app builds the program. It is the only package that knows all parts.
package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"gatecrier/app/account"
	"gatecrier/app/clock"
	"gatecrier/app/connection"
	"gatecrier/app/delivery"
	"gatecrier/app/doctor"
	"gatecrier/app/event"
	"gatecrier/app/exception"
	"gatecrier/app/gate"
	"gatecrier/app/inbox"
	"gatecrier/app/ingest"
	"gatecrier/app/module/email"
	"gatecrier/app/notify"
	"gatecrier/app/observation"
	"gatecrier/app/outbound"
	"gatecrier/app/product"
	"gatecrier/app/secret"
	"gatecrier/app/settings"
	"gatecrier/app/silence"
	"gatecrier/app/web"
	"gatecrier/jobs"
	"gatecrier/models"
)

// App is the program.
type App struct {
	Store        *models.Store
	Accounts     *account.Service
	Dispatcher   *delivery.Dispatcher
	Held         *delivery.Held
	Doctor       *doctor.Service
	Settings     *settings.Service
	Products     *product.Service
	Connections  *connection.Service
	Ingest       *ingest.Service
	Observations *observation.Service
	Gates        *gate.Service
	Sweeper      *gate.Sweeper
	Reconciler   *gate.Reconciler
	Exceptions   *exception.Service
	keyBudget    *exception.Budget // of ingest keys
	Silences     *silence.Service

	config   Config
	ring     *secret.Ring
	client   *outbound.Client
	log      *slog.Logger
	instance string // the id of this process among instances
	signal   *event.Signal
	events   *event.Log
	router   *notify.Router
	schedule *jobs.Schedule
	loops    *jobs.Loops
	mail     *email.Email
	sessions *account.Sessions
	hub      *inbox.Hub // of the open inbox pages
	clock    *clock.Watch
	server   *http.Server
	conns    *web.Conns
	listener net.Listener // before Start gives it to the server
	base     atomic.Value // string: the base URL of the environment or of the listener
	addr     string
	routes   []string // of the pages and the API: "GET /products/:id"
	stop     context.CancelFunc
	served   chan error   // why the server has ended
	lock     *servingLock // of the SQLite file that this program serves

	servedSince time.Time // when the server of this database was started, zero if none runs
}

// New opens and migrates the database, creates the first administrator if no user exists, and
// builds all parts. It listens before it writes anything: a start that cannot listen leaves nothing behind.
// Nothing runs before Start. Call Stop after Start, else Close.
func New(ctx context.Context, o Options) (_ *App, err error) {
	o.Log = models.JoinOutages(o.Log)
	keys, err := o.Config.keys() // before anything is written
	if err != nil {
		return nil, err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", o.Config.Listen)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", o.Config.Listen, err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, listener.Close())
		}
	}()
	if err := os.MkdirAll(o.Config.DataDir, 0o700); err != nil {
		return nil, fmt.Errorf("make the data directory: %w", err)
	}
	lock, err := lockServing(models.File(o.Config.databaseURL()))
	if err != nil {
		return nil, err
	}
	if err := markStarted(models.File(o.Config.databaseURL())); err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	a, err := newLocked(ctx, o, keys)
	if err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	a.lock, a.listener = lock, listener
	return a, nil
}

// markStarted makes the time of the lock of a SQLite file that of the start, for gatecrier doctor.
func markStarted(file string) error {
	if file == "" {
		return nil
	}
	now := time.Now()
	return os.Chtimes(file+".lock", now, now)
}

// newLocked does the work of New under the lock of the database.
func newLocked(ctx context.Context, o Options, keys [][]byte) (*App, error) {
	store, err := OpenStore(ctx, o)
	if err != nil {
		return nil, err
	}
	warnShared(o)
	signal := event.NewSignal()
	a := &App{
		Store:    store,
		config:   o.Config,
		log:      o.Log,
		instance: uuid.NewString(),
		signal:   signal,
		events:   event.NewLog(event.Subscription{Reader: event.ReaderNotify, Signal: signal}),
		served:   make(chan error, 2), // of the server, and of the lock

		servedSince: store.Now(),
	}
	a.base.Store(o.Config.BaseURL)
	ring, err := openRing(ctx, o, store, keys)
	if err == nil {
		err = a.build(ctx, o, ring)
	}
	if err == nil {
		err = a.saveKeyCheck(ctx, ring)
	}
	if err != nil {
		return nil, errors.Join(err, store.Close())
	}
	// A copy of the main file alone has at least its users: it never looks like a first start.
	if err := store.Checkpoint(ctx); err != nil {
		o.Log.Warn("empty the log of the database", "error", err)
	}
	return a, nil
}

// Addr returns the address that Start listens on.
func (a *App) Addr() string { return a.addr }

// Routes lists the routes of the pages and the API: "GET /products/:id".
func (a *App) Routes() []string { return a.routes }

// BaseURL returns the address for users, without a slash at its end.
func (a *App) BaseURL() string {
	if set := a.Settings.General().BaseURL; set != "" {
		return set
	}
	base, _ := a.base.Load().(string)
	return strings.TrimSuffix(base, "/")
}

// Wake makes the loops look for work at once. Tests call it after they have moved the clock.
func (a *App) Wake() {
	a.signal.Notify()
	a.Dispatcher.Wake()
}

// WakeJobs makes the schedule check the clock at once.
func (a *App) WakeJobs() { a.schedule.Wake() }
