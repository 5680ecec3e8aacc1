package admin

import (
	"time"

	"github.com/gin-gonic/gin"

	"gatecrier/app/delivery"
	"gatecrier/templates/page"
	"gatecrier/templates/ui"
)

func (a *Admin) deliveryRows(c *gin.Context, rows []delivery.Row) []page.DeliveryRow {
	list := make([]page.DeliveryRow, 0, len(rows))
	for _, l := range rows {
		list = append(list, a.deliveryRow(c, l))
	}
	return list
}

func (a *Admin) deliveryRow(c *gin.Context, l delivery.Row) page.DeliveryRow {
	m := a.descriptor(l.Module)
	switch {
	case l.Kept:
		l.NextAt = time.Time{}
	case l.Down:
		l.NextAt = l.ProbeAt
	}
	return page.DeliveryRow{
		Kept:       l.Kept && l.State.Open(),
		Down:       l.Down && !l.Kept,
		ID:         l.ID,
		EventID:    l.EventID,
		State:      string(l.State),
		Reason:     l.Reason,
		Withheld:   !l.MayEdit,
		Title:      l.Title,
		ProductID:  l.ProductID,
		Product:    l.Product,
		Module:     m.Title,
		Icon:       m.Icon,
		Connection: l.Connection,
		Hint:       l.Hint,
		Attempts:   l.Delivery.Attempts,
		NextAt:     a.inUserZone(c, l.NextAt),
		At:         a.inUserZone(c, l.CreatedAt),
	}
}

func stateChips(path, current string, pairs ...string) []ui.Chip {
	chips := []ui.Chip{{Label: "All", Href: link(path, pairs...), Count: -1, Current: current == ""}}
	for _, s := range []struct{ state, label string }{
		{"retrying", "Retrying"},
		{"dead", "Failed"},
		{"delivered", "Delivered"},
		{"pending", "Pending"},
		{"cancelled", "Canceled"},
		{"skipped", "Skipped"},
		{"silenced", "Silenced"},
		{"held", "Held after restore"},
	} {
		chips = append(chips, ui.Chip{
			Label:   s.label,
			Href:    link(path, append(pairs[:len(pairs):len(pairs)], "state", s.state)...),
			Count:   -1,
			Current: current == s.state,
		})
	}
	return chips
}
