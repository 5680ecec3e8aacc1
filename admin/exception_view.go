package admin

import (
	"slices"
	"time"

	"github.com/gin-gonic/gin"

	"gatecrier/app/exception"
	"gatecrier/app/web"
	"gatecrier/models"
	"gatecrier/templates/page"
	"gatecrier/templates/ui"
)

// newFor is how long an exception is called new.
const newFor = 24 * time.Hour

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
		Held:      g.SuppressedSince,
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

// exceptionChips returns the states to filter by.
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

// exceptionsIn reads the exceptions of a filter. It counts those that an index finds.
func (a *Admin) exceptionsIn(c *gin.Context, f models.ExceptionFilter) rowsOf[exception.Group] {
	ctx, actor := c.Request.Context(), actorOf(c)
	list := rowsOf[exception.Group]{
		read: func(at models.Place, limit int) ([]exception.Group, error) {
			f.Place, f.Limit = at, limit
			return a.Exceptions.List(ctx, actor, f)
		},
		key: func(at models.Place, g exception.Group) string {
			return models.ExceptionOrders.Key(at, g.ExceptionGroup)
		},
		one: "exception", many: "exceptions",
	}
	found := f.ProductID != 0 || f.Own || actor.Administrator()
	if found && f.State == "" && f.Kind == "" && !f.Muted && f.Text == "" {
		list.count = func() (int, error) { return a.Exceptions.Count(ctx, actor, f) }
	}
	return list
}

// exceptionOf returns the exception of the path.
func (a *Admin) exceptionOf(c *gin.Context) (exception.Detail, error) {
	id, err := web.ID(c, "id", "exception")
	if err != nil {
		return exception.Detail{}, err
	}
	return a.Exceptions.Get(c.Request.Context(), actorOf(c), id)
}
