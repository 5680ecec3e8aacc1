package admin

import (
	"github.com/gin-gonic/gin"

	"gatecrier/app/authz"
	"gatecrier/models"
	"gatecrier/templates/page"
)

// exceptionsTab lists a product's exceptions, and shows how programs report theirs.
func (a *Admin) exceptionsTab(c *gin.Context, row models.ProductRow, v *page.ProductView) error {
	q, err := readExceptionQuery(c)
	if err != nil {
		return err
	}
	path, here := productPath(row.ID), []string{"tab", string(page.TabExceptions)}
	t := &v.Exceptions
	t.Chips = exceptionChips(path, q.ExceptionFilter, here)
	f := models.ExceptionFilter{
		ProductID: row.ID,
		State:     q.State,
		Muted:     q.Muted,
		After:     exceptionKey(c.Query("after")),
		Limit:     pageSize + 1,
	}
	for _, name := range []string{"state", "muted"} {
		here = append(here, name, c.Query(name))
	}
	if f.After != nil {
		t.Pager.First = link(path, here...)
	}
	groups, err := a.Exceptions.List(c.Request.Context(), actorOf(c), f)
	if err != nil {
		return err
	}
	groups, t.Pager.Next = cutExceptions(groups, path, here...)
	t.Pager.Text = plural(len(groups), "exception", "exceptions") + " shown"
	t.Rows = a.exceptionRows(c, groups)
	if v.CanAssess, err = authz.May(c.Request.Context(), a.Store, actorOf(c), authz.Assess, row.ID); err != nil {
		return err
	}
	return a.ingestKeyFacts(c, row, v)
}
