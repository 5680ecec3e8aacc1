package admin

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"gatecrier/templates/layout"
	"gatecrier/templates/page"
)

// passwordRoutes adds the page that changes the user's password.
func (a *Admin) passwordRoutes(r router) {
	r.get(passwordPath, a.password)
	r.post(passwordPath, a.changePassword)
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
	// All sessions have ended, this one too: start a new one.
	err = a.Sessions.SignIn(ctx, actorOf(c).User, clientOf(c))
	return a.done(c, err, "Your password is changed", "Other sessions of yours have ended.", "/")
}
