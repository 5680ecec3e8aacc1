// Package admin is the user interface: pages that are rendered here, a file per
// screen. Forms are decoded, use cases called, views filled; nothing is decided
// here.
package admin

import (
	"log/slog"

	"github.com/gin-gonic/gin"

	"gatecrier/app/account"
	"gatecrier/app/audit"
	"gatecrier/app/connection"
	"gatecrier/app/delivery"
	"gatecrier/app/exception"
	"gatecrier/app/explain"
	"gatecrier/app/feed"
	"gatecrier/app/gate"
	"gatecrier/app/inbox"
	"gatecrier/app/ingest"
	"gatecrier/app/module/email"
	"gatecrier/app/observation"
	"gatecrier/app/product"
	"gatecrier/app/settings"
	"gatecrier/app/silence"
	"gatecrier/jobs"
	"gatecrier/models"
	"gatecrier/templates/layout"
	"gatecrier/templates/page"
)

// Services are the use cases that the pages offer.
type Services struct {
	Store       *models.Store
	Accounts    *account.Service
	Sessions    *account.Sessions
	Products    *product.Service
	Gates       *gate.Service
	Sweeper     *gate.Sweeper
	Ingest      *ingest.Service
	Connections *connection.Service
	Dispatcher  *delivery.Dispatcher
	Ledger      *delivery.Log
	Inbox       *inbox.Service
	Explain     *explain.Service
	Hub         *inbox.Hub
	Settings    *settings.Service
	Jobs        *jobs.Schedule
	Audit       *audit.Service
	Exceptions  *exception.Service
	Silences    *silence.Service
	Feeds       *feed.Service
	Mail        *email.Email
	Log         *slog.Logger
	Version     string
	Banner      layout.Banner
	API         []page.APIGroup       // what the page about the API shows
	Loops       func() []page.LoopRow // of this instance
	BaseURL     func() string
	FirstHint   func() string // where the first password is, "" once it was used

	Observations *observation.Service
}

// Admin holds the handlers.
type Admin struct {
	Services
}

// New returns the pages.
func New(s Services) *Admin { return &Admin{s} }

// Register adds the pages' routes to an engine.
func (a *Admin) Register(e *gin.Engine) {
	e.GET("/login", a.page(a.login))
	e.POST("/login", a.page(a.signIn))
	e.GET("/login/forgot", a.page(a.forgot))
	e.POST("/login/forgot", a.page(a.forgotSend))
	e.GET(account.ResetPath, a.page(a.passwordByLink))
	e.POST(account.ResetPath, a.page(a.passwordByLinkSave))
	e.GET(account.ConfirmPath, a.page(a.confirmEmail))
	e.POST(account.ConfirmPath, a.page(a.confirmEmailSave))
	in := e.Group("/", a.requireUser)
	get := func(path string, h handler) { in.GET(path, a.page(h)) }
	post := func(path string, h handler) { in.POST(path, a.page(h)) }

	post("/logout", a.signOut)
	get("/profile/password", a.password)
	post("/profile/password", a.changePassword)
	get("/", a.overview)
	get("/api", a.apiReference)
	a.registerInbox(get, post)
	get("/products", a.productList)
	get("/products/new", a.productNew)
	post("/products", a.productCreate)
	get("/products/:id", a.product)
	post("/products/:id/settings", a.productSave)
	get("/products/:id/delete", a.productDeleteConfirm)
	post("/products/:id/delete", a.productDelete)
	get("/products/:id/upload", a.upload)
	get("/products/:id/upload/progress", a.uploadProgress)
	post("/products/:id/upload", a.uploadReport)
	post("/products/:id/targets", a.targetCreate)
	post("/products/:id/targets/:target/test", a.targetTest)
	post("/products/:id/targets/:target/enable", a.targetEnable(true))
	post("/products/:id/targets/:target/disable", a.targetEnable(false))
	post("/products/:id/targets/:target/delete", a.targetDelete)
	get("/connections", a.connectionList)
	post("/connections", a.connectionCreate)
	get("/connections/:id", a.connection)
	post("/connections/:id", a.connectionSave)
	post("/connections/:id/test", a.connectionTest)
	post("/connections/:id/resume", a.connectionResume)
	post("/connections/:id/rotate", a.connectionRotate)
	post("/connections/:id/enable", a.connectionEnable(true))
	post("/connections/:id/disable", a.connectionEnable(false))
	get("/connections/:id/delete", a.connectionDeleteConfirm)
	post("/connections/:id/delete", a.connectionDelete)
	get("/admin/connections", a.connectionsSystem)
	get("/admin/health", a.health)
	get("/admin/health/now", a.healthNow)
	post("/admin/health/mail", a.mailResume)
	get("/products/:id/compare", a.compare)
	get("/products/:id/move", a.productMoveConfirm)
	post("/products/:id/move", a.productMove)
	post("/products/:id/tokens", a.productTokenCreate)
	post("/products/:id/tokens/:token/delete", a.productTokenRevoke)
	a.registerObservations(get, post)
	a.registerRoles(get, post)
	a.registerBranches(get, post)
	a.registerExceptions(get, post)
	a.registerSilences(get, post)
	get("/admin/settings", a.globalSettingsFirst)
	get("/admin/settings/:section", a.globalSettings)
	post("/admin/settings/:section", a.globalSettingsSave)
	post("/admin/settings/mail/test", a.mailTest)
	get("/admin/jobs", a.jobList)
	get("/admin/jobs/:name", a.job)
	post("/admin/jobs/:name/run", a.jobRun)
	get("/profile", a.profile)
	post("/profile", a.profileSave)
	post("/profile/theme", a.themeSave)
	post("/profile/tokens", a.tokenCreate)
	get("/profile/tokens/:id/revoke", a.tokenRevokeConfirm)
	post("/profile/tokens/:id/revoke", a.tokenRevoke)
	post("/profile/feed", a.feedCreate)
	get("/profile/feed/:action", a.feedConfirm)
	post("/profile/feed/:action", a.feedChange)
	post("/profile/sessions/revoke", a.sessionsEnd)
	post("/profile/sessions/:id/revoke", a.sessionEnd)
	get("/admin/users", a.users)
	get("/admin/users/new", a.userNew)
	post("/admin/users", a.userCreate)
	get("/admin/users/:id", a.user)
	post("/admin/users/:id", a.userSave)
	get("/admin/users/:id/:action", a.userConfirm)
	post("/admin/users/:id/:action", a.userChange)
	get("/deliveries", a.deliveries)
	get("/deliveries/resend", a.resendConfirm)
	post("/deliveries/resend", a.resendStart)
	get("/deliveries/:id", a.delivery)
	get("/events/:id", a.event)
	post("/deliveries/:id/resend", a.resendOne)
	get("/resends/:id", a.resendProgress)
	post("/resends/:id/stop", a.resendStop)
}

// registerInbox adds the pages of notifications.
func (a *Admin) registerInbox(get, post func(path string, h handler)) {
	get(inboxPath, a.inboxList)
	get("/inbox/badge", a.unreadBadge)
	get("/inbox/live", a.inboxLive)
	get("/inbox/state", a.inboxState)
	get("/inbox/found", a.inboxFoundConfirm)
	post("/inbox/found", a.inboxFound)
	get("/inbox/delete", a.inboxDeleteConfirm)
	post("/inbox/delete", a.inboxDelete)
	get("/inbox/:id", a.notification)
	for _, as := range []models.MarkAs{models.MarkViewed, models.MarkUnviewed, models.MarkArchived, models.MarkUnarchived} {
		post("/inbox/"+string(as), a.mark(as))
	}
}

// registerExceptions adds the pages of exceptions, and of what reports them.
func (a *Admin) registerExceptions(get, post func(path string, h handler)) {
	get("/exceptions", a.exceptionList)
	post("/exceptions/resolve", a.exceptionResolveMany)
	get("/exceptions/merge", a.exceptionMergeConfirm)
	post("/exceptions/merge", a.exceptionMerge)
	get("/exceptions/:id", a.exception)
	post(
		"/exceptions/:id/resolve",
		a.exceptionAction(a.Exceptions.Resolve, "It is resolved", "Whoever is told hears of it at once when it comes back."),
	)
	post("/exceptions/:id/reopen", a.exceptionAction(a.Exceptions.Reopen, "It is open again", ""))
	post("/exceptions/:id/mute", a.exceptionMute)
	post("/exceptions/:id/unmute", a.exceptionAction(a.Exceptions.Unmute, "People are told of it again", ""))
	post("/exceptions/:id/split", a.exceptionSplit)
	get("/exceptions/:id/delete", a.exceptionDeleteConfirm)
	post("/exceptions/:id/delete", a.exceptionDelete)
	post("/products/:id/ingest-key", a.ingestKeyCreate)
	get("/products/:id/ingest-key/:action", a.ingestKeyConfirm)
	post("/products/:id/ingest-key/:action", a.ingestKeyChange)
}

// registerRoles adds the pages of groups, of who may what where, and of who has
// changed it.
func (a *Admin) registerRoles(get, post func(path string, h handler)) {
	for _, place := range []string{"/products/:id", "/groups/:id"} {
		post(place+"/members", a.memberSet)
		post(place+"/members/:user/delete", a.memberRemove)
		post(place+"/authorization-groups", a.authorizationRoleSet)
		post(place+"/authorization-groups/:group/delete", a.authorizationRoleRemove)
	}
	get("/groups", a.groups)
	get("/groups/new", a.groupNew)
	post("/groups", a.groupCreate)
	get("/groups/:id", a.group)
	post("/groups/:id/settings", a.groupSave)
	get("/groups/:id/delete", a.groupDeleteConfirm)
	post("/groups/:id/delete", a.groupDelete)
	post("/groups/:id/targets", a.groupTargetCreate)
	post("/groups/:id/targets/:target/test", a.targetTest)
	post("/groups/:id/targets/:target/enable", a.targetEnable(true))
	post("/groups/:id/targets/:target/disable", a.targetEnable(false))
	post("/groups/:id/targets/:target/delete", a.targetDelete)
	get("/authorization-groups", a.authorizationGroups)
	post("/authorization-groups", a.authorizationCreate)
	get("/authorization-groups/:id", a.authorizationGroup)
	post("/authorization-groups/:id", a.authorizationRename)
	get("/authorization-groups/:id/delete", a.authorizationDeleteConfirm)
	post("/authorization-groups/:id/delete", a.authorizationDelete)
	post("/authorization-groups/:id/members", a.authorizationMemberSet)
	post("/authorization-groups/:id/members/:user/delete", a.authorizationMemberRemove)
	get("/admin/authorization-groups", a.authorizationFirst)
	get(auditPath, a.audit)
}
