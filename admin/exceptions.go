package admin

import (
	"net/http"
	"slices"

	"github.com/gin-gonic/gin"

	"gatecrier/app/authz"
	"gatecrier/app/exception"
	"gatecrier/templates/layout"
	"gatecrier/templates/page"
)

// exceptionsRoutes adds the list of exceptions.
func (a *Admin) exceptionsRoutes(r router) {
	r.get(exceptionsPath, a.exceptionList)
}

// exceptionList shows the exceptions that match the filter of the URL.
func (a *Admin) exceptionList(c *gin.Context) error {
	if err := checkListURL(c, exceptionParams()...); err != nil {
		return err
	}
	q, err := readExceptionQuery(c)
	if err != nil {
		return err
	}
	p := pageOf(c, newestFirst("last_seen")...)
	if isExport(c) {
		q.Place = p.Place
		return a.exportExceptions(c, q.ExceptionFilter)
	}
	v := page.ExceptionsView{Query: q.Text, Here: c.Request.URL.RequestURI(), Any: len(q.pairs) > 0}
	p.in(exceptionsPath, q.pairs...)
	q.pairs = append(q.pairs, p.kept()...)
	if err := a.exceptionFilters(c, q, &v); err != nil {
		return err
	}
	groups, pager, err := readPage(&p, a.exceptionsIn(c, q.ExceptionFilter))
	if err != nil {
		return err
	}
	v.Sorting, v.Pager = p.sorting(), pager
	v.Pager.Export = exportLink(c)
	v.Any = v.Any || len(groups) > 0
	v.Rows = a.exceptionRows(c, groups)
	if err := a.selectableExceptions(c, groups, v.Rows); err != nil {
		return err
	}
	v.Frame = a.frame(c, "Exceptions", layout.NavExceptions)
	return render(c, http.StatusOK, page.Exceptions(v))
}

// selectableExceptions marks the rows that the actor can resolve and merge. It reads the actor's
// roles once for all rows.
func (a *Admin) selectableExceptions(c *gin.Context, groups []exception.Group, rows []page.ExceptionRow) error {
	var products []int64
	for _, g := range groups {
		if g.ProductID != 0 && !slices.Contains(products, g.ProductID) {
			products = append(products, g.ProductID)
		}
	}
	may, err := authz.Among(c.Request.Context(), a.Store, actorOf(c), authz.Assess, products)
	for i, g := range groups {
		rows[i].Selectable = may[g.ProductID] || g.ProductID == 0 && actorOf(c).Administrator()
	}
	return err
}
