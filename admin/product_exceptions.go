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
	p := pageOf(c, newestFirst("last_seen")...)
	p.in(path, append(here, "state", knownValue(c, "state"), "muted", knownValue(c, "muted"))...)
	t := &v.Exceptions
	t.Chips = exceptionChips(path, q.ExceptionFilter, append(here, p.kept()...))
	groups, pager, err := readPage(&p, a.exceptionsIn(c, models.ExceptionFilter{
		ProductID: row.ID, State: q.State, Muted: q.Muted,
	}))
	if err != nil {
		return err
	}
	t.Sorting, t.Pager = p.sorting(), pager
	t.Rows = a.exceptionRows(c, groups)
	if v.CanAssess, err = authz.May(c.Request.Context(), a.Store, actorOf(c), authz.Assess, row.ID); err != nil {
		return err
	}
	return a.ingestKeyFacts(c, row, v)
}
