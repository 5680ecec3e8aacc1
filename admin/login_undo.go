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

// undoEmail says what the link undoes. It changes nothing: programs that scan email follow links
// too.
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
		Title: "Undo the change of the email address?",
		Text: "Restores the email address of " + u.Name + " that this link was sent to. All sessions, links " +
			"and the feed end, and tokens created since then are revoked. Next, you choose a new password.",
		Action: account.UndoPath,
		Button: "Undo change",
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
