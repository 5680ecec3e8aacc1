package admin

import (
	"slices"

	"github.com/gin-gonic/gin"

	"gatecrier/app/fault"
	"gatecrier/app/product"
	"gatecrier/models"
	"gatecrier/templates/page"
)

// productTargetRoutes adds the form for a new target of a product.
func (a *Admin) productTargetRoutes(r router) { r.post("/products/:id/targets", a.targetCreate) }

func (a *Admin) targetsTab(c *gin.Context, row models.ProductRow, v *page.ProductView) error {
	list, err := a.Connections.List(c.Request.Context(), actorOf(c), row.ID)
	if err != nil {
		return err
	}
	v.Targets.Rows = a.targetRows(c, list)
	ids := make([]int64, len(list))
	for i, t := range list {
		ids[i] = t.ID
	}
	v.Targets.Adds = a.moduleForms("", nil, nil)
	v.Inherited, err = a.inheritedTargets(c, row, ids)
	return err
}

// targetCreate adds a target to a product. The page follows at once, and not after a redirect,
// since it shows a generated secret this one time.
func (a *Admin) targetCreate(c *gin.Context) error {
	row, err := a.productOf(c)
	if err != nil {
		return err
	}
	added, err := a.addTarget(c, product.InProduct(row.ID))
	if err != nil {
		return err
	}
	return a.productPage(c, added.status, row, page.TabTargets, func(v *page.ProductView) {
		added.fill(&v.Targets.Adds, &v.Targets.Secret)
		for i := range v.Targets.Rows {
			added.mark(&v.Targets.Rows[i])
		}
	})
}

// inheritedTargets returns the group's targets that are used for a product. Users who cannot edit
// the group see only names and modules.
func (a *Admin) inheritedTargets(c *gin.Context, row models.ProductRow, own []int64) ([]page.TargetRow, error) {
	if row.GroupID == nil {
		return nil, nil
	}
	ctx := c.Request.Context()
	hints := map[int64]string{}
	list, err := a.Connections.ListGroup(ctx, actorOf(c), *row.GroupID)
	if err != nil && !fault.Is(err, fault.NotFound) && !fault.Is(err, fault.Forbidden) {
		return nil, err
	}
	for _, t := range list {
		hints[t.ID] = t.Hint
	}
	targets, err := a.Store.TargetsOf(ctx, []int64{row.ID})
	var rows []page.TargetRow
	for _, t := range targets[row.ID] {
		if !slices.Contains(own, t.ConnectionID) {
			rows = append(rows, page.TargetRow{
				ID:      t.ConnectionID,
				Name:    t.Name,
				Module:  a.descriptor(t.Module).Title,
				Hint:    hints[t.ConnectionID],
				Enabled: t.Enabled,
			})
		}
	}
	return rows, err
}
