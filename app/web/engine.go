package web

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"gatecrier/app/exception"
)

type requestKey struct{}

// request describes a request in its context.
type request struct {
	id     string
	method string
	route  string
	report exception.ReportFunc
}

func requestOf(ctx context.Context) request {
	r, _ := ctx.Value(requestKey{}).(request)
	return r
}

// RequestID returns the id of a request in the log and in the header X-Request-Id.
func RequestID(ctx context.Context) string { return requestOf(ctx).id }

// NewEngine returns a gin engine with the middleware of every request. It trusts the
// X-Forwarded-For of proxies. fail answers a panic. report gets panics and the other errors that
// are answered by 500.
func NewEngine(
	log *slog.Logger, proxies []string, report exception.ReportFunc, fail func(*gin.Context, error),
) (*gin.Engine, error) {
	gin.SetMode(gin.ReleaseMode)
	e := gin.New()
	e.HandleMethodNotAllowed = true
	e.ContextWithFallback = true
	e.MaxMultipartMemory = 1 << 20
	e.RemoteIPHeaders = []string{forwardedFor}
	if err := e.SetTrustedProxies(proxies); err != nil {
		return nil, err
	}
	e.Use(
		plainForwarded,
		setRequestID(report),
		logRequests(log),
		securityHeaders,
		recoverPanics(log, fail),
		limitBody,
	)
	return e, nil
}

func setRequestID(report exception.ReportFunc) gin.HandlerFunc {
	return func(c *gin.Context) {
		r := request{id: uuid.NewString(), method: c.Request.Method, route: c.FullPath(), report: report}
		c.Header("X-Request-Id", r.id)
		c.Request = c.Request.WithContext(context.WithValue(c.Request.Context(), requestKey{}, r))
	}
}

// maxForm is the largest body of an ordinary request, in bytes. The settings bound reports.
const maxForm = 1 << 20

// limitBody limits the body, and removes the files of a multipart form: net/http does not remove
// them if the context of the request was replaced.
func limitBody(c *gin.Context) {
	if !isReportUpload(c.FullPath()) {
		c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, maxBody(c.FullPath()))
	}
	defer func() {
		if form := c.Request.MultipartForm; form != nil {
			if err := form.RemoveAll(); err != nil {
				_ = c.Error(err) //nolint:errcheck // gin keeps it for the log
			}
		}
	}()
	c.Next()
}

// MaxExceptions is the largest body of reported exceptions, in bytes.
const MaxExceptions = 4 << 20

// EnvelopePath is the path that Sentry SDKs send to, with or without a slash at its end.
const EnvelopePath = "/api/:product_id/envelope"

// maxBody returns the largest body of a route or a path, in bytes.
func maxBody(route string) int64 {
	if route == "/api/v1/exceptions" {
		return MaxExceptions
	}
	return maxForm
}

// isReportUpload reports whether a route or a path takes reports, VEX documents or envelopes. Their readers check
// the size and the encoding themselves.
func isReportUpload(route string) bool {
	if rest, ok := strings.CutPrefix(strings.TrimSuffix(route, "/"), "/api/"); ok {
		if _, last, _ := strings.Cut(rest, "/"); last == "envelope" {
			return true
		}
	}
	return strings.Contains(route, "/products/") &&
		(strings.HasSuffix(route, "/upload") || strings.HasSuffix(route, "/reports") || strings.HasSuffix(route, "/vex"))
}

func logRequests(log *slog.Logger) gin.HandlerFunc {
	return func(c *gin.Context) {
		began := time.Now()
		c.Next()
		level := slog.LevelDebug
		if c.Writer.Status() == http.StatusInternalServerError { // the cause of others is known, and logged
			level = slog.LevelError
		}
		log.LogAttrs(c, level, "request",
			slog.String("method", c.Request.Method),
			slog.String("route", c.FullPath()),
			slog.Int("status", c.Writer.Status()),
			slog.Duration("took", time.Since(began)),
			slog.String("request_id", RequestID(c.Request.Context())))
	}
}

// csp allows a page to load only what this program serves. The arrows of Tabler's select elements
// are data images.
const csp = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
	"font-src 'self'; connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

func securityHeaders(c *gin.Context) {
	h := c.Writer.Header()
	h.Set("Content-Security-Policy", csp)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
}

// recoverPanics logs and reports a panic, and answers it by fail unless the answer has begun.
func recoverPanics(log *slog.Logger, fail func(*gin.Context, error)) gin.HandlerFunc {
	return func(c *gin.Context) {
		defer func() {
			v := recover()
			if v == nil {
				return
			}
			if err, ok := v.(error); ok && errors.Is(err, http.ErrAbortHandler) {
				panic(v)
			}
			err := exception.FromPanic(v)
			id := RequestID(c.Request.Context())
			log.ErrorContext(c, "panic", "error", err, "stack", string(debug.Stack()), "request_id", id)
			c.Abort()
			if c.Writer.Written() {
				_ = ToProblem(c.Request.Context(), log, err) //nolint:errcheck // only to report it
				return
			}
			fail(c, err)
		}()
		c.Next()
	}
}
