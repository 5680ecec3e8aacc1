package admin

import (
	"github.com/gin-gonic/gin"

	"gatecrier/app/product"
	"gatecrier/models"
	"gatecrier/templates/page"
)

// groupTargetRoutes adds the form for a new target of a group.
func (a *Admin) groupTargetRoutes(r router) { r.post("/groups/:id/targets", a.groupTargetCreate) }

// groupTargetsTab lists the targets of a group, with the products that each is used for.
func (a *Admin) groupTargetsTab(c *gin.Context, id int64, v *page.GroupView) error {
	ctx := c.Request.Context()
	list, err := a.Connections.ListGroup(ctx, actorOf(c), id)
	if err != nil {
		return err
	}
	rows := a.targetRows(c, list)
	products, err := a.Store.Products(ctx, actorOf(c).Scope(), models.ProductFilter{Group: id, Limit: maxGroups})
	if err != nil {
		return err
	}
	targets, err := a.Store.TargetsOf(ctx, productIDs(products))
	if err != nil {
		return err
	}
	ids := map[int64]bool{}
	for _, t := range list {
		ids[t.ID] = true
	}
	for i, t := range list {
		used, own := usesOf(t, ids, products, targets)
		v.Targets.Rows = append(v.Targets.Rows, page.GroupTargetRow{TargetRow: rows[i], Used: used, Own: own})
	}
	v.Targets.Adds = a.moduleForms("", nil, nil)
	return nil
}

// usesOf counts the products that a group's target is used for, and names the products that have
// targets of the same module themselves.
func usesOf(
	t models.ConnectionRow, group map[int64]bool, products []models.ProductRow, targets map[int64][]models.Target,
) (used int, own []string) {
	for _, p := range products {
		for _, target := range targets[p.ID] {
			if target.Module != t.Module {
				continue
			}
			if target.ConnectionID == t.ID {
				used++
			} else if !group[target.ConnectionID] {
				own = append(own, p.Name)
				break
			}
		}
	}
	return used, own
}

// groupTargetCreate adds a target to a group. The page follows at once, and not after a redirect,
// since it shows a generated secret this one time.
func (a *Admin) groupTargetCreate(c *gin.Context) error {
	row, err := a.groupOf(c)
	if err != nil {
		return err
	}
	added, err := a.addTarget(c, product.InGroup(row.ID))
	if err != nil {
		return err
	}
	return a.groupPage(c, added.status, row, page.GroupTargets, func(v *page.GroupView) {
		added.fill(&v.Targets.Adds, &v.Targets.Secret)
		for i := range v.Targets.Rows {
			added.mark(&v.Targets.Rows[i].TargetRow)
		}
	})
}
