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
	// eventsPerSecond and eventsAtOnce are what one product's key may report to
	// one instance.
	eventsPerSecond = 100
	eventsAtOnce    = 1000
	// overBudget is how many seconds whoever reports more is asked to wait.
	overBudget = "60"
)

// errOverBudget refuses what a key may not report any more.
var errOverBudget = fault.New(fault.TooMany, "This key has reported too much: wait a minute")

// envelopes takes what SDKs of Sentry send. It is no part of the API: neither
// tokens nor sessions count here, only the ingest key of the product; and pages
// of any site may send.
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
	op.Responses = map[string]*huma.Response{"200": {Description: "Its events are counted; other items are ignored"}}
	a.huma.OpenAPI().AddOperation(&op)
}

// crossOrigin lets pages of any site send, without their cookies.
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

// refuseEnvelope answers as SDKs read it.
func (a *API) refuseEnvelope(c *gin.Context, err error) {
	p := web.ToProblem(c.Request.Context(), a.Log, err)
	switch {
	case errors.Is(err, sentry.ErrEncoding):
		p.Status = http.StatusUnsupportedMediaType
	case errors.Is(err, errOverBudget):
		c.Header("Retry-After", overBudget)
		c.Header("X-Sentry-Rate-Limits", overBudget+":error:key")
	}
	c.Header("X-Sentry-Error", p.Detail)
	c.JSON(p.Status, gin.H{"detail": p.Detail})
}

// takeEnvelope reports the events of an envelope as they are read, and returns
// the id to answer.
func (a *API) takeEnvelope(c *gin.Context) (string, error) {
	ctx := c.Request.Context()
	id, _ := strconv.ParseInt(c.Param("product_id"), 10, 64) //nolint:errcheck // there is no product 0
	key := sentry.KeyOf(c.Request)
	if key != "" { // before anything is read
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
		if err == nil && n > 0 && !a.budget.take(id, a.Store.Now()) { // the first is paid for
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

// admit checks a product's key, and what it has reported lately. A product that
// is none is refused like a wrong key.
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

// budget is what products may report in events, each by itself. It is bounded
// by the products that have a key.
type budget struct {
	mu    sync.Mutex
	rates map[int64]*rate.Limiter
}

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
