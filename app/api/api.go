// Package api is the REST interface under /api/v1: JSON, bearer tokens,
// problems (RFC 9457), keyset pages, and its own OpenAPI document.
package api

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/gin-gonic/gin"

	"gatecrier/app/account"
	"gatecrier/app/audit"
	"gatecrier/app/authz"
	"gatecrier/app/connection"
	"gatecrier/app/delivery"
	"gatecrier/app/exception"
	"gatecrier/app/explain"
	"gatecrier/app/fault"
	"gatecrier/app/feed"
	"gatecrier/app/gate"
	"gatecrier/app/inbox"
	"gatecrier/app/ingest"
	"gatecrier/app/observation"
	"gatecrier/app/product"
	"gatecrier/app/settings"
	"gatecrier/app/silence"
	"gatecrier/app/web"
	"gatecrier/jobs"
	"gatecrier/models"
	"gatecrier/templates/page"
)

// prefix is where the API lives.
const prefix = "/api/v1"

// Services are the use cases that the API offers.
type Services struct {
	Store        *models.Store
	Accounts     *account.Service
	Products     *product.Service
	Ingest       *ingest.Service
	Connections  *connection.Service
	Dispatcher   *delivery.Dispatcher
	Ledger       *delivery.Log
	Inbox        *inbox.Service
	Explain      *explain.Service
	Settings     *settings.Service
	Audit        *audit.Service
	Jobs         *jobs.Schedule
	Sweeper      *gate.Sweeper
	Log          *slog.Logger
	Observations *observation.Service
	BaseURL      func() string
	Gates        *gate.Service
	Exceptions   *exception.Service
	Silences     *silence.Service
	Feeds        *feed.Service
}

// API holds the handlers.
type API struct {
	Services
	huma   huma.API
	budget budget   // of ingest keys
	atWork sync.Map // Idempotency-Keys whose requests are
}

// useProblems lets huma answer with our problems, once for all programs of a
// process.
var useProblems = sync.OnceFunc(func() { huma.NewError = newProblem })

// Register adds the API's routes to an engine, and returns what the page about
// them shows.
func Register(engine *gin.Engine, s Services) []page.APIGroup {
	a := &API{Services: s}
	group := engine.Group(prefix, a.authenticate)
	config := huma.DefaultConfig("Gatecrier", "1") // of the interface: that of the program is not for everybody
	config.Servers = []*huma.Server{{URL: prefix}}
	config.DocsPath, config.SchemasPath = "", ""
	config.CreateHooks = nil // no $schema links in answers
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{"token": {Type: "http", Scheme: "bearer"}}
	config.Security = []map[string][]string{{"token": {}}}
	useProblems()
	a.huma = humagin.NewWithGroup(engine, group, config)
	a.products()
	a.gates()
	a.observations()
	a.assessments()
	a.branches()
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
	a.users()
	a.tokens()
	a.feed()
	a.reports(group)
	a.exceptions(group)
	a.exceptionGroups()
	a.silences()
	a.ingestKeys()
	a.envelopes(engine)
	a.imports()
	a.describeConfigs()
	return a.reference()
}

// open are the paths that need no token.
func open(path string) bool { return strings.HasPrefix(path, prefix+"/openapi") }

func (a *API) authenticate(c *gin.Context) {
	if open(c.Request.URL.Path) {
		return
	}
	scheme, token, _ := strings.Cut(c.GetHeader("Authorization"), " ")
	var actor authz.Actor
	err := error(fault.New(fault.Unauthenticated, "Send a token: Authorization: Bearer gct_..."))
	if strings.EqualFold(scheme, "Bearer") {
		actor, err = a.Accounts.Bearer(c.Request.Context(), strings.TrimSpace(token))
	}
	if err != nil {
		c.Header("WWW-Authenticate", "Bearer")
		a.fail(c, err)
		return
	}
	ctx := context.WithValue(c.Request.Context(), bearerKey{}, strings.TrimSpace(token))
	c.Request = c.Request.WithContext(web.WithActor(ctx, actor))
}

// bearerKey is that of the token's text in a request's context.
type bearerKey struct{}

// bearerOf is the text of the token that asks.
func bearerOf(ctx context.Context) string {
	text, _ := ctx.Value(bearerKey{}).(string)
	return text
}

// fail answers a plain handler's error.
func (a *API) fail(c *gin.Context, err error) {
	p := web.ToProblem(c.Request.Context(), a.Log, err)
	c.Header("Content-Type", p.ContentType(""))
	c.AbortWithStatusJSON(p.Status, p)
}

// Fail answers an error of a route that is none, or of a panic.
func Fail(c *gin.Context, log *slog.Logger, err error) {
	(&API{Services: Services{Log: log}}).fail(c, err)
}

// problem is the error of a huma handler.
func (a *API) problem(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	return web.ToProblem(ctx, a.Log, err)
}

// newProblem is what huma's own checks answer with. Values are left out: they
// may be secrets.
func newProblem(status int, message string, errs ...error) huma.StatusError {
	p := &web.Problem{Title: http.StatusText(status), Status: status, Detail: message}
	for _, err := range errs {
		if err == nil {
			continue
		}
		field := fault.Field{Message: err.Error()}
		if d, ok := err.(huma.ErrorDetailer); ok {
			detail := d.ErrorDetail()
			field = fault.Field{Name: fieldName(detail.Location), Message: detail.Message}
		}
		p.Errors = append(p.Errors, field)
	}
	return p
}

// fieldName takes the part of a request off a location: body.name is name.
func fieldName(location string) string {
	for _, part := range []string{"body.", "query.", "path.", "header."} {
		if rest, ok := strings.CutPrefix(location, part); ok {
			return rest
		}
	}
	return location
}

// operation describes a route for the document.
func operation(method, path, id, summary string, status int) huma.Operation {
	return huma.Operation{
		Method: method, Path: path, OperationID: id, Summary: summary, DefaultStatus: status,
		Tags: []string{strings.Split(strings.TrimPrefix(path, "/"), "/")[0]},
	}
}

// actorOf is who asks; authenticate has made sure of one.
func actorOf(ctx context.Context) authz.Actor {
	a, _ := web.ActorOf(ctx)
	return a
}
