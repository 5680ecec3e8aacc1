package app

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"gatecrier/app/account"
	"gatecrier/app/connection"
	"gatecrier/app/delivery"
	"gatecrier/app/doctor"
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
	"gatecrier/app/oauth"
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

// build creates all parts in the order in which they need each other.
func (a *App) build(ctx context.Context, o Options, ring *secret.Ring) error {
	client := outbound.New(outbound.Policy{}, o.Log)
	if err := a.buildSettings(ctx, o, ring, client); err != nil {
		return err
	}
	modules, err := a.buildModules(o, client)
	if err != nil {
		return err
	}
	a.buildAccounts(o, ring)
	if err := a.firstAdministrator(ctx, o); err != nil {
		return err
	}
	a.buildExceptions(o)
	a.buildGates(o)
	a.Connections = connection.New(a.Store, ring, modules, client.CheckWarning)
	if err := a.Connections.EnsurePeople(ctx); err != nil {
		return err
	}
	a.Settings.RegisterTargets(settings.SectionException, connection.ExceptionFields{Service: a.Connections})
	a.buildServices()
	a.buildDelivery(o, modules)
	a.buildSchedule(o)
	a.buildClock(o.Passed)
	a.Doctor = doctor.New(a.Store, o.Log, a.instance, func(context.Context) doctor.Parts {
		return a.doctorParts(o, true)
	})
	return a.buildServer(o)
}

func (a *App) buildSettings(ctx context.Context, o Options, ring *secret.Ring, client *outbound.Client) error {
	a.ring, a.client = ring, client
	env := settings.Environment{BaseURL: o.Config.BaseURL, AllowNetworks: o.Config.AllowNetworks}
	sections := settings.Sections(env, badNetworks, client, jobs.Fields(), a.badSpec)
	a.Settings = settings.New(a.Store, ring, sections)
	if err := a.Settings.Load(ctx); err != nil {
		return err
	}
	a.Settings.OnChange(a.outboundPolicy(client))
	return nil
}

func (a *App) buildModules(o Options, client *outbound.Client) (*module.Registry, error) {
	a.mail = email.New(client, oauth.New(client, o.Now, a.keepRefreshToken), a.mailServer, a.greeting, o.Now)
	own := []module.Module{
		webhook.New(client, o.Now),
		a.mail,
		slack.New(client),
		teams.New(client),
		mattermost.New(client),
		discord.New(client),
		ilert.New(client),
	}
	return module.NewRegistry(append(own, o.Modules...)...)
}

func (a *App) buildAccounts(o Options, ring *secret.Ring) {
	a.Accounts = account.New(account.Parts{
		Store:       a.Store,
		Log:         o.Log,
		InitialFile: o.Config.initialFile(),
		Users:       a.Settings.Users,
		Mailer:      account.Mailer{Ready: a.canSendMail, Send: a.mail.SendTo},
		Ring:        ring,
		Claim: func() string { // the dispatcher is built later
			return models.NewClaim(a.instance, a.Dispatcher != nil && a.Dispatcher.Present())
		},
		BaseURL:    a.BaseURL,
		HashMemory: o.HashMemory,
		Events:     a.events,
		Ended: func(user int64) { // open streams notice it at once
			if a.hub != nil {
				a.hub.Refresh(user)
			}
		},
	})
	a.Settings.RequirePassword = a.Accounts.RequirePassword
	a.sessions = account.NewSessions(a.Store, o.Config.secure(), a.Settings.Users)
}

// buildExceptions creates the exceptions, and the loops, which report their own to them.
func (a *App) buildExceptions(o Options) {
	a.Exceptions = exception.New(a.Store, a.events, a.exceptionPolicy, o.Log)
	a.keyBudget = exception.NewBudget(a.Store, a.events, a.keyLimits)
	a.loops = jobs.NewLoops(o.Log, a.Store.Now, a.Exceptions.ReportOwn)
}

func (a *App) buildGates(o Options) {
	a.Gates = gate.New(a.events, a.Settings.Gate)
	a.Sweeper = gate.NewSweeper(a.Store, a.Gates, o.Log)
	a.Reconciler = gate.NewReconciler(a.Store, a.Gates, a.Sweeper, o.Log)
	a.Settings.OnChange(a.Sweeper.Wake)
}

func (a *App) buildServices() {
	a.Products = product.New(a.Store, a.Gates, a.Connections, a.Settings.Users, a.Sweeper.Wake)
	a.Products.Notify = a.Accounts.Notify
	a.Ingest = ingest.New(a.Store, a.Gates, a.events, a.Settings.Reports)
	a.Observations = observation.New(a.Store, a.Gates, a.events)
	a.Ingest.SetAssessor(a.Observations)
	a.Silences = silence.New(a.Store, a.events)
}

func (a *App) buildDelivery(o Options, modules *module.Registry) {
	a.Dispatcher = delivery.New(delivery.Parts{
		Store:    a.Store,
		Opener:   a.Connections,
		Modules:  modules,
		Events:   a.events,
		Log:      o.Log,
		Instance: a.instance,
		BaseURL:  a.BaseURL,
		UserData: func() bool { return a.Settings.Exceptions().UserData },
	})
	a.Held = delivery.NewHeld(a.Store, a.Dispatcher)
	a.router = notify.New(a.Store, a.Dispatcher, a.events, a.signal, o.Log, a.canSendMail)
	a.hub = inbox.NewHub(a.Store, o.Log)
}

func (a *App) buildSchedule(o Options) {
	a.schedule = jobs.NewSchedule(jobs.Parts{
		Store:      a.Store,
		Log:        o.Log,
		Instance:   a.instance,
		Since:      a.servedSince,
		Jobs:       append(jobs.All(), o.Jobs...),
		Exceptions: a.Exceptions,
		Keep:       a.Settings.Retention,
		Services: jobs.Services{
			Observations: a.Observations,
			Gates:        a.Reconciler,
			Ingest:       a.Ingest,
			Products:     a.Products,
			Reports:      a.Settings.Reports,
			Backups:      a.Settings.Backups,
			MakeBackup:   func(ctx context.Context, path string) error { return makeBackup(ctx, o, path) },
		},
	})
	a.Settings.OnChange(func() { a.schedule.Apply(a.Settings.Jobs()) })
}

// The bounds of the server.
const (
	maxHeader    = 64 << 10 // bytes of a request's header
	maxOpenConns = 4096
	maxIdleConns = 1024
)

func (a *App) buildServer(o Options) error {
	a.conns = web.NewConns(maxOpenConns, maxIdleConns)
	handler, err := a.handler(o)
	if err != nil {
		return err
	}
	a.server = &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       10 * time.Minute,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    maxHeader,
		ConnState:         a.conns.State,
		ErrorLog:          slog.NewLogLogger(o.Log.Handler(), slog.LevelWarn),
	}
	a.server.RegisterOnShutdown(a.hub.Close)
	return nil
}
