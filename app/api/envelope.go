package api

import (
	"errors"
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"
	"golang.org/x/time/rate"

	"gatecrier/app/fault"
	"gatecrier/app/sentry"
	"gatecrier/app/web"
)

const (
	// eventsPerSecond and eventsAtOnce bound the events that one instance accepts of one
	// product's key: the rate, and the burst.
	eventsPerSecond = 100
	eventsAtOnce    = 1000
	// overBudget is the Retry-After of a key over its budget, in seconds.
	overBudget = "60"
)

// errOverBudget refuses the events of a key over its budget.
var errOverBudget = fault.New(fault.TooMany, "This key has reported too much: wait a minute")

// envelopes adds the route that Sentry SDKs send to. It is not part of the API: it accepts the
// ingest key of a product, neither tokens nor sessions, and pages of any site can send to it.
func (a *API) envelopes(engine *gin.Engine) {
	for _, path := range []string{web.EnvelopePath, web.EnvelopePath + "/"} {
		engine.POST(path, crossOrigin, a.envelope)
		engine.OPTIONS(path, crossOrigin, func(c *gin.Context) { c.Status(http.StatusNoContent) })
	}
	op := onPost("/{product_id}/envelope/", "send-envelope", http.StatusOK)
	op.Summary = "Report exceptions with an SDK of Sentry"
	op.Tags = []string{"exceptions"}
	op.Description = "Its address is /api/{product_id}/envelope/, without /v1; SDKs make it from the DSN"
	op.Servers = []*huma.Server{{URL: "/api"}}
	op.Security = []map[string][]string{{}}
	op.Parameters = []*huma.Param{
		{Name: "product_id", In: "path", Required: true, Schema: &huma.Schema{Type: "integer"}},
		{
			Name:        "sentry_key",
			In:          "query",
			Schema:      &huma.Schema{Type: "string"},
			Description: "The product's ingest key, or in the header X-Sentry-Auth, or in the envelope's dsn",
		},
	}
	op.RequestBody = &huma.RequestBody{
		Description: "An envelope, plain or packed with gzip or deflate",
		Required:    true,
		Content:     map[string]*huma.MediaType{"application/x-sentry-envelope": {}},
	}
	op.Responses = map[string]*huma.Response{
		"200": {Description: "Its events are counted; other items are ignored"},
	}
	a.huma.OpenAPI().AddOperation(&op)
}

// crossOrigin allows pages of any site to send, without their cookies.
func crossOrigin(c *gin.Context) {
	h := c.Writer.Header()
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	if c.Request.Method != http.MethodOptions {
		h.Set("Access-Control-Expose-Headers", "X-Sentry-Error, X-Sentry-Rate-Limits, Retry-After")
		return
	}
	h.Set("Access-Control-Allow-Methods", http.MethodPost)
	h.Set(
		"Access-Control-Allow-Headers",
		"X-Sentry-Auth, X-Requested-With, Content-Type, Content-Encoding, Accept, sentry-trace, baggage, traceparent",
	)
	h.Set("Access-Control-Max-Age", "3600")
}

func (a *API) envelope(c *gin.Context) {
	id, err := a.takeEnvelope(c)
	switch {
	case err != nil:
		a.refuseEnvelope(c, err)
	case id == "":
		c.JSON(http.StatusOK, gin.H{})
	default:
		c.JSON(http.StatusOK, gin.H{"id": id})
	}
}

// refuseEnvelope answers an error with the headers that SDKs read.
func (a *API) refuseEnvelope(c *gin.Context, err error) {
	p := web.ToProblem(c.Request.Context(), a.Log, err)
	if errors.Is(err, errOverBudget) {
		c.Header("Retry-After", overBudget)
		c.Header("X-Sentry-Rate-Limits", overBudget+":error:key")
	}
	c.Header("X-Sentry-Error", p.Detail)
	c.JSON(p.Status, gin.H{"detail": p.Detail})
}

// takeEnvelope reports the events of an envelope while it reads them. It returns the id for
// the answer.
func (a *API) takeEnvelope(c *gin.Context) (string, error) {
	ctx := c.Request.Context()
	id, _ := strconv.ParseInt(c.Param("product_id"), 10, 64) //nolint:errcheck // there is no product 0
	key := sentry.KeyOf(c.Request)
	if key != "" { // before the body is read
		if err := a.admit(c, id, key); err != nil {
			return "", err
		}
	}
	body, err := sentry.Body(c.Writer, c.Request)
	if err != nil {
		return "", err
	}
	e, err := sentry.Open(body)
	if err != nil {
		return "", err
	}
	if key == "" {
		if err := a.admit(c, id, e.Key); err != nil {
			return "", err
		}
	}
	for n := 0; ; n++ {
		r, err := e.Next()
		if errors.Is(err, io.EOF) {
			return e.EventID, nil
		}
		if err == nil && n > 0 && !a.budget.take(id, a.Store.Now()) { // admit has counted the first
			err = errOverBudget
		}
		if err == nil {
			r.ProductID = id
			_, err = a.Exceptions.Report(ctx, r)
		}
		if err != nil {
			return "", err
		}
	}
}

// admit checks a product's key and its budget. An unknown product is refused like a wrong key.
func (a *API) admit(c *gin.Context, productID int64, key string) error {
	if key == "" {
		return fault.New(fault.Unauthenticated, "Send the product's ingest key, as a DSN has it")
	}
	ok, err := a.Store.IngestKeyIs(c.Request.Context(), productID, key)
	switch {
	case err != nil:
		return err
	case !ok:
		return fault.New(fault.Forbidden, "This is no ingest key of this product")
	case !a.budget.take(productID, a.Store.Now()):
		return errOverBudget
	}
	return nil
}

// budget limits the events of each product. It grows no larger than the number of products
// that have a key.
type budget struct {
	mu    sync.Mutex
	rates map[int64]*rate.Limiter
}

// take reports whether a product can report one more event, and counts it.
func (b *budget) take(productID int64, now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.rates == nil {
		b.rates = map[int64]*rate.Limiter{}
	}
	r := b.rates[productID]
	if r == nil {
		r = rate.NewLimiter(eventsPerSecond, eventsAtOnce)
		b.rates[productID] = r
	}
	return r.AllowN(now, 1)
}
