package admin

import (
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"gatecrier/models"
	"gatecrier/templates/layout"
	"gatecrier/templates/page"
	"gatecrier/templates/ui"
)

// deliveriesRoutes adds the delivery log.
func (a *Admin) deliveriesRoutes(r router) {
	r.get("/deliveries", a.deliveries)
}

func (a *Admin) deliveries(c *gin.Context) error {
	if err := checkListURL(c, deliveryParams()...); err != nil {
		return err
	}
	ctx, actor := c.Request.Context(), actorOf(c)
	q, err := a.deliveryQuery(c, c.Request.URL.Query())
	if err != nil {
		return err
	}
	p := pageOf(c, newestFirst("created")...)
	if isExport(c) {
		q.Place = p.Place
		return a.exportDeliveries(c, q.DeliveryFilter)
	}
	v := page.DeliveriesView{Wrong: q.problem}
	p.in("/deliveries", q.pairs...)
	rows, pager, err := readPage(&p, a.deliveriesIn(c, q.DeliveryFilter))
	if err != nil {
		return err
	}
	v.Any = len(rows) > 0 || len(q.pairs) > 0
	v.Rows, v.Sorting, v.Pager = a.deliveryRows(c, rows), p.sorting(), pager
	v.Pager.Export = exportLink(c)
	q.pairs = append(q.pairs, p.kept()...)
	if v.Filters, err = a.deliveryNames(c, q); err != nil {
		return err
	}
	for i := range v.Rows {
		v.Rows[i].ConnID, v.Rows[i].Selectable = rows[i].ConnectionID, rows[i].MayEdit && !rows[i].State.Open()
	}
	a.deliveryForms(c, q, &v)
	hours, err := a.Store.DeliveriesByHour(ctx, actor.Scope(), a.Store.Now().Add(-day))
	if err != nil {
		return err
	}
	var states map[models.DeliveryState]int
	v.Hours, states = a.hoursOfDay(c, hours)
	v.Summary = deliverySummary(states)
	v.Frame = a.frame(c, "Deliveries", layout.NavDeliveries)
	return render(c, http.StatusOK, page.Deliveries(v))
}

// hoursOfDay returns the last 24 hours, with zeros for hours without deliveries, and the sum of all
// by state.
func (a *Admin) hoursOfDay(c *gin.Context, list []models.HourTally) ([]ui.Hour, map[models.DeliveryState]int) {
	sum := map[models.DeliveryState]int{}
	hours := make([]ui.Hour, 24)
	first := a.Store.Now().Truncate(time.Hour).Add(-23 * time.Hour)
	for i := range hours {
		hours[i].At = a.inUserZone(c, first.Add(time.Duration(i)*time.Hour))
	}
	for _, h := range list {
		for state, n := range h.States {
			sum[state] += n
		}
		if i := int(h.Hour.Sub(first) / time.Hour); i >= 0 && i < len(hours) {
			t := tallyOf(h.States)
			hours[i].Delivered, hours[i].Waiting, hours[i].Dead = t.Delivered, t.Retrying, t.Dead
		}
	}
	return hours, sum
}

func deliverySummary(states map[models.DeliveryState]int) string {
	t := tallyOf(states)
	text := plural(t.Total, "message", "messages") + " in the last 24 hours"
	if t.Retrying > 0 {
		text += ", " + formatInt(t.Retrying) + " in progress"
	}
	if t.Dead > 0 {
		text += ", " + formatInt(t.Dead) + " failed"
	}
	return text
}
