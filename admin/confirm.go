package admin

import (
	"cmp"

	"github.com/gin-gonic/gin"

	"gatecrier/models"
	"gatecrier/templates/layout"
	"gatecrier/templates/page"
)

// askPage asks for confirmation of an action, with its effects. Its form posts to the page's own
// path.
func (a *Admin) askPage(c *gin.Context, status int, title string, nav layout.Nav, v page.AskView) error {
	v.Action = cmp.Or(v.Action, c.Request.URL.Path)
	v.Frame = a.frame(c, title, nav)
	return render(c, status, page.Ask(v))
}

// inPartsNote says that a removal continues in the background, "" for one that does not.
func (a *Admin) inPartsNote(c *gin.Context, kind models.RemovalKind, id int64) (string, error) {
	many, err := a.Store.RemovedInParts(c.Request.Context(), kind, id)
	if err != nil || !many {
		return "", err
	}
	return "It disappears immediately. Its data is then deleted in the background, also after a restart. " +
		progressOnHealth, nil
}

const progressOnHealth = "Administrators can see the progress on the Health page."

// confirmPage asks for confirmation before something is deleted. Its form posts to the path of v, or the page's own.
func (a *Admin) confirmPage(c *gin.Context, status int, title string, nav layout.Nav, v page.ConfirmView) error {
	v.Action = cmp.Or(v.Action, c.Request.URL.Path)
	v.Frame = a.frame(c, title, nav)
	return render(c, status, page.Confirm(v))
}
