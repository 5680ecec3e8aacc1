package admin

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"gatecrier/app/account"
	"gatecrier/app/fault"
	"gatecrier/models"
	"gatecrier/templates/page"
)

// undoRoutes adds the page that a link to undo a change of the email address leads to.
func (a *Admin) undoRoutes(r router) {
	r.get(account.UndoPath, a.undoEmail)
	r.post(account.UndoPath, a.undoEmailSave)
}

// undoEmail says what the link undoes. It changes nothing: programs that scan mail follow links too.
func (a *Admin) undoEmail(c *gin.Context) error {
	link := c.Query("link")
	u, err := a.Accounts.LinkUser(c.Request.Context(), models.LinkUndo, link)
	if fault.Is(err, fault.NotFound) {
		return a.invalidLink(c, err)
	}
	if err != nil {
		return err
	}
	return render(c, http.StatusOK, page.Door(page.DoorView{
		Frame: a.guestFrame("Email address"),
		Title: "Undo the change of the address?",
		Text: "The account of " + u.Name + " gets the address back to which this link was sent. All sessions, links " +
			"and the feed end, and tokens created since are revoked. You choose a new password next.",
		Action: account.UndoPath,
		Button: "Undo the change",
		Link:   link,
		Href:   "/login",
		Label:  "Not now",
	}))
}

func (a *Admin) undoEmailSave(c *gin.Context) error {
	undone, err := a.Accounts.UndoEmail(c.Request.Context(), c.PostForm("link"))
	if fault.Is(err, fault.NotFound) {
		return a.invalidLink(c, err)
	}
	if err != nil {
		return err
	}
	return a.passwordByLinkPage(c, http.StatusOK, undone.Link, nil)
}
