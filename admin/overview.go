package admin

import (
	"encoding/json"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"gatecrier/app/event"
	"gatecrier/models"
	"gatecrier/templates/layout"
	"gatecrier/templates/page"
	"gatecrier/templates/ui"
)

// maxOverview bounds each list of the overview.
const maxOverview = 10

// day is the time that the overview looks back for deliveries.
const day = 24 * time.Hour

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
	if v.Failing, err = a.failingProducts(c, scope); err != nil {
		return err
	}
	if err := a.staleProducts(c, scope, &v); err != nil {
		return err
	}
	if err := a.deliveryTrouble(c, &v); err != nil {
		return err
	}
	if v.Changes, err = a.gateChanges(c); err != nil {
		return err
	}
	v.Frame = a.frame(c, overviewTitle(v), layout.NavOverview)
	return render(c, http.StatusOK, page.Overview(v))
}

func overviewTitle(v page.OverviewView) string {
	if v.Failed > 0 || v.Breaks > 0 {
		return v.Sentence()
	}
	return "Overview"
}

// maxBroken is up to where connections that do not work are counted.
const maxBroken = 1000

// brokenConnections lists the connections through which nothing arrives, as far as the
// user may mend them.
func (a *Admin) brokenConnections(c *gin.Context, v *page.OverviewView) error {
	rows, err := a.Connections.All(
		c.Request.Context(), actorOf(c), models.ConnectionFilter{Broken: true, Limit: maxBroken},
	)
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
	told, err := a.announcementTallies(c, last)
	if err != nil {
		return nil, err
	}
	list := make([]page.FailingRow, 0, len(rows))
	for _, r := range rows {
		row := page.FailingRow{
			ID: r.ID, Name: r.Name, Branch: r.Default.Name, Why: r.Default.Why, Since: a.inUserZone(c, r.Default.Since),
			Segments: a.segments(c, r.Default, spans[r.ID], page.TimelineDays), Delivery: told[last[r.ID].Announced],
			Held: a.announcementText(c, r.Default, last[r.ID]),
		}
		if change, ok := last[r.ID]; ok {
			row.Why, row.Detail = reasonOf(change, r.Default.Why), causeOf(change)
		}
		list = append(list, row)
	}
	return list, nil
}

// announcementTallies sums up the deliveries of some changes, by the events that announced
// them.
func (a *Admin) announcementTallies(c *gin.Context, changes map[int64]models.GateChange) (map[int64]page.DeliveryTally, error) {
	ids := make([]int64, 0, len(changes))
	for _, change := range changes {
		if change.Announced != 0 {
			ids = append(ids, change.Announced)
		}
	}
	return a.deliveryTallies(c, ids)
}

func (a *Admin) deliveryTallies(c *gin.Context, events []int64) (map[int64]page.DeliveryTally, error) {
	states, err := a.Store.DeliveryTally(c.Request.Context(), actorOf(c).Scope(), events)
	sums := map[int64]page.DeliveryTally{}
	for id, tally := range states {
		sums[id] = tallyOf(tally)
	}
	return sums, err
}

func tallyOf(states map[models.DeliveryState]int) page.DeliveryTally {
	t := page.DeliveryTally{
		Delivered: states[models.DeliveryDelivered],
		Dead:      states[models.DeliveryDead],
		Held:      states[models.DeliverySuppressed],
		Retrying:  states[models.DeliveryRetrying] + states[models.DeliveryPending] + states[models.DeliverySending],
	}
	for _, n := range states {
		t.Total += n
	}
	return t
}

// segments turns a product's changes into the stretches of a picture.
func (a *Admin) segments(c *gin.Context, b models.Branch, changes []models.GateChange, days int) []ui.Segment {
	now := a.inUserZone(c, a.Store.Now())
	from, state := now.AddDate(0, 0, -days), b.Gate
	if len(changes) > 0 {
		state = changes[0].From
	}
	if b.CreatedAt.After(from) {
		from = a.inUserZone(c, b.CreatedAt)
	}
	segments := make([]ui.Segment, 0, len(changes)+1)
	for _, change := range changes {
		at := a.inUserZone(c, change.At)
		segments = append(segments, ui.Segment{State: string(state), From: from, To: at})
		from, state = at, change.To
	}
	return append(segments, ui.Segment{State: string(state), From: from, To: now})
}

func (a *Admin) deliveryTrouble(c *gin.Context, v *page.OverviewView) error {
	ctx, actor, since := c.Request.Context(), actorOf(c), a.Store.Now().Add(-day)
	states, err := a.Store.DeliveriesSince(ctx, actor.Scope(), since)
	if err != nil {
		return err
	}
	v.Delivered = states[models.DeliveryDelivered]
	v.Trouble = states[models.DeliveryRetrying] + states[models.DeliveryDead]
	if v.Trouble == 0 {
		return nil
	}
	rows, err := a.Ledger.List(ctx, actor, models.LedgerFilter{Trouble: true, Since: since, Limit: maxOverview})
	v.Troubles = a.deliveryRows(c, rows)
	return err
}

// gateChanges are the last changes of gates that the user has been told of.
func (a *Admin) gateChanges(c *gin.Context) ([]page.ChangeRow, error) {
	found, err := a.Inbox.List(
		c.Request.Context(), actorOf(c), models.InboxFilter{Type: string(event.GateChanged), Limit: 5},
	)
	if err != nil {
		return nil, err
	}
	list := make([]page.ChangeRow, 0, len(found.Rows))
	for _, n := range found.Rows {
		list = append(
			list,
			page.ChangeRow{ProductID: n.ProductID, Product: n.Product, To: gateOfTone(n), Why: n.Message, At: a.inUserZone(c, n.At)},
		)
	}
	return list, nil
}

// gateOfTone is the state that a notification of a gate tells of.
func gateOfTone(n models.Notification) string {
	if n.Type != string(event.GateChanged) {
		return ""
	}
	switch event.Tone(n.Tone) {
	case event.ToneBad:
		return string(models.GateFailed)
	case event.ToneGood:
		return string(models.GatePassed)
	case event.TonePlain:
	}
	return string(models.GateNone)
}

// payloadOf reads what a change was told with. One that cannot be read is
// shown with what its own row says.
func payloadOf(change models.GateChange) event.GateChange {
	var p event.GateChange
	if err := json.Unmarshal(change.Payload, &p); err != nil {
		return event.GateChange{From: change.From, To: change.To, Counts: change.Counts}
	}
	return p
}

// reasonOf is why a gate says what it says, with the findings that failing it as
// long as these are still the reason.
func reasonOf(change models.GateChange, now string) string {
	if p := payloadOf(change); p.Why == now {
		return p.Reason()
	}
	return now
}

func causeOf(change models.GateChange) string {
	p := payloadOf(change)
	if p.Cause.Text == "" {
		return ""
	}
	text := "by " + p.Cause.Text
	if change.Actor != "" {
		text += ", sent by " + change.Actor
	}
	return text
}
