package admin

import (
	"github.com/gin-gonic/gin"

	"gatecrier/models"
	"gatecrier/templates/page"
)

// branchesTab lists the branches, and what each adds to the default branch.
func (a *Admin) branchesTab(c *gin.Context, row models.ProductRow, v *page.ProductView) error {
	ctx := c.Request.Context()
	f := models.BranchFilter{ProductID: row.ID, Text: c.Query("q"), Limit: pageSize + 1}
	here := []string{"tab", string(page.TabBranches), "q", f.Text}
	path, t := productPath(row.ID), &v.Branches
	if after, named := c.GetQuery("after"); named {
		f.After = &models.BranchKey{Default: after == "", Name: after}
		t.Pager.First = link(path, here...)
	}
	list, err := a.Products.Branches(ctx, actorOf(c), f)
	if err != nil {
		return err
	}
	if len(list) > pageSize {
		list = list[:pageSize]
		t.Pager.Next = link(path, append(here, "after", list[pageSize-1].Name)...)
	}
	t.Query, t.Pager.Text, t.Kept = f.Text, plural(len(list), "branch", "branches")+" shown", a.branchesKept()
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
