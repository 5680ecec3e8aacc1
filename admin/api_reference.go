package admin

import (
	"net/http"
	"slices"

	"github.com/gin-gonic/gin"

	"gatecrier/app/fault"
	"gatecrier/templates/layout"
	"gatecrier/templates/page"
)

// apiRoutes adds the page about the API.
func (a *Admin) apiRoutes(r router) {
	r.get("/api", a.apiReference)
}

// apiReference shows how the API works, or the operations of a group.
func (a *Admin) apiReference(c *gin.Context) error {
	v := page.APIView{BaseURL: a.BaseURL(), Groups: a.API}
	title := "API reference"
	if name := c.Query("group"); name != "" {
		i := slices.IndexFunc(a.API, func(g page.APIGroup) bool { return g.Name == name })
		if i < 0 {
			return fault.NewNotFound("page")
		}
		v.Group = a.API[i]
		title = v.Group.Title() + " · " + title
	}
	v.Frame = a.frame(c, title, layout.NavNone)
	return render(c, http.StatusOK, page.API(v))
}
