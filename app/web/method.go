package web

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"gatecrier/app/fault"
)

type headKey struct{}

// HeadAsGet answers HEAD as GET. The server leaves out the body.
func HeadAsGet(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodHead {
			r = r.WithContext(context.WithValue(r.Context(), headKey{}, true)) // a copy: the server keeps HEAD
			r.Method = http.MethodGet
		}
		next.ServeHTTP(w, r)
	})
}

// IsHead reports whether a GET was sent as HEAD: a stream ends after its header then.
func IsHead(ctx context.Context) bool {
	head, _ := ctx.Value(headKey{}).(bool)
	return head
}

// NoMethod answers a request to a path that exists for other methods, which gin has listed in
// Allow. OPTIONS gets the list. A browser that opens the path of a form is sent to the page that above returns. All
// others get an error.
func NoMethod(fail func(*gin.Context, error), above func(path string) string) gin.HandlerFunc {
	return func(c *gin.Context) {
		path := c.Request.URL.Path
		opens := c.Request.Method == http.MethodGet && strings.Contains(c.GetHeader("Accept"), "text/html")
		if opens && !strings.HasPrefix(path, "/api/") {
			c.Writer.Header().Del("Allow")
			SeeOther(c, above(path))
			return
		}
		allowed := strings.Split(c.Writer.Header().Get("Allow"), ", ")
		if slices.Contains(allowed, http.MethodGet) {
			allowed = append(allowed, http.MethodHead)
		}
		allowed = append(allowed, http.MethodOptions)
		slices.Sort(allowed)
		list := strings.Join(slices.Compact(allowed), ", ")
		c.Header("Allow", list)
		if c.Request.Method == http.MethodOptions {
			c.Status(http.StatusNoContent)
			c.Writer.WriteHeaderNow()
			return
		}
		fail(c, fault.New(fault.BadMethod, "This path does not exist for "+c.Request.Method+": use one of "+list))
	}
}
