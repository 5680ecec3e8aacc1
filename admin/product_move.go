package admin

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"gatecrier/app/authz"
	"gatecrier/app/fault"
	"gatecrier/app/product"
	"gatecrier/app/web"
	"gatecrier/models"
	"gatecrier/templates/layout"
	"gatecrier/templates/page"
)

// productMoveRoutes adds the move of a product to a group.
func (a *Admin) productMoveRoutes(r router) {
	r.get("/products/:id/move", a.productMoveConfirm)
	r.post("/products/:id/move", a.productMove)
}

// productMoveConfirm says what happens if a product moves to the group that the query names.
func (a *Admin) productMoveConfirm(c *gin.Context) error {
	row, err := a.productOf(c)
	if err != nil {
		return err
	}
	ctx, actor := c.Request.Context(), actorOf(c)
	if err := authz.Require(ctx, a.Store, actor, authz.Own, row.ID); err != nil {
		return err
	}
	v := page.MoveView{ID: row.ID, Product: row.Name, Group: idOf(c.Query("group"))}
	from, err := a.Store.GroupOf(ctx, row.Product)
	if err != nil {
		return err
	}
	var to *models.Group
	if v.Group != 0 {
		if err := a.Products.Require(ctx, actor, authz.Edit, product.InGroup(v.Group)); err != nil {
			return err
		}
		if to, err = a.Store.GroupOf(ctx, models.Product{GroupID: &v.Group}); err != nil {
			return err
		}
		v.To = to.Name
	}
	if from != nil {
		v.From = from.Name
	}
	if v.From == v.To {
		return a.redirect(c, "ok", "The product is already there", "No changes were made.",
			productPath(row.ID)+"?tab=settings")
	}
	v.Means = moveEffects(row.Product, from, to)
	v.Frame = a.frame(c, "Move "+row.Name, layout.NavProducts)
	return render(c, http.StatusOK, page.Move(v))
}

// moveEffects says what a move changes; nil is no group.
func moveEffects(p models.Product, from, to *models.Group) []string {
	var means []string
	if from != nil {
		means = append(means,
			"members of “"+from.Name+"” lose their inherited access, and its targets stop sending "+
				"notifications for this product")
	}
	switch {
	case to != nil && to.GateMode == models.GateOwn:
		means = append(means, "the gate uses the thresholds of “"+to.Name+"”: "+policyWords(to.Thresholds, to.Counting))
	case to != nil && to.GateMode == models.GateDisabled:
		means = append(means, "the gate is disabled, because “"+to.Name+"” disables the gates of its products")
	case p.GateMode == models.GateOwn:
		means = append(means, "the gate uses the custom thresholds of the product: "+policyWords(p.Thresholds, p.Counting))
	case p.GateMode == models.GateDisabled:
		means = append(means, "the gate is disabled in the settings of the product")
	default:
		means = append(means, "the gate uses the global thresholds")
	}
	if to != nil {
		means = append(means,
			"targets of “"+to.Name+"” send its notifications, unless the product has its own target of the same channel",
			"members of “"+to.Name+"” get their roles here, and earlier notifications are marked as read for them")
	}
	return append(means, "the gate is evaluated again immediately, and notifications are sent if it changes")
}

// productMove moves a product to another group, or out of its group.
func (a *Admin) productMove(c *gin.Context) error {
	row, err := a.productOf(c)
	if err != nil {
		return err
	}
	err = a.Products.Move(c.Request.Context(), actorOf(c), row.ID, idOf(c.PostForm("group")))
	switch errs := fieldErrors(err); {
	case errs != nil:
		a.flash(c, "bad", errs["group_id"], "No changes were made.")
	case fault.Is(err, fault.Conflict):
		a.flash(c, "bad", textOf(err), "No changes were made.")
	case err != nil:
		return err
	default:
		a.flash(c, "ok", "Product "+row.Name+" moved", "")
	}
	web.SeeOther(c, productPath(row.ID)+"?tab=settings")
	return nil
}
