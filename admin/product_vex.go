package admin

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"gatecrier/app/authz"
	"gatecrier/app/fault"
	"gatecrier/app/web"
	"gatecrier/models"
	"gatecrier/templates/layout"
	"gatecrier/templates/page"
	"gatecrier/templates/ui"
)

const vexDeleteRoute = "/products/:id/vex/:vex/delete"

// productVEXRoutes adds the deletion of a VEX document.
func (a *Admin) productVEXRoutes(r router) {
	r.get(vexDeleteRoute, a.vexDeleteConfirm)
	r.post(vexDeleteRoute, a.vexDelete)
}

// productVEX lists the VEX documents of a product.
func (a *Admin) productVEX(c *gin.Context, row models.ProductRow, v *page.ProductView) error {
	ctx, actor := c.Request.Context(), actorOf(c)
	list, err := a.Store.VEXDocuments(ctx, actor.Scope(), row.ID)
	if err != nil || len(list) == 0 {
		return err
	}
	v.CanAssess, err = authz.May(ctx, a.Store, actor, authz.Assess, row.ID)
	for _, d := range list {
		v.VEX = append(v.VEX, page.VEXRow{
			ID:           d.ID,
			Document:     d.Document,
			Author:       d.Author,
			Version:      d.Version,
			Format:       d.Format,
			Branch:       d.Branch,
			Statements:   d.Statements,
			Observations: d.Applied,
			At:           a.inUserZone(c, d.UploadedAt),
			By:           d.UploadedBy,
		})
	}
	return err
}

// deletableVEX returns the VEX document of the path and its product, if the actor can delete it.
func (a *Admin) deletableVEX(c *gin.Context) (models.ProductRow, models.VEXDocument, error) {
	row, err := a.productOf(c)
	if err != nil {
		return row, models.VEXDocument{}, err
	}
	if err := authz.Require(c.Request.Context(), a.Store, actorOf(c), authz.Assess, row.ID); err != nil {
		return row, models.VEXDocument{}, err
	}
	id, err := web.ID(c, "vex", "VEX document")
	if err != nil {
		return row, models.VEXDocument{}, err
	}
	d, err := a.Observations.VEXDocument(c.Request.Context(), actorOf(c), id)
	if err == nil && d.ProductID != row.ID {
		err = fault.NewNotFound("VEX document")
	}
	return row, d, err
}

// vexDeleteConfirm names what the deletion of a VEX document changes.
func (a *Admin) vexDeleteConfirm(c *gin.Context) error {
	row, d, err := a.deletableVEX(c)
	if err != nil {
		return err
	}
	changed, active, err := a.Observations.WithoutVEX(c.Request.Context(), actorOf(c), d.ID)
	if err != nil {
		return err
	}
	effects := []string{
		"Its " + ui.Plural(int(d.Statements), "statement no longer applies", "statements no longer apply") +
			", including to later reports.",
	}
	switch {
	case changed == 0:
		effects = append(effects, "No observation changes its status.")
	case changed == 1:
		effects = append(effects, "1 observation returns to the status of another document or of its report.")
	default:
		effects = append(effects,
			ui.Number(int64(changed))+" observations return to the status of other documents or of their reports.")
	}
	if active > 0 {
		effects = append(effects, ui.Plural(
			active, "observation becomes active and counts", "observations become active and count",
		)+" towards the gate.")
	}
	return a.askPage(c, http.StatusOK, "Delete VEX document", layout.NavProducts, page.AskView{
		Title:   "Delete VEX document “" + d.Document + "”?",
		Effects: effects,
		Cancel:  productPath(row.ID),
		Crumbs: []ui.Crumb{
			{Label: "Products", Href: "/products"},
			{Label: row.Name, Href: productPath(row.ID)},
		},
		Buttons: []page.AskButton{{Label: "Delete VEX document", Danger: true}},
	})
}

// vexDelete deletes a VEX document.
func (a *Admin) vexDelete(c *gin.Context) error {
	row, d, err := a.deletableVEX(c)
	if err != nil {
		return err
	}
	r, err := a.Observations.DeleteVEX(c.Request.Context(), actorOf(c), d.ID)
	if err != nil {
		return err
	}
	text := ui.Plural(r.Changed, "observation", "observations") + " changed"
	return a.redirect(c, "ok", "VEX document deleted", text, productPath(row.ID))
}
