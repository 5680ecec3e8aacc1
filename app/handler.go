package app

import (
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"gatecrier/admin"
	"gatecrier/app/account"
	"gatecrier/app/api"
	"gatecrier/app/audit"
	"gatecrier/app/delivery"
	"gatecrier/app/explain"
	"gatecrier/app/fault"
	"gatecrier/app/feed"
	"gatecrier/app/gate"
	"gatecrier/app/inbox"
	"gatecrier/app/module/email"
	"gatecrier/app/web"
	"gatecrier/static"
	"gatecrier/templates/page"
)

// parts are the services that only the edges use.
type parts struct {
	gates    *gate.Service
	ledger   *delivery.Log
	inbox    *inbox.Service
	hub      *inbox.Hub
	sessions *account.Sessions
	mail     *email.Email
}

// handler puts the routes together: health, static files, the API, the pages.
func (a *App) handler(o Options, p parts) (http.Handler, error) {
	var pages *admin.Admin
	fail := func(c *gin.Context, err error) {
		if strings.HasPrefix(c.Request.URL.Path, "/api/") {
			api.Fail(c, a.log, err)
			return
		}
		pages.Fail(c, err)
	}
	engine, err := web.NewEngine(a.log, a.config.proxies(), a.Exceptions.ReportOwn, fail)
	if err != nil {
		return nil, err
	}
	engine.NoRoute(func(c *gin.Context) { fail(c, fault.NewNotFound("page")) })
	engine.NoMethod(func(c *gin.Context) { fail(c, fault.New(fault.NotFound, "There is no such page for this method")) })
	engine.GET("/healthz", func(c *gin.Context) { c.String(http.StatusOK, "ok\n") })
	engine.GET("/readyz", a.ready)
	files, changes, explanations := static.Handler(), audit.New(a.Store), explain.New(a.Store, p.ledger)
	engine.GET("/static/*path", gin.WrapH(files))
	engine.HEAD("/static/*path", gin.WrapH(files))
	badge := web.Badge(a.Products.BadgeState, fail)
	engine.GET("/badge/:file", badge)
	engine.HEAD("/badge/:file", badge)
	feeds := feed.New(a.Store, a.BaseURL)
	engine.GET("/feed/:file", web.Feed(feeds.Read, fail))
	engine.HEAD("/feed/:file", web.Feed(feeds.Read, fail))
	reference := api.Register(engine, api.Services{
		Store:        a.Store,
		Accounts:     a.Accounts,
		Products:     a.Products,
		Gates:        p.gates,
		Ingest:       a.Ingest,
		Observations: a.Findings,
		Connections:  a.Connections,
		Dispatcher:   a.Dispatcher,
		Ledger:       p.ledger,
		Inbox:        p.inbox,
		Explain:      explanations,
		Settings:     a.Settings,
		Audit:        changes,
		Jobs:         a.schedule,
		Sweeper:      a.Sweeper,
		Exceptions:   a.Exceptions,
		Silences:     a.Silences,
		Feeds:        feeds,
		BaseURL:      a.BaseURL,
		Log:          a.log,
	})
	pages = admin.New(admin.Services{
		Store:        a.Store,
		Accounts:     a.Accounts,
		Sessions:     p.sessions,
		Products:     a.Products,
		Observations: a.Findings,
		Gates:        p.gates,
		Sweeper:      a.Sweeper,
		Ingest:       a.Ingest,
		Connections:  a.Connections,
		Dispatcher:   a.Dispatcher,
		Ledger:       p.ledger,
		Inbox:        p.inbox,
		Explain:      explanations,
		Hub:          p.hub,
		Settings:     a.Settings,
		Audit:        changes,
		Exceptions:   a.Exceptions,
		Silences:     a.Silences,
		Feeds:        feeds,
		Jobs:         a.schedule,
		Log:          a.log,
		Version:      Version,
		API:          reference,
		BaseURL:      a.BaseURL,
		FirstHint:    a.firstHint,
		Mail:         p.mail,
		Banner:       o.Banner,
		Loops:        a.loopRows,
	})
	pages.Register(engine)
	if o.Extra != nil {
		pages.Add(engine, o.Extra(a))
	}
	for _, r := range engine.Routes() {
		a.routes = append(a.routes, r.Method+" "+r.Path)
	}
	handler, err := web.SameOrigin(withSessions(engine, p.sessions), a.config.origins(), a.log)
	return web.RequireUTF8(handler), err
}

// loopRows tells of each loop how it does.
func (a *App) loopRows() []page.LoopRow {
	states := a.loops.States()
	rows := make([]page.LoopRow, len(states))
	for i, s := range states {
		rows[i] = page.LoopRow(s)
	}
	return rows
}

// withSessions reads sessions for pages alone: the API has tokens, and files
// are for everybody.
func withSessions(engine http.Handler, sessions *account.Sessions) http.Handler {
	pages := sessions.LoadAndSave(engine)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, prefix := range []string{"/api/", "/static/", "/badge/", "/feed/", "/healthz", "/readyz"} {
			if strings.HasPrefix(r.URL.Path, prefix) {
				engine.ServeHTTP(w, r)
				return
			}
		}
		pages.ServeHTTP(w, r)
	})
}

// ready says whether the program can do its work, and if not, which part.
func (a *App) ready(c *gin.Context) {
	ctx := c.Request.Context()
	if err := a.Store.Ping(ctx); err != nil {
		a.log.Warn("not ready", "part", "database", "error", err)
		c.String(http.StatusServiceUnavailable, "database\n")
		return
	}
	if pending, err := a.Store.Pending(ctx); err != nil || pending {
		a.log.Warn("not ready", "part", "migrations", "error", err)
		c.String(http.StatusServiceUnavailable, "migrations\n")
		return
	}
	if loop := a.loops.Down(); loop != "" {
		c.String(http.StatusServiceUnavailable, loop+"\n")
		return
	}
	c.String(http.StatusOK, "ready\n")
}
