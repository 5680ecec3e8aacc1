package admin

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"gatecrier/app/product"
	"gatecrier/templates/layout"
	"gatecrier/templates/page"
)

// groupNewRoutes adds the form for a new group.
func (a *Admin) groupNewRoutes(r router) {
	r.get("/groups/new", a.groupNew)
	r.post("/groups", a.groupCreate)
}

func (a *Admin) groupNew(c *gin.Context) error {
	return a.groupNewPage(c, http.StatusOK, page.GroupNewView{})
}

func (a *Admin) groupNewPage(c *gin.Context, status int, v page.GroupNewView) error {
	v.Frame = a.frame(c, "New product group", layout.NavGroups)
	return render(c, status, page.GroupNew(v))
}

func (a *Admin) groupCreate(c *gin.Context) error {
	d := product.GroupDraft{Name: c.PostForm("name"), Description: c.PostForm("description")}
	row, err := a.Products.CreateGroup(c.Request.Context(), actorOf(c), d)
	if errs := fieldErrors(err); errs != nil {
		return a.groupNewPage(c, http.StatusUnprocessableEntity, page.GroupNewView{
			Name: d.Name, Description: d.Description, Errors: errs,
		})
	}
	const text = "Next: create products in the group, or move existing ones on their Settings tab."
	return a.done(c, err, "Product group created", text, groupPath(row.ID))
}
