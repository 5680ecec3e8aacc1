package admin

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"gatecrier/app/event"
	"gatecrier/app/inbox"
	"gatecrier/models"
	"gatecrier/templates/layout"
	"gatecrier/templates/page"
)

// overviewRoutes adds the start page.
func (a *Admin) overviewRoutes(r router) {
	r.get("/", a.overview)
}

// maxOverview bounds each list of the overview.
const maxOverview = 10

// maxUnevaluated bounds the products without an evaluated gate that the overview names.
const maxUnevaluated = 3

func (a *Admin) overview(c *gin.Context) error {
	ctx, actor := c.Request.Context(), actorOf(c)
	scope := actor.Scope()
	tally, err := a.Store.GateTally(ctx, scope, 0)
	if err != nil {
		return err
	}
	v := page.OverviewView{
		Failed: int(tally[models.GateFailed]), Passed: int(tally[models.GatePassed]), None: int(tally[models.GateNone]),
		BaseURL: a.BaseURL(), CanCreate: a.Products.MayCreate(actorOf(c)) == nil,
	}
	v.Products = v.Failed + v.Passed + v.None
	if err := a.brokenConnections(c, &v); err != nil {
		return err
	}
	if v.None > 0 {
		rows, err := a.Store.Products(ctx, scope, models.ProductFilter{State: models.GateNone, Limit: maxUnevaluated})
		if err != nil {
			return err
		}
		for _, r := range rows {
			v.NoneNamed = append(v.NoneNamed, r.Name)
		}
	}
	if v.Failing, err = a.failingProducts(c, scope); err != nil {
		return err
	}
	if err := a.staleProducts(c, scope, &v); err != nil {
		return err
	}
	sent, err := a.deliveryTrouble(c, &v)
	if err != nil {
		return err
	}
	if v.Changes, err = a.gateChanges(c); err != nil {
		return err
	}
	live := &livePage{page: inbox.Page{Overview: true}, sent: sent}
	if v.Frame, err = a.liveFrame(c, live, overviewTitle(v), layout.NavOverview); err != nil {
		return err
	}
	return render(c, http.StatusOK, page.Overview(v))
}

func overviewTitle(v page.OverviewView) string {
	if v.Failed > 0 || v.Breaks > 0 {
		return v.Sentence()
	}
	return "Overview"
}

// maxBroken is where the count of broken connections stops.
const maxBroken = 1000

// brokenConnections lists the broken connections that the user can edit.
func (a *Admin) brokenConnections(c *gin.Context, v *page.OverviewView) error {
	rows, err := a.Connections.All(c.Request.Context(), actorOf(c), models.ConnectionFilter{
		Broken: true, Limit: maxBroken,
	})
	if err != nil {
		return err
	}
	v.Breaks = len(rows)
	v.Broken = a.connectionRows(c, rows[:min(len(rows), maxOverview)])
	return nil
}

func (a *Admin) failingProducts(c *gin.Context, scope models.Scope) ([]page.FailingRow, error) {
	ctx := c.Request.Context()
	rows, err := a.Store.Products(ctx, scope, models.ProductFilter{State: models.GateFailed, Limit: maxOverview})
	if err != nil {
		return nil, err
	}
	ids := make([]int64, len(rows))
	for i, r := range rows {
		ids[i] = r.ID
	}
	last, err := a.Store.LastChanges(ctx, scope, ids)
	if err != nil {
		return nil, err
	}
	spans, err := a.Store.GateSpans(ctx, scope, ids, a.Store.Now().AddDate(0, 0, -page.TimelineDays))
	if err != nil {
		return nil, err
	}
	tallies, err := a.announcementTallies(c, last)
	if err != nil {
		return nil, err
	}
	list := make([]page.FailingRow, 0, len(rows))
	for _, r := range rows {
		row := page.FailingRow{
			ID: r.ID, Name: r.Name, Branch: r.Default.Name, Why: r.Default.Why, Since: a.inUserZone(c, r.Default.Since),
			Segments: a.segments(c, r.Default, spans[r.ID], page.TimelineDays), Delivery: tallies[last[r.ID].Announced],
			Held: a.announcementText(c, r.Default, last[r.ID]),
		}
		if change, ok := last[r.ID]; ok {
			row.Why, row.Detail = reasonOf(change, r.Default.Why), causeOf(change)
		}
		list = append(list, row)
	}
	return list, nil
}

// deliveryTrouble lists the deliveries in trouble, and returns those of the last day by state.
func (a *Admin) deliveryTrouble(c *gin.Context, v *page.OverviewView) (map[models.DeliveryState]int, error) {
	ctx, actor, since := c.Request.Context(), actorOf(c), a.Store.Now().Add(-day)
	states, err := a.Store.DeliveriesSince(ctx, actor.Scope(), since)
	if err != nil {
		return nil, err
	}
	v.Delivered = states[models.DeliveryDelivered]
	v.Trouble = states[models.DeliveryRetrying] + states[models.DeliveryDead]
	if v.Trouble == 0 {
		return states, nil
	}
	rows, err := a.DeliveryLog.List(ctx, actor, models.DeliveryFilter{Trouble: true, Since: since, Limit: maxOverview})
	v.Troubles = a.deliveryRows(c, rows)
	return states, err
}

// gateChanges lists the last gate changes that the user was notified of.
func (a *Admin) gateChanges(c *gin.Context) ([]page.ChangeRow, error) {
	found, err := a.Inbox.List(c.Request.Context(), actorOf(c), models.InboxFilter{
		Type: string(event.GateChanged), Limit: 5,
	})
	if err != nil {
		return nil, err
	}
	list := make([]page.ChangeRow, 0, len(found.Rows))
	for _, n := range found.Rows {
		list = append(list, page.ChangeRow{
			ProductID: n.ProductID,
			Product:   n.Product,
			To:        gateOfTone(n),
			Why:       n.Message,
			At:        a.inUserZone(c, n.At),
		})
	}
	return list, nil
}

// staleProducts lists the products whose missing reports were announced.
func (a *Admin) staleProducts(c *gin.Context, scope models.Scope, v *page.OverviewView) error {
	ctx := c.Request.Context()
	tally, err := a.Store.StaleTally(ctx, scope)
	for _, n := range tally {
		v.StaleTotal += n
	}
	if err != nil || v.StaleTotal == 0 {
		return err
	}
	rows, err := a.Store.Products(ctx, scope, models.ProductFilter{Stale: true, Limit: maxOverview})
	for _, r := range rows {
		v.Stale = append(v.Stale, page.StaleRow{
			ID:         r.ID,
			Name:       r.Name,
			Branch:     r.Default.Name,
			Gate:       string(r.Default.Gate),
			Since:      a.inUserZone(c, r.Default.StaleSince),
			LastReport: a.inUserZone(c, r.LastReportAt),
		})
	}
	return err
}
