package admin

import (
	"github.com/gin-gonic/gin"

	"gatecrier/models"
	"gatecrier/templates/page"
)

// branchOptions are the orders of the list, the default branch first.
func branchOptions() []sortOption {
	return []sortOption{{name: "name"}, {name: models.BranchesByGate}, {name: models.BranchesByReport, desc: true}}
}

// branchesTab lists the branches, and what each adds to the default branch.
func (a *Admin) branchesTab(c *gin.Context, row models.ProductRow, v *page.ProductView) error {
	ctx, actor := c.Request.Context(), actorOf(c)
	f, p := models.BranchFilter{ProductID: row.ID, Text: c.Query("q")}, pageOf(c, branchOptions()...)
	p.in(productPath(row.ID), "tab", string(page.TabBranches), "q", f.Text)
	list, pager, err := readPage(&p, rowsOf[models.BranchRow]{
		read: func(at models.Place, limit int) ([]models.BranchRow, error) {
			f.Place, f.Limit = at, limit
			return a.Products.Branches(ctx, actor, f)
		},
		key:   models.BranchOrders.Key,
		count: func() (int, error) { return a.Products.CountBranches(ctx, actor, f) },
		one:   "branch", many: "branches",
	})
	if err != nil {
		return err
	}
	v.Branches = page.BranchesTab{
		Query: f.Text, Keep: hiddenFields(append(p.kept(), "tab", string(page.TabBranches))), Sorting: p.sorting(),
		Pager: pager, Kept: a.branchesKept(),
	}
	t := &v.Branches
	adds, err := a.Products.BranchDelta(ctx, row.Default, list)
	for _, b := range list {
		r := a.branchRow(c, b)
		if counts, known := adds[b.ID]; known {
			more := uiCounts(counts)
			r.Adds = &more
		}
		t.Rows = append(t.Rows, r)
	}
	return err
}
