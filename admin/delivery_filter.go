package admin

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"gatecrier/app/delivery"
	"gatecrier/app/fault"
	"gatecrier/models"
	"gatecrier/templates/page"
	"gatecrier/templates/ui"
)

// deliveryQuery is the filter of the delivery log as the URL has it.
type deliveryQuery struct {
	models.DeliveryFilter
	within  string // one of timeRanges; "" = none
	problem string // the error in the times; "" = none
	note    string // about the times; "" = nothing
	pairs   []string
}

// deliveryParams are the parameters of the delivery log.
func deliveryParams() []listParam {
	within := listParam{name: "within"}
	for _, r := range timeRanges {
		within.values = append(within.values, r.value)
	}
	return pageParams(models.DeliveryOrders, newestFirst("created"), append(
		anyText("product", "connection", "resend", "since", "until"), deliveryStateParam(), within, zoneParam())...)
}

// deliveryStateParam returns the parameter for the state of a delivery.
func deliveryStateParam() listParam { return oneOf("state", models.DeliveryStates()...) }

// timeRanges are the spans before now that the filter offers.
var timeRanges = []struct {
	value, label string
	length       time.Duration
}{
	{"1h", "Last hour", time.Hour},
	{"24h", "Last 24 hours", day},
	{"168h", "Last 7 days", 7 * day},
	{"720h", "Last 30 days", 30 * day},
}

// deliveryQuery reads the filter of a URL, or of a form with the same fields. It returns a "not
// found" error for a text that is not an ID.
func (a *Admin) deliveryQuery(c *gin.Context, values url.Values) (deliveryQuery, error) {
	var q deliveryQuery
	if s := models.DeliveryState(values.Get("state")); s.Valid() {
		q.State = s
		q.keep("state", string(s))
	}
	for _, part := range []struct {
		name string
		to   *int64
	}{{"product", &q.ProductID}, {"connection", &q.ConnectionID}, {"resend", &q.ResendID}} {
		text := values.Get(part.name)
		if text == "" {
			continue
		}
		id, err := strconv.ParseInt(text, 10, 64)
		if err != nil || id < 1 {
			return q, fault.NewNotFound(part.name)
		}
		*part.to = id
		q.keep(part.name, text)
	}
	q.times(values, a.zoneOr(c, values.Get(zoneField)), a.Store.Now())
	return q, nil
}

func (q *deliveryQuery) keep(name, value string) { q.pairs = append(q.pairs, name, value) }

// times reads the filter by time. The zone of its times stays in the URL, so that a link means the
// same to each reader.
func (q *deliveryQuery) times(values url.Values, zone *time.Location, now time.Time) {
	within, since, until := values.Get("within"), values.Get("since"), values.Get("until")
	for _, w := range timeRanges {
		if w.value == within && since == "" {
			q.within, q.Since = within, now.Add(-w.length)
			q.keep("within", within)
		}
	}
	for _, t := range []struct {
		name, text string
		to         *time.Time
	}{{"since", since, &q.Since}, {"until", until, &q.Until}} {
		if t.text == "" {
			continue
		}
		typed := readTime(t.text, zone)
		if typed.Problem != "" {
			q.problem = typed.Problem
			continue
		}
		*t.to = typed.At
		q.note = strings.TrimSpace(q.note + " " + typed.Note)
		q.keep(t.name, t.text)
	}
	if q.within == "" && (since != "" || until != "") {
		q.keep(zoneField, zone.String())
	}
}

// without returns the URL of the list without some parts of the filter.
func (q deliveryQuery) without(path string, names ...string) string {
	var rest []string
	for i := 0; i < len(q.pairs); i += 2 {
		if !slices.Contains(names, q.pairs[i]) {
			rest = append(rest, q.pairs[i], q.pairs[i+1])
		}
	}
	return link(path, rest...)
}

// deliveryNames names the product, the connection and the resend of the filter, each with a link that
// removes it.
func (a *Admin) deliveryNames(c *gin.Context, q deliveryQuery) ([]ui.Removable, error) {
	ctx, actor := c.Request.Context(), actorOf(c)
	var list []ui.Removable
	add := func(label, name string) {
		list = append(list, ui.Removable{Label: label, Clear: q.without("/deliveries", name)})
	}
	if q.ProductID != 0 {
		row, err := a.Products.Get(ctx, actor, q.ProductID)
		if err != nil {
			return nil, err
		}
		add(row.Name, "product")
	}
	if q.ConnectionID != 0 {
		conn, err := a.Store.Connection(ctx, actor.Scope(), q.ConnectionID)
		if err != nil {
			return nil, err
		}
		add(a.descriptor(conn.Module).Title+": "+conn.Name, "connection")
	}
	if q.ResendID != 0 {
		p, err := a.DeliveryLog.Progress(ctx, actor, q.ResendID)
		if err != nil {
			return nil, err
		}
		add("resent: "+p.What, "resend")
	}
	return list, nil
}

// deliveryForms fills the chips and the forms that change the filter.
func (a *Admin) deliveryForms(c *gin.Context, q deliveryQuery, v *page.DeliveriesView) {
	state := string(q.State)
	v.Chips = stateChips("/deliveries", state, withoutPairs(q.pairs, "state")...)
	v.Within = []ui.Option{{Value: "", Label: "All time", Checked: q.within == ""}}
	for _, w := range timeRanges {
		v.Within = append(v.Within, ui.Option{Value: w.value, Label: w.label, Checked: q.within == w.value})
	}
	zone := a.userZone(c)
	v.Zone = a.uiZone(zone, q.Since)
	v.Zone.Note = q.note
	if q.within == "" {
		v.Since, v.Until = fieldTime(q.Since, c.Query("since"), zone), fieldTime(q.Until, c.Query("until"), zone)
	}
	for i := 0; i < len(q.pairs); i += 2 {
		if !slices.Contains([]string{"within", "since", "until", zoneField}, q.pairs[i]) {
			v.Hidden = append(v.Hidden, [2]string{q.pairs[i], q.pairs[i+1]})
		}
	}
	dead := slices.ContainsFunc(v.Rows, func(r page.DeliveryRow) bool {
		return r.Selectable && r.State == string(models.DeliveryDead)
	})
	if dead && q.problem == "" {
		v.Again = link("/deliveries/resend", append(withoutPairs(q.pairs, "state"), "state", string(models.DeliveryDead))...)
	}
}

// deliveriesIn reads the deliveries of a filter. It counts those that an index finds.
func (a *Admin) deliveriesIn(c *gin.Context, f models.DeliveryFilter) rowsOf[delivery.Row] {
	ctx, actor := c.Request.Context(), actorOf(c)
	list := rowsOf[delivery.Row]{
		read: func(at models.Place, limit int) ([]delivery.Row, error) {
			f.Place, f.Limit = at, limit
			return a.DeliveryLog.List(ctx, actor, f)
		},
		key: func(at models.Place, row delivery.Row) string { return models.DeliveryOrders.Key(at, row.DeliveryRow) },
		one: "delivery", many: "deliveries",
	}
	found := f.ProductID != 0 || f.ConnectionID != 0 || actor.Administrator()
	if found && f.State == "" && f.ResendID == 0 && f.Since.IsZero() && f.Until.IsZero() {
		list.count = func() (int, error) { return a.DeliveryLog.Count(ctx, actor, f) }
	}
	return list
}
