package admin

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"gatecrier/app/authz"
	"gatecrier/app/exception"
	"gatecrier/app/fault"
	"gatecrier/app/web"
	"gatecrier/models"
	"gatecrier/templates/layout"
	"gatecrier/templates/page"
	"gatecrier/templates/ui"
)

const exceptionsPath = "/exceptions"

// ownExceptions stands for those of no product in the URL.
const ownExceptions = "none"

// newFor is how long an exception is called new.
const newFor = 24 * time.Hour

// exceptionQuery is the list's filter as the URL has it.
type exceptionQuery struct {
	models.ExceptionFilter
	pairs []string
}

// exceptionQuery reads the filter of the URL. What is no id is of nothing that
// there is.
func readExceptionQuery(c *gin.Context) (exceptionQuery, error) {
	var q exceptionQuery
	keep := func(name, value string) { q.pairs = append(q.pairs, name, value) }
	switch s := models.ExceptionState(c.Query("state")); s {
	case models.ExceptionOpen, models.ExceptionResolved:
		q.State = s
		keep("state", string(s))
	}
	if c.Query("muted") == "1" {
		q.Muted = true
		keep("muted", "1")
	}
	switch k := models.ExceptionKind(c.Query("kind")); k {
	case models.ExceptionRequest, models.ExceptionTask, models.ExceptionReported:
		q.Kind = k
		keep("kind", string(k))
	}
	switch text := c.Query("product"); text {
	case "":
	case ownExceptions:
		q.Own = true
		keep("product", text)
	default:
		if q.ProductID = idOf(text); q.ProductID < 1 {
			return q, fault.NewNotFound("product")
		}
		keep("product", text)
	}
	if q.Text = strings.TrimSpace(c.Query("q")); q.Text != "" {
		keep("q", q.Text)
	}
	q.Limit = pageSize + 1
	return q, nil
}

// exceptionList shows the exceptions that the URL's filter finds.
func (a *Admin) exceptionList(c *gin.Context) error {
	ctx, actor := c.Request.Context(), actorOf(c)
	q, err := readExceptionQuery(c)
	if err != nil {
		return err
	}
	v := page.ExceptionsView{Query: q.Text, Here: c.Request.URL.RequestURI(), Any: len(q.pairs) > 0}
	if err := a.exceptionFilters(c, q, &v); err != nil {
		return err
	}
	f := q.ExceptionFilter
	if f.After = exceptionKey(c.Query("after")); f.After != nil {
		v.Any, v.Pager.First = true, link(exceptionsPath, q.pairs...)
	}
	groups, err := a.Exceptions.List(ctx, actor, f)
	if err != nil {
		return err
	}
	groups, v.Pager.Next = cutExceptions(groups, exceptionsPath, q.pairs...)
	v.Pager.Text = plural(len(groups), "exception", "exceptions") + " shown"
	v.Any = v.Any || len(groups) > 0
	v.Rows = a.exceptionRows(c, groups)
	if err := a.selectableExceptions(c, groups, v.Rows); err != nil {
		return err
	}
	v.Frame = a.frame(c, "Exceptions", layout.NavExceptions)
	return render(c, http.StatusOK, page.Exceptions(v))
}

// exceptionFilters fills what the list can be filtered by. Whoever is no
// administrator sees none of requests.
func (a *Admin) exceptionFilters(c *gin.Context, q exceptionQuery, v *page.ExceptionsView) error {
	v.Chips = exceptionChips(exceptionsPath, q.ExceptionFilter, withoutPairs(withoutPairs(q.pairs, "state"), "muted"))
	rest := withoutPairs(q.pairs, "kind")
	v.Kinds = []ui.Chip{{Label: "Any source", Href: link(exceptionsPath, rest...), Count: -1, Current: q.Kind == ""}}
	for _, k := range []struct {
		kind  models.ExceptionKind
		label string
		admin bool
	}{{models.ExceptionReported, "Reported", false}, {models.ExceptionTask, "Background tasks", false}, {models.ExceptionRequest, "Requests", true}} {
		if !k.admin || actorOf(c).Administrator() {
			v.Kinds = append(v.Kinds, ui.Chip{
				Label:   k.label,
				Href:    link(exceptionsPath, append(slices.Clone(rest), "kind", string(k.kind))...),
				Count:   -1,
				Current: q.Kind == k.kind,
			})
		}
	}
	for i := 0; i < len(q.pairs); i += 2 {
		if q.pairs[i] != "q" {
			v.Hidden = append(v.Hidden, page.Hidden{Name: q.pairs[i], Value: q.pairs[i+1]})
		}
	}
	if q.Own {
		v.Filters = append(
			v.Filters, ui.Removable{Label: "Of no product", Clear: link(exceptionsPath, withoutPairs(q.pairs, "product")...)},
		)
	}
	if q.ProductID == 0 {
		return nil
	}
	row, err := a.Products.Get(c.Request.Context(), actorOf(c), q.ProductID)
	v.Filters = append(
		v.Filters, ui.Removable{Label: row.Name, Clear: link(exceptionsPath, withoutPairs(q.pairs, "product")...)},
	)
	return err
}

// exceptionChips are the states to filter by.
func exceptionChips(path string, f models.ExceptionFilter, rest []string) []ui.Chip {
	of := func(label string, current bool, pair ...string) ui.Chip {
		return ui.Chip{Label: label, Href: link(path, append(slices.Clone(rest), pair...)...), Count: -1, Current: current}
	}
	return []ui.Chip{
		of("All", f.State == "" && !f.Muted),
		of("Open", f.State == models.ExceptionOpen, "state", string(models.ExceptionOpen)),
		of("Resolved", f.State == models.ExceptionResolved, "state", string(models.ExceptionResolved)),
		of("Muted", f.Muted, "muted", "1"),
	}
}

// exceptionKey reads where a page begins; what is no such place begins at the
// first.
func exceptionKey(text string) *models.ExceptionKeyset {
	at, id, _ := strings.Cut(text, "-")
	last, err1 := strconv.ParseInt(at, 10, 64)
	n, err2 := strconv.ParseInt(id, 10, 64)
	if err1 != nil || err2 != nil {
		return nil
	}
	return &models.ExceptionKeyset{LastAt: last, ID: n}
}

// cutExceptions cuts a list to its page, and says where the next one is.
func cutExceptions(groups []exception.Group, path string, pairs ...string) (list []exception.Group, next string) {
	if len(groups) <= pageSize {
		return groups, ""
	}
	groups = groups[:pageSize]
	last := groups[pageSize-1]
	return groups, link(path, append(slices.Clone(pairs), "after", formatInt(last.LastAt.UnixMicro())+"-"+formatInt(last.ID))...)
}

func (a *Admin) exceptionRows(c *gin.Context, groups []exception.Group) []page.ExceptionRow {
	rows := make([]page.ExceptionRow, len(groups))
	for i, g := range groups {
		rows[i] = a.exceptionRow(c, g)
	}
	return rows
}

func (a *Admin) exceptionRow(c *gin.Context, g exception.Group) page.ExceptionRow {
	now := a.Store.Now()
	row := page.ExceptionRow{
		ID:        g.ID,
		Class:     g.Class,
		Message:   g.Message,
		Function:  g.Function,
		Kind:      string(g.Kind),
		ProductID: g.ProductID,
		Product:   g.Product,
		FirstAt:   a.inUserZone(c, g.FirstAt),
		LastAt:    a.inUserZone(c, g.LastAt),
		Count:     g.Count,
		Held:      g.Held,
		New:       now.Sub(g.FirstAt) < newFor,
		Regressed: !g.RegressedAt.IsZero(),
		Resolved:  g.State == models.ExceptionResolved,
		Overflow:  exception.KeyMethod(g.By) == exception.ByOverflow,
	}
	if g.MutedUntil.After(now) {
		row.MutedUntil = a.inUserZone(c, g.MutedUntil)
	}
	first := now.Truncate(time.Hour).Add(-time.Duration(len(g.Hours)-1) * time.Hour)
	for i, n := range g.Hours {
		row.Hours = append(row.Hours, ui.Beat{At: a.inUserZone(c, first.Add(time.Duration(i)*time.Hour)), N: int64(n)})
	}
	return row
}

// selectableExceptions marks the rows that the actor may resolve and merge, with
// one look at his roles.
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

// exceptionsTab lists a product's exceptions, and has what its programs need to
// report theirs.
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
	return a.ingestKeyFacts(c, row, v)
}

// exceptionOf finds the exception of a path.
func (a *Admin) exceptionOf(c *gin.Context) (exception.Detail, error) {
	id, err := web.ID(c, "id", "exception")
	if err != nil {
		return exception.Detail{}, err
	}
	return a.Exceptions.Get(c.Request.Context(), actorOf(c), id)
}

func exceptionPath(id int64) string { return exceptionsPath + "/" + formatInt(id) }
