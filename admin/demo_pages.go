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

// Route is a page that another package adds. It has the frame, the session and the error pages of
// all others.
type Route struct {
	Method, Path string
	Open         bool // also for visitors who are not signed in
	Serve        func(p *Page) error
}

// Page is a request for a page of another package.
type Page struct {
	admin *Admin
	c     *gin.Context
}

// Add adds the routes of another package. Call it before the program starts to serve.
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

// Context returns the context of the request.
func (p *Page) Context() context.Context { return p.c.Request.Context() }

// Header returns the headers of the response.
func (p *Page) Header() http.Header { return p.c.Writer.Header() }

// Query returns a parameter of the URL's query, or "" if it is absent.
func (p *Page) Query(name string) string { return p.c.Query(name) }

// Form returns a field of a form, or "" if it is absent.
func (p *Page) Form(name string) string { return p.c.PostForm(name) }

// ID returns an id of the path, or a "not found" error that names what, if it is no id.
func (p *Page) ID(name, what string) (int64, error) { return web.ID(p.c, name, what) }

// Frame returns what surrounds the page.
func (p *Page) Frame(title string) layout.View { return p.admin.frame(p.c, title, layout.NavNone) }

// Show answers with a page.
func (p *Page) Show(status int, component templ.Component) error {
	return render(p.c, status, component)
}

// Administrator reports whether the user is an administrator.
func (p *Page) Administrator() bool { return actorOf(p.c).Administrator() }

// Text answers with a text of a media type.
func (p *Page) Text(mediaType, text string) error {
	p.c.Data(http.StatusOK, mediaType, []byte(text))
	return nil
}

// SeeOther redirects to another page, which shows what was done.
func (p *Page) SeeOther(path, title, text string) error {
	if title != "" {
		p.admin.flash(p.c, "ok", title, text)
	}
	web.SeeOther(p.c, path)
	return nil
}

// SignIn makes the session one of the user u.
func (p *Page) SignIn(u models.User) error {
	return p.admin.Sessions.SignIn(p.Context(), u, p.admin.clientOf(p.c))
}
