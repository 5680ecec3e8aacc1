package admin

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"gatecrier/templates/layout"
	"gatecrier/templates/page"
)

// reference is the page about the API.
func (a *Admin) reference(c *gin.Context) error {
	return show(
		c,
		http.StatusOK,
		page.API(page.APIView{Frame: a.frame(c, "The API", layout.NavNone), BaseURL: a.BaseURL(), Groups: a.API}),
	)
}
