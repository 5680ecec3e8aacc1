package admin

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"gatecrier/app/account"
	"gatecrier/app/authz"
	"gatecrier/app/fault"
	"gatecrier/app/web"
	"gatecrier/models"
	"gatecrier/templates/layout"
	"gatecrier/templates/page"
	"gatecrier/templates/ui"
)

// handler renders a page, or returns the error to show instead.
type handler func(c *gin.Context) error

// page turns a handler into one of gin.
func (a *Admin) page(h handler) gin.HandlerFunc {
	return func(c *gin.Context) {
		if err := h(c); err != nil && !a.formAgain(c, err) {
			a.Fail(c, err)
		}
	}
}

// requireUser lets signed-in users through, and redirects others to the sign-in page. A user who
// must change the password can do nothing else.
func (a *Admin) requireUser(c *gin.Context) {
	ctx := c.Request.Context()
	actor, err := authz.Actor{}, error(fault.NewNotFound("session"))
	if id := a.Sessions.UserID(ctx); id != 0 {
		actor, err = a.Accounts.Actor(ctx, id, a.Sessions.CredentialsFrom(ctx))
	}
	switch {
	case fault.Is(err, fault.NotFound):
		if err := a.askToSignIn(c); err != nil {
			a.Fail(c, err)
		}
		c.Abort()
	case err != nil:
		a.Fail(c, err)
		c.Abort()
	case actor.User.MustChangePassword && c.FullPath() != passwordPath && c.FullPath() != "/logout":
		web.SeeOther(c, passwordPath)
		c.Abort()
	case isOfOther(c, actor.User.ID):
		a.Fail(c, fault.New(fault.Conflict, "Another user opened this form before you signed in as "+
			actor.User.Name+". Nothing was changed: open the page again"))
		c.Abort()
	default:
		ctx = account.WithRequest(web.WithActor(ctx, actor), c.ClientIP(), 0)
		c.Request = c.Request.WithContext(ctx)
		a.takeDraft(c, actor.User.ID)
	}
}

func actorOf(c *gin.Context) authz.Actor {
	actor, _ := web.ActorOf(c.Request.Context())
	return actor
}

const flashKey = "flash"

// flash keeps the result of an action for the next page. kind is ok, wait or bad.
func (a *Admin) flash(c *gin.Context, kind, title, text string) {
	a.flashNote(c, ui.Note{Kind: kind, Title: title, Text: text})
}

// flashNote is flash for a note that can have a button to undo the action.
func (a *Admin) flashNote(c *gin.Context, n ui.Note) {
	parts := []string{n.Kind, n.Title, n.Text}
	if n.Undo != nil {
		parts = append(parts, strconv.FormatInt(n.Undo.ID, 10), n.Undo.Next)
	}
	a.Sessions.Put(c.Request.Context(), flashKey, strings.Join(parts, "\x00"))
}

// popFlash returns the note that flash has kept, nil for none, and forgets it.
func (a *Admin) popFlash(c *gin.Context) *ui.Note {
	parts := strings.Split(a.Sessions.PopString(c.Request.Context(), flashKey), "\x00")
	if len(parts) < 3 {
		return nil
	}
	n := &ui.Note{Kind: parts[0], Title: parts[1], Text: parts[2]}
	if len(parts) == 5 {
		if id, err := strconv.ParseInt(parts[3], 10, 64); err == nil {
			n.Undo = &ui.Undo{ID: id, Next: parts[4]}
		}
	}
	return n
}

// done ends an action that a form asked for: it says what was done and leads on, or returns err.
func (a *Admin) done(c *gin.Context, err error, title, text, to string) error {
	if err != nil {
		return err
	}
	return a.redirect(c, "ok", title, text, to)
}

// redirect leads to a path, where the next page shows a note. kind is ok, wait or bad.
func (a *Admin) redirect(c *gin.Context, kind, title, text, to string) error {
	a.flash(c, kind, title, text)
	web.SeeOther(c, to)
	return nil
}

// frame returns what surrounds a page.
func (a *Admin) frame(c *gin.Context, title string, nav layout.Nav) layout.View {
	actor := actorOf(c)
	v := layout.View{
		Title:    title,
		Nav:      nav,
		Banner:   a.Banner,
		SiteName: a.Settings.General().SiteName,
		Version:  a.Version,
		Now:      a.inUserZone(c, a.Store.Now()),
		User:     layoutUser(actor.User),
	}
	if actor.User.ID == 0 {
		return v
	}
	var err error
	if v.Unread, err = a.Inbox.Unread(c.Request.Context(), actor); err != nil {
		a.Log.ErrorContext(c, "count unread notifications", "error", err)
	}
	v.Alert, v.Ignored, v.Failing = a.alert(c), ignoredParts(c), a.failing(c)
	if !isLiveRefresh(c) { // the note is for the page that the user opens next
		v.Flash = a.popFlash(c)
	}
	return v
}

// alert returns what an administrator has to decide.
func (a *Admin) alert(c *gin.Context) layout.Alert {
	text, err := a.Held.Notice(c.Request.Context(), actorOf(c))
	if err != nil {
		a.Log.ErrorContext(c, "count held messages", "error", err)
	}
	if text == "" {
		return layout.Alert{}
	}
	return layout.Alert{Text: text, Href: heldPath, Label: "Send or cancel them"}
}

// layoutUser returns a user as frames show them.
func layoutUser(u models.User) layout.User {
	return layout.User{Name: u.Name, Email: u.Email, Admin: u.Administrator, Theme: u.Theme, Zone: u.TimeZone}
}

// Fail answers with an error page.
func (a *Admin) Fail(c *gin.Context, err error) {
	problem := web.ToProblem(c.Request.Context(), a.Log, err)
	problem.SetHeaders(c.Writer.Header())
	view := page.ErrorView{
		Status:    problem.Status,
		Text:      problem.Detail,
		RequestID: problem.Reference,
		Group:     problem.Group,
	}
	if fields := fieldErrors(err); len(fields) > 0 {
		for _, message := range fields {
			view.Text += ": " + message
		}
	}
	if problem.Status >= http.StatusInternalServerError && problem.Outage == models.Available {
		view.Text = ""
	}
	view.Holders = a.holdersFor(c, err)
	view.Frame = a.guestFrame(problem.Title)
	if actor, ok := web.ActorOf(c.Request.Context()); ok {
		view.Frame.User = layoutUser(actor.User)
	}
	if err := web.Render(c, problem.Status, page.Error(view)); err != nil {
		a.Log.ErrorContext(c, "render error page", "error", err)
		c.String(problem.Status, problem.Title)
	}
}

// guestFrame returns the frame of a page for visitors who are not signed in.
func (a *Admin) guestFrame(title string) layout.View {
	return layout.View{Title: title, Banner: a.Banner, Version: a.Version, Now: a.Store.Now()}
}

// clientOf returns the browser and the address of a request.
func (a *Admin) clientOf(c *gin.Context) account.Client {
	return account.Client{Agent: c.Request.UserAgent(), Address: c.ClientIP(), Device: a.Sessions.Device(c.Request)}
}
