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
	return render(c, http.StatusOK, page.Door(page.DoorView{
		Frame:  a.guestFrame("Mail address"),
		Title:  "Confirm this address",
		Text:   "From then on " + u.EmailPending + " is the address of " + u.Name + ".",
		Action: account.ConfirmPath,
		Button: "Confirm",
		Link:   link,
		Href:   "/login",
		Label:  "Not now",
	}))
}

func (a *Admin) confirmEmailSave(c *gin.Context) error {
	u, err := a.Accounts.ConfirmEmail(c.Request.Context(), c.PostForm("link"))
	if fault.Is(err, fault.NotFound) {
		return a.invalidEmailLink(c, err)
	}
	if err != nil {
		return err
	}
	if a.Sessions.UserID(c.Request.Context()) == u.ID {
		return a.redirect(c, "ok", "Your mail address is confirmed", u.Email, "/profile")
	}
	return render(c, http.StatusOK, page.Door(page.DoorView{
		Frame: a.guestFrame("Mail address"),
		Title: "The address is confirmed",
		Text:  u.Email + " is that of " + u.Name + " now.",
		Href:  "/login",
		Label: "Sign in",
	}))
}

func (a *Admin) invalidEmailLink(c *gin.Context, err error) error {
	return render(c, http.StatusNotFound, page.Door(page.DoorView{
		Frame: a.guestFrame("Link"),
		Title: "This link does not work",
		Text:  textOf(err) + ".",
		Href:  "/profile",
		Label: "To your profile",
	}))
}
