package admin

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"gatecrier/templates/layout"
	"gatecrier/templates/page"
)

// apiRoutes adds the page about the API.
func (a *Admin) apiRoutes(r router) {
	r.get("/api", a.apiReference)
}

// apiReference shows the page about the API.
func (a *Admin) apiReference(c *gin.Context) error {
	v := page.APIView{Frame: a.frame(c, "The API", layout.NavNone), BaseURL: a.BaseURL(), Groups: a.API}
	return render(c, http.StatusOK, page.API(v))
}
