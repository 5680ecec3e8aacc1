package admin

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"gatecrier/app/authz"
	"gatecrier/app/fault"
	"gatecrier/app/product"
	"gatecrier/app/web"
	"gatecrier/templates/layout"
	"gatecrier/templates/page"
)

// groupDeleteRoutes adds the deletion of a group.
func (a *Admin) groupDeleteRoutes(r router) {
	r.get("/groups/:id/delete", a.groupDeleteConfirm)
	r.post("/groups/:id/delete", a.groupDelete)
}

func (a *Admin) groupDeleteConfirm(c *gin.Context) error {
	return a.groupDeletePage(c, http.StatusOK, "", nil)
}

// groupDeletePage asks what to do with a group's products, and asks for the group's name.
func (a *Admin) groupDeletePage(c *gin.Context, status int, choice string, errs map[string]string) error {
	row, err := a.groupOf(c)
	if err != nil {
		return err
	}
	if err := a.Products.Require(c.Request.Context(), actorOf(c), authz.Own, product.InGroup(row.ID)); err != nil {
		return err
	}
	targets, err := a.Connections.ListGroup(c.Request.Context(), actorOf(c), row.ID)
	if err != nil {
		return err
	}
	losses, err := a.Store.LossesOf(c.Request.Context(), product.InGroup(row.ID))
	if err != nil {
		return err
	}
	return render(c, status, page.GroupDelete(page.GroupDeleteView{
		Lost:     lossTexts(losses),
		Frame:    a.frame(c, "Delete "+row.Name, layout.NavGroups),
		ID:       row.ID,
		Name:     row.Name,
		Products: row.Products,
		Targets:  len(targets),
		Choice:   choice,
		Errors:   errs,
	}))
}

func (a *Admin) groupDelete(c *gin.Context) error {
	row, err := a.groupOf(c)
	if err != nil {
		return err
	}
	var fieldErrs fault.Fields
	choice := c.PostForm("products")
	if choice != "keep" && choice != "delete" {
		fieldErrs.Add("products", "Choose what happens to the products")
	}
	if choice == "delete" && c.PostForm("count") != formatInt(row.Products) { // the group has changed since it was shown
		fieldErrs.Add("products", "The group now has "+plural(row.Products, "product", "products")+". Choose again")
	}
	if c.PostForm("confirm") != row.Name {
		fieldErrs.Add("confirm", "Type the group's name to confirm")
	}
	if errs := fieldErrors(fieldErrs.Err()); errs != nil {
		return a.groupDeletePage(c, http.StatusUnprocessableEntity, choice, errs)
	}
	if err := a.Products.DeleteGroup(c.Request.Context(), actorOf(c), row.ID, 0, choice == "delete"); err != nil {
		return err
	}
	if choice == "delete" {
		a.flash(c, "ok", "Product group "+row.Name+" deleted, including "+plural(row.Products, "product", "products"), "")
	} else {
		a.flash(c, "ok", "Product group "+row.Name+" deleted",
			plural(row.Products, "product no longer belongs", "products no longer belong")+" to a group.")
	}
	web.SeeOther(c, "/groups")
	return nil
}
