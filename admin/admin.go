// Package admin is the user interface: pages rendered on the server, one file per screen. Handlers
// decode forms, call use cases and fill views; they decide nothing themselves.
package admin

import (
	"log/slog"

	"github.com/gin-gonic/gin"

	"gatecrier/app/account"
	"gatecrier/app/audit"
	"gatecrier/app/connection"
	"gatecrier/app/delivery"
	"gatecrier/app/doctor"
	"gatecrier/app/draft"
	"gatecrier/app/exception"
	"gatecrier/app/explain"
	"gatecrier/app/feed"
	"gatecrier/app/gate"
	"gatecrier/app/inbox"
	"gatecrier/app/ingest"
	"gatecrier/app/module/email"
	"gatecrier/app/notify"
	"gatecrier/app/observation"
	"gatecrier/app/product"
	"gatecrier/app/settings"
	"gatecrier/app/silence"
	"gatecrier/jobs"
	"gatecrier/models"
	"gatecrier/templates/layout"
	"gatecrier/templates/page"
)

// Services holds the use cases that the pages offer.
type Services struct {
	Store        *models.Store
	Accounts     *account.Service
	Sessions     *account.Sessions
	Products     *product.Service
	Observations *observation.Service
	Gates        *gate.Service
	Sweeper      *gate.Sweeper
	Ingest       *ingest.Service
	Connections  *connection.Service
	Dispatcher   *delivery.Dispatcher
	DeliveryLog  *delivery.Log
	Held         *delivery.Held
	Doctor       *doctor.Service
	Inbox        *inbox.Service
	Explain      *explain.Service
	Hub          *inbox.Hub
	Settings     *settings.Service
	Jobs         *jobs.Schedule
	Unrouted     *notify.Unrouted
	Audit        *audit.Service
	Exceptions   *exception.Service
	Silences     *silence.Service
	Feeds        *feed.Service
	Mail         *email.Email
	Drafts       *draft.Box
	Log          *slog.Logger
	Version      string
	Banner       layout.Banner
	API          []page.APIGroup       // for the page about the API
	Loops        func() []page.LoopRow // of this instance
	BaseURL      func() string
	FirstHint    func() string // where to find the first password; "" once it was used
}

// Admin holds the handlers of the pages.
type Admin struct {
	Services

	engine *gin.Engine  // with the routes of the pages
	failed failingCount // connections, for the frame of administrators
}

// New returns the pages over some services.
func New(s Services) *Admin { return &Admin{Services: s} }

// Register adds the routes of all pages to an engine. Each screen names its routes beside its
// handlers.
func (a *Admin) Register(e *gin.Engine) {
	a.engine = e
	open := router{a, e}
	in := router{a, e.Group("/", a.requireUser)}
	a.loginRoutes(open, in)
	for _, routes := range []func(router){a.forgotRoutes, a.resetRoutes, a.emailRoutes, a.undoRoutes} {
		routes(open)
	}
	for _, routes := range []func(router){
		a.overviewRoutes, a.apiRoutes, a.searchRoutes,
		a.inboxRoutes, a.inboxLiveRoutes, a.inboxMarkRoutes, a.inboxDeleteRoutes, a.inboxSnoozeRoutes,
		a.notificationRoutes,
		a.productsRoutes, a.productNewRoutes, a.productRoutes, a.productSettingsRoutes, a.productDeleteRoutes,
		a.productUploadRoutes, a.productVEXRoutes, a.productCompareRoutes, a.productMoveRoutes, a.productTokenRoutes,
		a.productBadgeRoutes,
		a.targetRoutes, a.productTargetRoutes, a.groupTargetRoutes, a.memberRoutes,
		a.observationListRoutes, a.savedViewRoutes, a.observationRoutes, a.manualRoutes, a.assessRoutes, a.duplicateRoutes,
		a.branchRoutes, a.branchActionRoutes, a.sourceRoutes,
		a.ingestKeyRoutes, a.exceptionsRoutes, a.exceptionRoutes, a.exceptionActionRoutes,
		a.groupsRoutes, a.groupNewRoutes, a.groupRoutes, a.groupSettingsRoutes, a.groupDeleteRoutes,
		a.authorizationGroupsRoutes, a.authorizationGroupRoutes,
		a.connectionsRoutes, a.connectionRoutes, a.deliveriesRoutes, a.deliveryRoutes, a.resendRoutes,
		a.eventRoutes,
		a.silencesRoutes, a.silenceNewRoutes, a.silenceRoutes,
		a.passwordRoutes, a.profileRoutes, a.profileTokenRoutes, a.profileFeedRoutes, a.profileSessionRoutes,
		a.healthRoutes, a.heldRoutes, a.doctorRoutes, a.unroutedRoutes, a.auditRoutes, a.globalSettingsRoutes,
		a.jobRoutes, a.usersRoutes, a.userNewRoutes, a.userRoutes, a.userActionRoutes,
	} {
		routes(in)
	}
}

// router adds routes to an engine, or to the part of it that needs a signed-in user.
type router struct {
	admin  *Admin
	routes gin.IRoutes
}

func (r router) get(path string, h handler) { r.routes.GET(path, r.admin.page(h)) }

func (r router) post(path string, h handler) { r.routes.POST(path, r.admin.page(h)) }
