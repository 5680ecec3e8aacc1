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

// request is what is known of a request from its beginning.
type request struct {
	id     string
	method string
	route  string
	report ReportFunc
}

// ReportFunc takes an exception of Gatecrier itself and returns the group that it
// belongs to, 0 for none. It comes back soon, whatever happens.
type ReportFunc func(ctx context.Context, r exception.Report) (group int64)

func requestOf(ctx context.Context) request {
	r, _ := ctx.Value(requestKey{}).(request)
	return r
}

// RequestID names a request in the log and in its answer's X-Request-Id.
func RequestID(ctx context.Context) string { return requestOf(ctx).id }

// NewEngine returns gin with what every request goes through. proxies are the
// addresses whose X-Forwarded-For is believed. failed answers a panic, and tell
// is told of those, and of whatever else is answered by a 500.
func NewEngine(
	log *slog.Logger, proxies []string, report ReportFunc, failed func(*gin.Context, error),
) (*gin.Engine, error) {
	gin.SetMode(gin.ReleaseMode)
	e := gin.New()
	e.HandleMethodNotAllowed = true
	e.ContextWithFallback = true
	e.MaxMultipartMemory = 1 << 20
	if err := e.SetTrustedProxies(proxies); err != nil {
		return nil, err
	}
	e.Use(setRequestID(report), logRequests(log), securityHeaders, recoverPanics(log, failed), limitBody)
	return e, nil
}

func setRequestID(report ReportFunc) gin.HandlerFunc {
	return func(c *gin.Context) {
		r := request{id: uuid.NewString(), method: c.Request.Method, route: c.FullPath(), report: report}
		c.Header("X-Request-Id", r.id)
		c.Request = c.Request.WithContext(context.WithValue(c.Request.Context(), requestKey{}, r))
	}
}

// maxForm is the largest body of an ordinary form. Reports have limits of their
// own, by the setting.
const maxForm = 1 << 20

// limitBody limits bodies, and removes the files that a form was read into:
// net/http forgets those of a request whose context was replaced.
func limitBody(c *gin.Context) {
	if !isReportUpload(c.FullPath()) {
		c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, maxBody(c.FullPath()))
	}
	defer func() {
		if form := c.Request.MultipartForm; form != nil {
			if err := form.RemoveAll(); err != nil {
				_ = c.Error(err) //nolint:errcheck // it is kept for the log
			}
		}
	}()
	c.Next()
}

// MaxExceptions is the largest body with exceptions.
const MaxExceptions = 4 << 20

// EnvelopePath is where SDKs of Sentry send to, with a slash at its end or
// without.
const EnvelopePath = "/api/:product_id/envelope"

// maxBody is the largest body of a route, or a path.
func maxBody(route string) int64 {
	if route == "/api/v1/exceptions" {
		return MaxExceptions
	}
	return maxForm
}

// isReportUpload is for routes, and for paths: what comes there has readers that
// look for themselves.
func isReportUpload(route string) bool {
	if rest, ok := strings.CutPrefix(strings.TrimSuffix(route, "/"), "/api/"); ok {
		if _, last, _ := strings.Cut(rest, "/"); last == "envelope" {
			return true
		}
	}
	return strings.Contains(route, "/products/") &&
		(strings.HasSuffix(route, "/upload") || strings.HasSuffix(route, "/reports"))
}

func logRequests(log *slog.Logger) gin.HandlerFunc {
	return func(c *gin.Context) {
		began := time.Now()
		c.Next()
		level := slog.LevelDebug
		if c.Writer.Status() >= http.StatusInternalServerError {
			level = slog.LevelError
		}
		log.LogAttrs(c, level, "request",
			slog.String("method", c.Request.Method), slog.String("route", c.FullPath()), slog.Int("status", c.Writer.Status()),
			slog.Duration("took", time.Since(began)), slog.String("request_id", RequestID(c.Request.Context())))
	}
}

// csp lets a page load what this program serves, and nothing else. Tabler's
// select arrows are data images.
const csp = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

func securityHeaders(c *gin.Context) {
	h := c.Writer.Header()
	h.Set("Content-Security-Policy", csp)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
}

func recoverPanics(log *slog.Logger, failed func(*gin.Context, error)) gin.HandlerFunc {
	return func(c *gin.Context) {
		defer func() {
			v := recover()
			if v == nil {
				return
			}
			if err, ok := v.(error); ok && errors.Is(err, http.ErrAbortHandler) {
				panic(v)
			}
			err := exception.Caught(v)
			log.ErrorContext(
				c, "panic", "error", err, "stack", string(debug.Stack()), "request_id", RequestID(c.Request.Context()),
			)
			c.Abort()
			if c.Writer.Written() {
				_ = ToProblem(c.Request.Context(), log, err) //nolint:errcheck // it is told of, although nobody can be answered
				return
			}
			failed(c, err)
		}()
		c.Next()
	}
}
