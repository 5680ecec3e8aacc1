package admin

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"gatecrier/app/account"
	"gatecrier/app/fault"
	"gatecrier/app/web"
	"gatecrier/templates/layout"
	"gatecrier/templates/page"
)

func (a *Admin) login(c *gin.Context) error {
	next := safeRedirect(c.Query("next"))
	if a.Sessions.UserID(c.Request.Context()) != 0 {
		web.SeeOther(c, next)
		return nil
	}
	return render(c, http.StatusOK, page.Login(a.loginView("", next, "")))
}

func (a *Admin) loginView(name, next, why string) page.LoginView {
	v := page.LoginView{
		Frame: a.guestFrame("Sign in"),
		Name:  name, Next: next, Error: why, FirstHint: a.FirstHint(),
	}
	if a.Banner.SignIn != "" {
		v.FirstHint = a.Banner.SignIn
	}
	return v
}

// guestFrame is the frame of who is not signed in.
func (a *Admin) guestFrame(title string) layout.View {
	return layout.View{Title: title, Banner: a.Banner, Version: a.Version, Now: a.Store.Now()}
}

func (a *Admin) signIn(c *gin.Context) error {
	name, next := c.PostForm("name"), safeRedirect(c.PostForm("next"))
	user, err := a.Accounts.SignIn(c.Request.Context(), name, c.PostForm("password"), c.ClientIP())
	if fault.Is(err, fault.Unauthenticated) {
		return render(
			c, http.StatusUnauthorized, page.Login(a.loginView(name, next, "That name and password do not belong together.")),
		)
	}
	if f := (*fault.Error)(nil); fault.Is(err, fault.TooMany) && errors.As(err, &f) {
		c.Header("Retry-After", strconv.Itoa(int(f.Wait/time.Second)))
		return render(c, http.StatusTooManyRequests, page.Login(a.loginView(name, next, f.Text)))
	}
	if err != nil {
		return err
	}
	if err := a.Sessions.SignIn(c.Request.Context(), user, clientOf(c)); err != nil {
		return err
	}
	a.Log.InfoContext(c, "signed in", "user", user.ID, "request_id", web.RequestID(c.Request.Context()))
	web.SeeOther(c, next)
	return nil
}

// clientOf is where a request comes from.
func clientOf(c *gin.Context) account.Client {
	return account.Client{Agent: c.Request.UserAgent(), Address: c.ClientIP()}
}

func (a *Admin) signOut(c *gin.Context) error {
	if err := a.Sessions.Destroy(c.Request.Context()); err != nil {
		return err
	}
	web.SeeOther(c, "/login")
	return nil
}

func (a *Admin) password(c *gin.Context) error {
	return a.passwordPage(c, http.StatusOK, nil)
}

func (a *Admin) passwordPage(c *gin.Context, status int, errs map[string]string) error {
	return render(c, status, page.Password(page.PasswordView{
		Frame:  a.frame(c, "Change your password", layout.NavNone),
		Forced: actorOf(c).User.MustChangePassword, MinLength: a.Settings.Users().PasswordMinLength, Errors: errs,
	}))
}

func (a *Admin) changePassword(c *gin.Context) error {
	newPassword := c.PostForm("new")
	if c.PostForm("repeat") != newPassword {
		return a.passwordPage(c, http.StatusUnprocessableEntity, map[string]string{"repeat": "This is not the same as above"})
	}
	ctx := c.Request.Context()
	err := a.Accounts.ChangePassword(ctx, actorOf(c).User.ID, c.PostForm("current"), newPassword)
	if errs := fieldErrors(err); errs != nil {
		return a.passwordPage(c, http.StatusUnprocessableEntity, errs)
	}
	if err != nil {
		return err
	}
	// All sessions have ended, this one too: it begins anew.
	if err := a.Sessions.SignIn(ctx, actorOf(c).User, clientOf(c)); err != nil {
		return err
	}
	a.flash(c, "ok", "Your password is changed", "Other sessions of yours have ended.")
	web.SeeOther(c, "/")
	return nil
}
