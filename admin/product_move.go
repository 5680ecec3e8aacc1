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
		return a.redirect(c, "ok", "It is there already", "Nothing was changed.", productPath(row.ID)+"?tab=settings")
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
			"the members of “"+from.Name+"” lose what they may here by it, and its targets tell of the product no more")
	}
	switch {
	case to != nil && to.GateMode == models.GateOwn:
		means = append(means, "the limits of “"+to.Name+"” decide its gate: "+policyWords(to.Thresholds, to.Counting))
	case to != nil && to.GateMode == models.GateDisabled:
		means = append(means, "its gate is none, since “"+to.Name+"” has its gates disabled")
	case p.GateMode == models.GateOwn:
		means = append(means, "its own limits decide its gate: "+policyWords(p.Thresholds, p.Counting))
	case p.GateMode == models.GateDisabled:
		means = append(means, "its gate is none, since the product has it disabled")
	default:
		means = append(means, "the limits of all products decide its gate")
	}
	if to != nil {
		means = append(means,
			"the targets of “"+to.Name+"” tell of it, where it has none of the same module itself",
			"the members of “"+to.Name+"” have their roles in it, and what was told before counts as viewed for them")
	}
	return append(means, "its gate is looked at again at once; a change of it is told")
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
		a.flash(c, "bad", errs["group_id"], "Nothing was changed.")
	case fault.Is(err, fault.Conflict):
		a.flash(c, "bad", textOf(err), "Nothing was changed.")
	case err != nil:
		return err
	default:
		a.flash(c, "ok", row.Name+" is moved", "")
	}
	web.SeeOther(c, productPath(row.ID)+"?tab=settings")
	return nil
}
