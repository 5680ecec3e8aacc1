package admin

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"gatecrier/app/fault"
	"gatecrier/app/web"
	"gatecrier/templates/page"
)

// loginRoutes adds the sign-in page, for everyone, and the sign-out.
func (a *Admin) loginRoutes(open, in router) {
	open.get("/login", a.login)
	open.post("/login", a.signIn)
	in.post("/logout", a.signOut)
}

func (a *Admin) login(c *gin.Context) error {
	next := safeRedirect(c.Query("next"))
	if a.Sessions.UserID(c.Request.Context()) != 0 {
		web.SeeOther(c, next)
		return nil
	}
	return render(c, http.StatusOK, page.Login(a.loginView("", next, "")))
}

func (a *Admin) loginView(name, next, problem string) page.LoginView {
	v := page.LoginView{
		Frame: a.guestFrame("Sign in"),
		Name:  name, Next: next, Error: problem, FirstHint: a.FirstHint(),
	}
	if a.Banner.SignIn != "" {
		v.FirstHint = a.Banner.SignIn
	}
	return v
}

func (a *Admin) signIn(c *gin.Context) error {
	name, next := c.PostForm("name"), safeRedirect(c.PostForm("next"))
	in, err := a.Accounts.SignIn(c.Request.Context(), name, c.PostForm("password"), a.clientOf(c))
	if fault.Is(err, fault.Unauthenticated) {
		v := a.loginView(name, next, "Incorrect user name or password.")
		v.Draft = c.PostForm(draftField)
		return render(c, http.StatusUnauthorized, page.Login(v))
	}
	if f := (*fault.Error)(nil); fault.Is(err, fault.TooMany) && errors.As(err, &f) {
		c.Header("Retry-After", strconv.Itoa(int(f.Wait/time.Second)))
		v := a.loginView(name, next, f.Text)
		v.Draft = c.PostForm(draftField)
		return render(c, http.StatusTooManyRequests, page.Login(v))
	}
	if err != nil {
		return err
	}
	if err := a.Sessions.SignIn(c.Request.Context(), in.User, a.clientOf(c)); err != nil {
		return err
	}
	a.Sessions.SetDevice(c.Writer, in.Device)
	next = a.keepDraft(c, in.User.ID, next)
	a.Log.InfoContext(c, "signed in", "user", in.User.ID, "request_id", web.RequestID(c.Request.Context()))
	web.SeeOther(c, next)
	return nil
}

func (a *Admin) signOut(c *gin.Context) error {
	if err := a.Sessions.Destroy(c.Request.Context()); err != nil {
		return err
	}
	a.Hub.Refresh(actorOf(c).User.ID) // its open streams end
	web.SeeOther(c, "/login")
	return nil
}
