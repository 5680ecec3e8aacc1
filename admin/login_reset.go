package admin

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"gatecrier/app/account"
	"gatecrier/app/authz"
	"gatecrier/app/fault"
	"gatecrier/models"
	"gatecrier/templates/page"
)

// resetRoutes adds the page that a link to a new password leads to.
func (a *Admin) resetRoutes(r router) {
	r.get(account.ResetPath, a.passwordByLink)
	r.post(account.ResetPath, a.passwordByLinkSave)
}

// passwordByLink shows the form that an emailed link leads to. It changes nothing: programs that
// scan email follow links too.
func (a *Admin) passwordByLink(c *gin.Context) error {
	return a.passwordByLinkPage(c, http.StatusOK, c.Query("link"), nil)
}

func (a *Admin) passwordByLinkPage(c *gin.Context, status int, link string, errs map[string]string) error {
	u, err := a.Accounts.LinkUser(c.Request.Context(), models.LinkPassword, link)
	if fault.Is(err, fault.NotFound) {
		return a.invalidLink(c, err)
	}
	if err != nil {
		return err
	}
	tokens, err := a.Accounts.LinkTokens(c.Request.Context(), u)
	if err != nil {
		return err
	}
	made, err := a.madeRows(c, authz.UserActor(u), u.ID)
	if err != nil {
		return err
	}
	return render(c, status, page.Password(page.PasswordView{
		Frame:     a.guestFrame("Choose a password"),
		Link:      link,
		First:     u.LastSignInAt.IsZero(),
		Name:      u.Name,
		MinLength: a.Settings.Users().PasswordMinLength,
		Tokens:    a.keepRows(c, u, tokens),
		Made:      made,
		Errors:    errs,
	}))
}

func (a *Admin) passwordByLinkSave(c *gin.Context) error {
	link, newPassword := c.PostForm("link"), c.PostForm("new")
	if c.PostForm("repeat") != newPassword {
		errs := map[string]string{"repeat": "The passwords do not match"}
		return a.passwordByLinkPage(c, http.StatusUnprocessableEntity, link, errs)
	}
	keep, err := keptTokens(c)
	device, first := "", c.PostForm("first") == "true"
	if err == nil {
		choice := account.PasswordByLink{Link: link, New: newPassword, Keep: keep, Revoke: revokedMade(c)}
		device, err = a.Accounts.ChooseByLink(c.Request.Context(), choice, a.clientOf(c))
	}
	if errs := fieldErrors(err); errs != nil {
		return a.passwordByLinkPage(c, http.StatusUnprocessableEntity, link, errs)
	}
	if fault.Is(err, fault.NotFound) {
		return a.invalidLink(c, err)
	}
	if err != nil {
		return err
	}
	a.Sessions.SetDevice(c.Writer, device)
	title, text := "Password changed", "You have been signed out everywhere. Sign in with the new password."
	if first {
		title, text = "Password set", "Sign in with it."
	}
	return render(c, http.StatusOK, page.Door(page.DoorView{
		Frame: a.guestFrame("Password"),
		Title: title,
		Text:  text,
		Href:  "/login",
		Label: "Sign in",
	}))
}

func (a *Admin) invalidLink(c *gin.Context, err error) error {
	return render(c, http.StatusNotFound, page.Door(page.DoorView{
		Frame: a.guestFrame("Link"),
		Title: "This link is invalid or has expired",
		Text:  textOf(err) + ".",
		Href:  "/login/forgot",
		Label: "Request a new link",
	}))
}
