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
	"gatecrier/app/draft"
	"gatecrier/app/explain"
	"gatecrier/app/fault"
	"gatecrier/app/feed"
	"gatecrier/app/inbox"
	"gatecrier/app/notify"
	"gatecrier/app/web"
	"gatecrier/models"
	"gatecrier/static"
	"gatecrier/templates/page"
)

// edgeServices are the services that only the API and the pages use.
type edgeServices struct {
	deliveryLog *delivery.Log
	inbox       *inbox.Service
	audit       *audit.Service
	explain     *explain.Service
	feeds       *feed.Service
	unrouted    *notify.Unrouted
}

// handler builds the routes: health, static files, badges, feeds, the API and the pages.
func (a *App) handler(o Options) (http.Handler, error) {
	deliveryLog := delivery.NewLog(a.Store, a.Connections, a.Dispatcher)
	services := edgeServices{
		deliveryLog: deliveryLog,
		inbox:       inbox.New(a.Store, a.hub),
		audit:       audit.New(a.Store),
		explain:     explain.New(a.Store, deliveryLog),
		feeds:       feed.New(a.Store, a.BaseURL),
		unrouted:    notify.NewUnrouted(a.Store, a.signal),
	}
	services.feeds.Created = func(tx *models.Tx, u models.User) error {
		return a.Accounts.Notify(tx, u, account.FeedNotice())
	}
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
	a.addPublicRoutes(engine, services.feeds, fail, func(path string) string { return pages.Above(path) })
	reference := api.Register(engine, a.apiServices(services))
	pages = admin.New(a.adminServices(o, services, reference))
	pages.Register(engine)
	if o.Extra != nil {
		pages.Add(engine, o.Extra(a))
	}
	for _, r := range engine.Routes() {
		a.routes = append(a.routes, r.Method+" "+r.Path)
	}
	a.sessions.ErrorFunc = web.SessionError(a.log)
	handler, err := web.SameOrigin(withSessions(engine, a.sessions), a.config.origins(), a.log)
	handler = web.LimitTime(web.ReadRest(web.RequireUTF8(web.HeadAsGet(handler))))
	if a.config.secure() {
		handler = web.StrictTransport(handler)
	}
	return handler, err
}

// addPublicRoutes adds the routes without a session or a token.
func (a *App) addPublicRoutes(
	engine *gin.Engine, feeds *feed.Service, fail func(*gin.Context, error), above func(path string) string,
) {
	engine.NoRoute(func(c *gin.Context) { fail(c, fault.NewNotFound("page")) })
	engine.NoMethod(web.NoMethod(fail, above))
	engine.GET("/healthz", func(c *gin.Context) { c.String(http.StatusOK, "ok\n") })
	engine.GET("/readyz", a.ready)
	for _, route := range []struct {
		path   string
		handle gin.HandlerFunc
	}{
		{"/static/*path", gin.WrapH(static.Handler())},
		{"/badge/:file", web.Badge(a.Products.BadgeState, fail)},
		{"/feed/:file", web.Feed(feeds.Read, fail)},
	} {
		engine.GET(route.path, route.handle)
	}
}

func (a *App) apiServices(s edgeServices) api.Services {
	return api.Services{
		Store:        a.Store,
		Accounts:     a.Accounts,
		Products:     a.Products,
		Gates:        a.Gates,
		Ingest:       a.Ingest,
		Observations: a.Observations,
		Connections:  a.Connections,
		Dispatcher:   a.Dispatcher,
		Held:         a.Held,
		Doctor:       a.Doctor,
		DeliveryLog:  s.deliveryLog,
		Inbox:        s.inbox,
		Explain:      s.explain,
		Settings:     a.Settings,
		Audit:        s.audit,
		Jobs:         a.schedule,
		Unrouted:     s.unrouted,
		Sweeper:      a.Sweeper,
		Exceptions:   a.Exceptions,
		KeyBudget:    a.keyBudget,
		Silences:     a.Silences,
		Feeds:        s.feeds,
		BaseURL:      a.BaseURL,
		Log:          a.log,
	}
}

func (a *App) adminServices(o Options, s edgeServices, reference []page.APIGroup) admin.Services {
	return admin.Services{
		Store:        a.Store,
		Accounts:     a.Accounts,
		Sessions:     a.sessions,
		Products:     a.Products,
		Observations: a.Observations,
		Gates:        a.Gates,
		Sweeper:      a.Sweeper,
		Ingest:       a.Ingest,
		Connections:  a.Connections,
		Dispatcher:   a.Dispatcher,
		Held:         a.Held,
		Doctor:       a.Doctor,
		DeliveryLog:  s.deliveryLog,
		Inbox:        s.inbox,
		Explain:      s.explain,
		Hub:          a.hub,
		Settings:     a.Settings,
		Audit:        s.audit,
		Exceptions:   a.Exceptions,
		Silences:     a.Silences,
		Feeds:        s.feeds,
		Jobs:         a.schedule,
		Unrouted:     s.unrouted,
		Log:          a.log,
		Version:      Version,
		API:          reference,
		BaseURL:      a.BaseURL,
		FirstHint:    a.firstHint,
		Mail:         a.mail,
		Drafts:       draft.New(a.ring, a.Store.Now),
		Banner:       o.Banner,
		Loops:        a.loopRows,
	}
}

// withSessions reads sessions for the pages only: the API has tokens, and the other routes are
// public.
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
