package admin

import (
	"context"
	"net/http"

	"github.com/a-h/templ"
	"github.com/gin-gonic/gin"

	"gatecrier/app/web"
	"gatecrier/models"
	"gatecrier/templates/layout"
)

// Route is a page that somebody else adds: it has the frame, the session and
// the error pages of all others.
type Route struct {
	Method, Path string
	Open         bool // also for who is not signed in
	Serve        func(p *Page) error
}

// Page is a request for such a page.
type Page struct {
	admin *Admin
	c     *gin.Context
}

// Add adds routes, before the program starts.
func (a *Admin) Add(e *gin.Engine, routes []Route) {
	in := e.Group("/", a.requireUser)
	for _, r := range routes {
		handle := in.Handle
		if r.Open {
			handle = e.Handle
		}
		handle(r.Method, r.Path, a.page(func(c *gin.Context) error { return r.Serve(&Page{a, c}) }))
	}
}

// Context is the request's.
func (p *Page) Context() context.Context { return p.c.Request.Context() }

// Header is that of the answer.
func (p *Page) Header() http.Header { return p.c.Writer.Header() }

// Query is a parameter of the URL's query, "" where it is absent.
func (p *Page) Query(name string) string { return p.c.Query(name) }

// Form is a field of a form, "" where it is absent.
func (p *Page) Form(name string) string { return p.c.PostForm(name) }

// ID is an id in the path; what is none names what was not found.
func (p *Page) ID(name, what string) (int64, error) { return web.ID(p.c, name, what) }

// Frame is what surrounds the page.
func (p *Page) Frame(title string) layout.View { return p.admin.frame(p.c, title, layout.NavNone) }

// Show answers with a page.
func (p *Page) Show(status int, component templ.Component) error {
	return render(p.c, status, component)
}

// Text answers with a text of a media type.
func (p *Page) Text(mediaType, text string) error {
	p.c.Data(http.StatusOK, mediaType, []byte(text))
	return nil
}

// SeeOther leads to another page, which shows what was done.
func (p *Page) SeeOther(path, title, text string) error {
	if title != "" {
		p.admin.flash(p.c, "ok", title, text)
	}
	web.SeeOther(p.c, path)
	return nil
}

// SignIn makes the session that of a user.
func (p *Page) SignIn(u models.User) error {
	return p.admin.Sessions.SignIn(p.Context(), u, clientOf(p.c))
}
