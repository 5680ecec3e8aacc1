package admin

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"gatecrier/app/product"
	"gatecrier/templates/layout"
	"gatecrier/templates/page"
)

// productNewRoutes adds the form for a new product.
func (a *Admin) productNewRoutes(r router) {
	r.get("/products/new", a.productNew)
	r.post("/products", a.productCreate)
}

func (a *Admin) productNew(c *gin.Context) error {
	if err := a.Products.MayCreate(actorOf(c)); err != nil {
		return err
	}
	v := page.ProductNewView{DefaultBranch: product.DefaultBranch}
	return a.productNewPage(c, http.StatusOK, v, idOf(c.Query("group")))
}

// productNewPage shows the form for a product, with a choice of groups if the user has any.
func (a *Admin) productNewPage(c *gin.Context, status int, v page.ProductNewView, group int64) error {
	var err error
	if v.Groups, err = a.groupOptions(c, group); err != nil {
		return err
	}
	v.Frame = a.frame(c, "New product", layout.NavProducts)
	return render(c, status, page.ProductNew(v))
}

func (a *Admin) productCreate(c *gin.Context) error {
	d := product.Draft{
		Name:          c.PostForm("name"),
		Description:   c.PostForm("description"),
		DefaultBranch: c.PostForm("default_branch"),
		GroupID:       idOf(c.PostForm("group_id")),
	}
	row, err := a.Products.Create(c.Request.Context(), actorOf(c), d)
	if errs := fieldErrors(err); errs != nil {
		return a.productNewPage(c, http.StatusUnprocessableEntity, page.ProductNewView{
			Name: d.Name, Description: d.Description, DefaultBranch: d.DefaultBranch, Errors: errs,
		}, d.GroupID)
	}
	return a.done(c, err, "Product created", "", productPath(row.ID))
}
