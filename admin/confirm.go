package admin

import (
	"cmp"

	"github.com/gin-gonic/gin"

	"gatecrier/templates/layout"
	"gatecrier/templates/page"
)

// askPage asks before an action is done, with what it does. Its form posts to the page's own path.
func (a *Admin) askPage(c *gin.Context, status int, title string, nav layout.Nav, v page.AskView) error {
	v.Action = cmp.Or(v.Action, c.Request.URL.Path)
	v.Frame = a.frame(c, title, nav)
	return render(c, status, page.Ask(v))
}

// confirmPage asks before something is lost. Its form posts to the path of v, or the page's own.
func (a *Admin) confirmPage(c *gin.Context, status int, title string, nav layout.Nav, v page.ConfirmView) error {
	v.Action = cmp.Or(v.Action, c.Request.URL.Path)
	v.Frame = a.frame(c, title, nav)
	return render(c, status, page.Confirm(v))
}
