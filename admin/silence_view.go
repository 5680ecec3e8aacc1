package admin

import (
	"github.com/gin-gonic/gin"

	"gatecrier/app/event"
	"gatecrier/app/silence"
	"gatecrier/models"
	"gatecrier/templates/page"
)

// silenceableTypes names the types that can be silenced.
var silenceableTypes = map[event.Type]string{
	event.GateChanged:       "Gate changes",
	event.WaiverEnds:        "Expiring waivers (accepted risks)",
	event.ProductIsStale:    "Stale products",
	event.ExceptionReported: "Exceptions reported by applications",
	event.ExceptionRequest:  "Exceptions in requests",
	event.ExceptionTask:     "Exceptions in background jobs",
	event.ExceptionSummary:  "Summaries of exceptions",
	event.IngestExceeded:    "Ingest keys over their budget",
}

const allProducts = "All products"

const everyType = "All types that can be silenced"

func (a *Admin) silenceRow(c *gin.Context, r silence.Row) page.SilenceRow {
	row := page.SilenceRow{
		ID:        r.ID,
		ScopeName: r.ScopeName,
		What:      silenceWords(r.Silence),
		Reason:    r.Reason,
		Author:    r.Author,
		State:     string(r.State(a.Store.Now())),
		StartsAt:  a.inUserZone(c, r.StartsAt),
		EndsAt:    a.inUserZone(c, r.EndsAt),
		EndedBy:   r.EndedBy,
		Held:      r.Held.Rows,
		Products:  r.Held.Products,
		May:       r.May,
	}
	switch {
	case r.ProductID != 0:
		row.ScopeHref = productPath(r.ProductID)
	case r.GroupID != 0:
		row.ScopeHref, row.Group = groupPath(r.GroupID), true
	default:
		row.ScopeName = allProducts
	}
	return row
}

// silenceWords says what a silence covers.
func silenceWords(s models.Silence) string {
	text := everyType
	if word := silenceableTypes[event.Type(s.Type)]; word != "" {
		text = word
	}
	if s.Text != "" {
		text += " with “" + s.Text + "”"
	}
	return text
}

func (a *Admin) heldRows(c *gin.Context, list []models.Notification) []page.HeldRow {
	rows := make([]page.HeldRow, len(list))
	for i, n := range list {
		rows[i] = page.HeldRow{ID: n.EventID, Name: n.Name, Product: n.Product, At: a.inUserZone(c, n.At)}
	}
	return rows
}
