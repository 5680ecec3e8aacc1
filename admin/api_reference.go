package admin

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"gatecrier/templates/layout"
	"gatecrier/templates/page"
)

// apiReference is the page about the API.
func (a *Admin) apiReference(c *gin.Context) error {
	return render(
		c,
		http.StatusOK,
		page.API(page.APIView{Frame: a.frame(c, "The API", layout.NavNone), BaseURL: a.BaseURL(), Groups: a.API}),
	)
}
