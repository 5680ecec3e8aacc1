// Package api is the REST interface under /api/v1: JSON, bearer tokens, problems (RFC 9457),
// keyset pages, and its own OpenAPI document.
package api

import (
	"log/slog"
	"sync"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/gin-gonic/gin"

	"gatecrier/app/account"
	"gatecrier/app/audit"
	"gatecrier/app/connection"
	"gatecrier/app/delivery"
	"gatecrier/app/doctor"
	"gatecrier/app/exception"
	"gatecrier/app/explain"
	"gatecrier/app/feed"
	"gatecrier/app/gate"
	"gatecrier/app/inbox"
	"gatecrier/app/ingest"
	"gatecrier/app/notify"
	"gatecrier/app/observation"
	"gatecrier/app/product"
	"gatecrier/app/settings"
	"gatecrier/app/silence"
	"gatecrier/jobs"
	"gatecrier/models"
	"gatecrier/templates/page"
)

// prefix begins the path of every route of the API.
const prefix = "/api/v1"

// Services are the use cases that the API offers.
type Services struct {
	Store        *models.Store
	Log          *slog.Logger
	BaseURL      func() string
	Accounts     *account.Service
	Products     *product.Service
	Gates        *gate.Service
	Sweeper      *gate.Sweeper
	Ingest       *ingest.Service
	Observations *observation.Service
	Connections  *connection.Service
	Dispatcher   *delivery.Dispatcher
	DeliveryLog  *delivery.Log
	Held         *delivery.Held
	Doctor       *doctor.Service
	Inbox        *inbox.Service
	Feeds        *feed.Service
	Silences     *silence.Service
	Explain      *explain.Service
	Exceptions   *exception.Service
	KeyBudget    *exception.Budget // of ingest keys
	Settings     *settings.Service
	Audit        *audit.Service
	Jobs         *jobs.Schedule
	Unrouted     *notify.Unrouted
}

// API holds the handlers.
type API struct {
	Services
	huma    huma.API
	running sync.Map // Idempotency-Keys of the requests that this instance is answering
}

// Register adds the API's routes to an engine. It returns their reference, which a page shows.
func Register(engine *gin.Engine, s Services) []page.APIGroup {
	a := &API{Services: s}
	group := engine.Group(prefix, a.authenticate)
	config := huma.DefaultConfig("Gatecrier", "1") // the API's version; the program's is not public
	config.Servers = []*huma.Server{{URL: prefix}}
	config.DocsPath, config.SchemasPath = "", ""
	config.CreateHooks = nil // no $schema links in answers
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{"token": {Type: "http", Scheme: "bearer"}}
	config.Security = []map[string][]string{{"token": {}}}
	useProblems()
	a.huma = humagin.NewWithGroup(engine, group, config)
	a.huma.UseMiddleware(a.requireKnownQuery)
	a.products()
	a.gates()
	a.observations()
	a.foundObservations()
	a.assessments()
	a.branches()
	a.sources()
	a.badges()
	a.comparisons()
	a.members()
	a.targets()
	a.notifications()
	a.deliveries()
	a.events()
	a.resends()
	a.connections()
	a.groups()
	a.authorizationGroups()
	a.productTokens()
	a.audit()
	a.settings()
	a.jobs()
	a.heldDeliveries()
	a.unrouted()
	a.doctor()
	a.users()
	a.tokens()
	a.password()
	a.feed()
	a.reports(group)
	a.vex(group)
	a.exceptions(group)
	a.exceptionGroups()
	a.silences()
	a.ingestKeys()
	a.envelopes(engine)
	a.imports()
	a.describeConfigs()
	a.completeDocument()
	return a.reference()
}
