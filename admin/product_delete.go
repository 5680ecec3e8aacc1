package admin

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"gatecrier/app/authz"
	"gatecrier/app/product"
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
	losses, err := a.Store.LossesOf(c.Request.Context(), product.InProduct(row.ID))
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
		Lost: append([]string{
			active + " on the default branch, and all other observations of " +
				upTo(losses.Branches, models.MaxLosses, "branch", "branches"),
			"the gate history, and the product's notifications in the inbox of every user",
			plural(len(targets), "target", "targets") + ", including secrets and delivery log",
		}, lossTexts(losses)...),
		Button: "Delete product permanently",
		Cancel: productPath(row.ID) + "?tab=settings",
		Type:   row.Name,
		Error:  problem,
	})
}

// lossTexts names what is deleted with a product or a group, apart from observations and targets.
func lossTexts(l models.Losses) []string {
	var texts []string
	for _, t := range []struct {
		n         int
		one, many string
	}{
		{l.Members, "member with a role", "members with their roles"},
		{l.Roles, "role of an authorization group", "roles of authorization groups"},
		{l.Tokens, "token: pipelines that use it are rejected", "tokens: pipelines that use them are rejected"},
		{l.Keys, "DSN: applications that use it are rejected", "DSNs: applications that use them are rejected"},
		{l.Exceptions, "exception with its samples", "exceptions with their samples"},
		{l.Silences, "silence", "silences"},
		{l.VEX, "VEX document", "VEX documents"},
	} {
		if t.n > 0 {
			texts = append(texts, upTo(t.n, models.MaxLosses, t.one, t.many))
		}
	}
	return texts
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
