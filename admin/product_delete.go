package admin

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"gatecrier/app/authz"
	"gatecrier/models"
	"gatecrier/templates/layout"
	"gatecrier/templates/page"
)

// productDeleteRoutes adds the deletion of a product.
func (a *Admin) productDeleteRoutes(r router) {
	r.get("/products/:id/delete", a.productDeleteConfirm)
	r.post("/products/:id/delete", a.productDelete)
}

func (a *Admin) productDeleteConfirm(c *gin.Context) error {
	return a.productDeletePage(c, http.StatusOK, "")
}

// productDeletePage names what is lost with a product, and asks for its name. problem is what is
// wrong with the typed name.
func (a *Admin) productDeletePage(c *gin.Context, status int, problem string) error {
	row, err := a.productOf(c)
	if err != nil {
		return err
	}
	if err := authz.Require(c.Request.Context(), a.Store, actorOf(c), authz.Own, row.ID); err != nil {
		return err
	}
	targets, err := a.Connections.List(c.Request.Context(), actorOf(c), row.ID)
	if err != nil {
		return err
	}
	note, err := a.inPartsNote(c, models.RemoveProduct, row.ID)
	if err != nil {
		return err
	}
	active := plural(int(row.Default.Counts.Total()), "active observation", "active observations")
	return a.confirmPage(c, status, "Delete "+row.Name, layout.NavProducts, page.ConfirmView{
		Title: "Delete " + row.Name + "?",
		Note:  note,
		Lost: []string{
			active + " and all resolved observations of every branch",
			"the gate history, and the product's notifications in the inbox of every user",
			plural(len(targets), "target", "targets") + ", including secrets and delivery log",
		},
		Button: "Delete product permanently",
		Cancel: productPath(row.ID) + "?tab=settings",
		Type:   row.Name,
		Error:  problem,
	})
}

func (a *Admin) productDelete(c *gin.Context) error {
	row, err := a.productOf(c)
	if err != nil {
		return err
	}
	if c.PostForm("confirm") != row.Name {
		return a.productDeletePage(c, http.StatusUnprocessableEntity, "Type the product's name to confirm")
	}
	err = a.Products.Delete(c.Request.Context(), actorOf(c), row.ID, 0)
	return a.done(c, err, "Product "+row.Name+" deleted", "", "/products")
}
