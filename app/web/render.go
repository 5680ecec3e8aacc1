package web

import (
	"bytes"
	"context"
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
	text, err := HTML(c.Request.Context(), page)
	if err != nil {
		return err
	}
	Write(c, status, text)
	return nil
}

// HTML renders a page as Render does, without writing it.
func HTML(ctx context.Context, page templ.Component) (string, error) {
	var b bytes.Buffer
	if err := page.Render(ctx, &b); err != nil {
		return "", fault.WithStack(err)
	}
	return visible.Escape(b.String()), nil
}

// Write answers with a page that HTML has rendered.
func Write(c *gin.Context, status int, text string) {
	c.Data(status, "text/html; charset=utf-8", []byte(text))
}

// SeeOther sends the browser to another page after a form.
func SeeOther(c *gin.Context, path string) {
	c.Redirect(http.StatusSeeOther, path)
}

// IsHTMX reports whether htmx requests a part of a page.
func IsHTMX(c *gin.Context) bool { return c.GetHeader("HX-Request") == "true" }
