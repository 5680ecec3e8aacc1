package web

import (
	"bytes"
	"net/http"

	"github.com/a-h/templ"
	"github.com/gin-gonic/gin"

	"gatecrier/app/fault"
	"gatecrier/app/visible"
)

// Render renders a whole page before it writes the status, so that an error cannot leave half a
// page under a wrong status. Characters that a reader cannot see, or that reorder text, are shown as their
// numbers.
func Render(c *gin.Context, status int, page templ.Component) error {
	var b bytes.Buffer
	if err := page.Render(c.Request.Context(), &b); err != nil {
		return fault.WithStack(err)
	}
	c.Data(status, "text/html; charset=utf-8", []byte(visible.Escape(b.String())))
	return nil
}

// SeeOther sends the browser to another page after a form.
func SeeOther(c *gin.Context, path string) {
	c.Redirect(http.StatusSeeOther, path)
}

// IsHTMX reports whether htmx requests a part of a page.
func IsHTMX(c *gin.Context) bool { return c.GetHeader("HX-Request") == "true" }
