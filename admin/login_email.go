package admin

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"gatecrier/app/account"
	"gatecrier/app/fault"
	"gatecrier/models"
	"gatecrier/templates/page"
)

// emailRoutes adds the page that a link to confirm an email address leads to.
func (a *Admin) emailRoutes(r router) {
	r.get(account.ConfirmPath, a.confirmEmail)
	r.post(account.ConfirmPath, a.confirmEmailSave)
}

func (a *Admin) confirmEmail(c *gin.Context) error {
	link := c.Query("link")
	u, err := a.Accounts.LinkUser(c.Request.Context(), models.LinkEmail, link)
	if fault.Is(err, fault.NotFound) {
		return a.invalidEmailLink(c, err)
	}
	if err != nil {
		return err
	}
	return a.confirmEmailPage(c, http.StatusOK, link, u, nil)
}

func (a *Admin) confirmEmailPage(
	c *gin.Context, status int, link string, u models.User, errs map[string]string,
) error {
	tokens, err := a.Accounts.LinkTokens(c.Request.Context(), u)
	if err != nil {
		return err
	}
	return render(c, status, page.Door(page.DoorView{
		Frame: a.guestFrame("Email address"),
		Title: "Confirm email address",
		Text: u.EmailPending + " becomes the email address of " + u.Name +
			". All sessions end, and the feed is removed. A link sent to the old address can undo this for 7 days.",
		Tokens: a.keepRows(c, u, tokens),
		Errors: errs,
		Action: account.ConfirmPath,
		Button: "Confirm address",
		Link:   link,
		Href:   "/login",
		Label:  "Not now",
	}))
}

func (a *Admin) confirmEmailSave(c *gin.Context) error {
	ctx, link := c.Request.Context(), c.PostForm("link")
	keep, err := keptTokens(c)
	var u models.User
	if err == nil {
		u, err = a.Accounts.ConfirmEmail(ctx, link, keep)
	}
	if errs := fieldErrors(err); errs != nil {
		if u, err = a.Accounts.LinkUser(ctx, models.LinkEmail, link); err == nil {
			return a.confirmEmailPage(c, http.StatusUnprocessableEntity, link, u, errs)
		}
	}
	if fault.Is(err, fault.NotFound) {
		return a.invalidEmailLink(c, err)
	}
	if err != nil {
		return err
	}
	if a.Sessions.UserID(ctx) == u.ID { // this session has ended too: start a new one
		if err := a.Sessions.SignIn(ctx, u, a.clientOf(c)); err != nil {
			return err
		}
		return a.redirect(c, "ok", "Email address confirmed", u.Email, "/profile")
	}
	return render(c, http.StatusOK, page.Door(page.DoorView{
		Frame: a.guestFrame("Email address"),
		Title: "Email address confirmed",
		Text:  u.Email + " is now the email address of " + u.Name + ".",
		Href:  "/login",
		Label: "Sign in",
	}))
}

func (a *Admin) invalidEmailLink(c *gin.Context, err error) error {
	return render(c, http.StatusNotFound, page.Door(page.DoorView{
		Frame: a.guestFrame("Link"),
		Title: "This link is invalid or has expired",
		Text:  textOf(err) + ".",
		Href:  "/profile",
		Label: "Go to your profile",
	}))
}
