package api

import (
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"

	"gatecrier/app/fault"
	"gatecrier/app/sentry"
	"gatecrier/app/web"
)

// envelopes adds the route that Sentry SDKs send to. It is not part of the API: it accepts the
// ingest key of a product, neither tokens nor sessions, and pages of any site can send to it.
func (a *API) envelopes(engine *gin.Engine) {
	for _, path := range []string{web.EnvelopePath, web.EnvelopePath + "/"} {
		engine.POST(path, crossOrigin, a.envelope)
		engine.OPTIONS(path, crossOrigin, func(c *gin.Context) { c.Status(http.StatusNoContent) })
	}
	op := onPost("/{product_id}/envelope", "send-envelope", http.StatusOK)
	op.Summary = "Report exceptions with a Sentry SDK"
	op.Tags = []string{"exceptions"}
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
		Description: "An envelope, plain or compressed with gzip or deflate",
		Required:    true,
		Content:     map[string]*huma.MediaType{"application/x-sentry-envelope": {}},
	}
	op.Responses = map[string]*huma.Response{
		"200": {Description: "Its events are counted; other items are ignored"},
		"400": {Description: "The envelope cannot be read"},
		"401": {Description: "The ingest key is missing"},
		"403": {Description: "The product has another ingest key, or none"},
		"413": {Description: "The envelope or one of its items is too large"},
		"503": {Description: "The database cannot be reached"},
		"429": {Description: "The key has used its budget; Retry-After and X-Sentry-Rate-Limits say how long to wait"},
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
	p.SetHeaders(c.Writer.Header())
	var over *fault.Error
	if errors.As(err, &over) && over.Kind == fault.TooMany {
		seconds := strconv.FormatInt(int64(over.Wait/time.Second), 10)
		c.Header("Retry-After", seconds)
		c.Header("X-Sentry-Rate-Limits", seconds+":error:key")
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
		key = e.Key
		if err := a.admit(c, id, key); err != nil {
			return "", err
		}
	}
	for n := 0; ; n++ {
		r, err := e.Next()
		if errors.Is(err, io.EOF) {
			return e.EventID, nil
		}
		if err == nil && n > 0 { // admit has counted the first
			err = a.KeyBudget.Take(id, key)
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
		return fault.New(fault.Unauthenticated, "Send the product's ingest key, which is in its DSN")
	}
	return a.KeyBudget.Admit(c.Request.Context(), productID, key)
}
