package admin

import (
	"slices"
	"strconv"
	"strings"
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

// exceptionKey reads the key at which a page begins. It returns nil, the first page, for a text
// that is not a key.
func exceptionKey(text string) *models.ExceptionKeyset {
	at, id, _ := strings.Cut(text, "-")
	last, err1 := strconv.ParseInt(at, 10, 64)
	n, err2 := strconv.ParseInt(id, 10, 64)
	if err1 != nil || err2 != nil {
		return nil
	}
	return &models.ExceptionKeyset{LastAt: last, ID: n}
}

// cutExceptions cuts a list to one page and returns the URL of the next.
func cutExceptions(groups []exception.Group, path string, pairs ...string) (list []exception.Group, next string) {
	if len(groups) <= pageSize {
		return groups, ""
	}
	groups = groups[:pageSize]
	last := groups[pageSize-1]
	after := formatInt(last.LastAt.UnixMicro()) + "-" + formatInt(last.ID)
	return groups, link(path, append(slices.Clone(pairs), "after", after)...)
}

// exceptionOf returns the exception of the path.
func (a *Admin) exceptionOf(c *gin.Context) (exception.Detail, error) {
	id, err := web.ID(c, "id", "exception")
	if err != nil {
		return exception.Detail{}, err
	}
	return a.Exceptions.Get(c.Request.Context(), actorOf(c), id)
}
