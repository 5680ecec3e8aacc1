package admin

import (
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/gin-gonic/gin"

	"gatecrier/app/event"
	"gatecrier/app/fault"
	"gatecrier/app/web"
	"gatecrier/models"
	"gatecrier/templates/layout"
	"gatecrier/templates/page"
	"gatecrier/templates/ui"
)

func (a *Admin) inboxList(c *gin.Context) error {
	ctx, actor := c.Request.Context(), actorOf(c)
	filter, q := c.Query("filter"), c.Query("q")
	before, _ := strconv.ParseInt(c.Query("before"), 10, 64) //nolint:errcheck // what is no number begins at the first page
	rows, err := a.Inbox.List(ctx, actor, models.InboxFilter{Unread: filter == "unread", Text: q, Before: before, Limit: rowsMost + 1})
	if err != nil {
		return err
	}
	v := page.InboxView{Query: q, Filter: filter, Here: c.Request.URL.RequestURI()}
	if before != 0 {
		v.Pager.First = link("/inbox", "filter", filter, "q", q)
	}
	if len(rows) > rowsMost {
		rows = rows[:rowsMost]
		v.Pager.Next = link("/inbox", "filter", filter, "q", q, "before", count(rows[rowsMost-1].EventID))
	}
	v.Pager.Text = plural(len(rows), "notification", "notifications") + " shown"
	if v.UpTo, err = a.newest(c, rows, before); err != nil {
		return err
	}
	if v.Rows, err = a.inboxRows(c, rows); err != nil {
		return err
	}
	v.Frame = a.frame(c, "Inbox", layout.NavInbox)
	v.Unread = v.Frame.Unread
	if v.Unread > 0 {
		v.Frame.Title = "Inbox (" + count(v.Unread) + ")"
	}
	v.Chips = []ui.Chip{
		{Label: "All", Href: link("/inbox", "q", q), Count: -1, Current: filter != "unread"},
		{Label: "Unread", Href: link("/inbox", "q", q, "filter", "unread"), Count: v.Unread, Current: filter == "unread"},
	}
	return show(c, http.StatusOK, page.Inbox(v))
}

// newest is the newest notification that the page knows of: "mark all" goes up
// to it, and not to what has come since.
func (a *Admin) newest(c *gin.Context, rows []models.Notification, before int64) (int64, error) {
	if before == 0 && len(rows) > 0 {
		return rows[0].EventID, nil
	}
	list, err := a.Inbox.List(c.Request.Context(), actorOf(c), models.InboxFilter{Limit: 1})
	if err != nil || len(list) == 0 {
		return 0, err
	}
	return list[0].EventID, nil
}

func (a *Admin) inboxRows(c *gin.Context, rows []models.Notification) ([]page.InboxRow, error) {
	ids := make([]int64, len(rows))
	for i, n := range rows {
		ids[i] = n.EventID
	}
	tallies, err := a.tallies(c, ids)
	list := make([]page.InboxRow, 0, len(rows))
	for _, n := range rows {
		list = append(list, page.InboxRow{
			ID: n.EventID, Type: n.Type, Gate: gateOfTone(n), Name: n.Name, Message: n.Message, ProductID: n.ProductID, Product: n.Product,
			Viewed: n.Viewed, At: a.zoned(c, n.At), Delivery: tallies[n.EventID],
		})
	}
	return list, err
}

// badge answers the part of the frame that counts what is unread.
func (a *Admin) badge(c *gin.Context) error {
	n, err := a.Inbox.Unread(c.Request.Context(), actorOf(c))
	if err != nil {
		return err
	}
	return show(c, http.StatusOK, layout.Badges(n))
}

func (a *Admin) notification(c *gin.Context) error {
	ctx, actor := c.Request.Context(), actorOf(c)
	id, err := web.ID(c, "id", "notification")
	if err != nil {
		return err
	}
	n, err := a.Inbox.Get(ctx, actor, id)
	if err != nil {
		return err
	}
	v := page.NotificationView{
		ID: n.EventID, Type: n.Type, Name: n.Name, Message: n.Message, At: a.zoned(c, n.At), Viewed: n.Viewed,
		ProductID: n.ProductID, Product: n.Product, Here: c.Request.URL.RequestURI(),
	}
	e, err := a.Store.Event(ctx, actor.Scope(), n.EventID)
	if err != nil {
		return err
	}
	if words, err := event.Describe(e); err == nil {
		v.Page = words.Page
	}
	var p event.GateChange
	if n.Type == string(event.GateChanged) && json.Unmarshal(e.Payload, &p) == nil {
		explain(&v, p)
	}
	rows, err := a.Ledger.List(ctx, actor, models.LedgerFilter{EventID: n.EventID, ProductID: n.ProductID, Limit: rowsMost})
	if err != nil {
		return err
	}
	v.Deliveries = a.deliveryRows(c, rows)
	v.Frame = a.frame(c, n.Name, layout.NavInbox)
	return show(c, http.StatusOK, page.Notification(v))
}

func explain(v *page.NotificationView, p event.GateChange) {
	v.Branch, v.From, v.To, v.Why, v.Cause = p.Branch, string(p.From), string(p.To), p.Why, "by "+p.Cause.Text
	v.Counts, v.Tipped, v.TippedN = uiCounts(p.Counts), tippedRows(p.Tipped.Items), max(p.Tipped.New, len(p.Tipped.Items))
	if p.Thresholds != nil {
		limits := uiCounts(*p.Thresholds)
		v.Limits, v.Policy = &limits, "the limits of all products"
		if p.Policy == "product" {
			v.Policy = "its own limits"
		}
	}
}

func tippedRows(items []event.Finding) []page.TippedRow {
	rows := make([]page.TippedRow, 0, len(items))
	for _, f := range items {
		rows = append(rows, page.TippedRow{Title: f.Title, Severity: f.Severity.String(), Component: f.Component})
	}
	return rows
}

// mark marks notifications as viewed or not: those named by id, or all up to
// one.
func (a *Admin) mark(viewed bool) handler {
	return func(c *gin.Context) error {
		ctx, actor := c.Request.Context(), actorOf(c)
		var err error
		if c.PostForm("all") != "" && viewed {
			upTo, parseErr := strconv.ParseInt(c.PostForm("up_to"), 10, 64)
			if parseErr != nil {
				return fault.BadField("up_to", "This is no id")
			}
			err = a.Inbox.MarkAll(ctx, actor, upTo)
		} else {
			err = a.markSome(c, viewed)
		}
		if err != nil {
			return err
		}
		if web.IsHTMX(c) {
			return a.badge(c)
		}
		web.SeeOther(c, local(c.PostForm("next")))
		return nil
	}
}

func (a *Admin) markSome(c *gin.Context, viewed bool) error {
	var ids []int64
	for _, text := range c.PostFormArray("id") {
		id, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return fault.Missing("notification")
		}
		ids = append(ids, id)
	}
	if len(ids) == 0 {
		a.flash(c, "wait", "Nothing was selected", "Tick the notifications to mark.")
		return nil
	}
	return a.Inbox.Mark(c.Request.Context(), actorOf(c), ids, viewed)
}
