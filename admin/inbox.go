package admin

import (
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"gatecrier/models"
	"gatecrier/templates/layout"
	"gatecrier/templates/page"
)

// inboxRoutes adds the inbox.
func (a *Admin) inboxRoutes(r router) {
	r.get(inboxPath, a.inboxList)
	r.get("/inbox/badge", a.unreadBadge)
}

func (a *Admin) inboxList(c *gin.Context) error {
	if err := checkListURL(c, inboxParams()...); err != nil {
		return err
	}
	ctx, actor := c.Request.Context(), actorOf(c)
	q, err := a.inboxQuery(c, c.Request.URL.Query())
	if err != nil {
		return err
	}
	if isExport(c) {
		return a.exportInbox(c, q.InboxFilter)
	}
	p := forwardPageOf(c, idParam(beforeField))
	p.in(inboxPath, q.pairs...)
	q.kept = p.kept()
	f := q.InboxFilter
	f.Before, f.Limit = max(idOf(p.Key), 0), p.size+1
	found, err := a.Inbox.List(ctx, actor, f)
	if err != nil {
		return err
	}
	v := page.InboxView{
		Here: c.Request.URL.RequestURI(), First: q.withParam("", ""), State: link("/inbox/state", q.pairs...), After: -1,
		Archived: q.Archived, Snoozed: q.Snoozed, Narrowed: q.IsFiltered(), Kept: a.retentionText(),
	}
	rows, err := inboxPager(&p, found, &v)
	if err != nil {
		return err
	}
	v.Pager.Export = exportLink(c)
	if v.UpTo, err = a.newestShown(c, rows, f, q.IsFiltered()); err != nil {
		return err
	}
	if f.Before == 0 {
		v.After = v.UpTo
	}
	if v.Days, v.MayDelete, err = a.inboxDays(c, rows, found.OnTop); err != nil {
		return err
	}
	if v.MaySilence, err = a.Silences.MayAny(ctx, actor); err != nil {
		return err
	}
	if len(rows) > 0 && (q.IsFiltered() || v.Pager.Next != "") {
		v.Found = link("/inbox/found", append(q.pairs, "up_to", formatInt(v.UpTo))...)
	}
	if v.Filters, err = a.inboxPills(c, q); err != nil {
		return err
	}
	if v.Form, err = a.inboxForm(c, q); err != nil {
		return err
	}
	v.Frame = a.frame(c, "Inbox", layout.NavInbox)
	v.Unread = v.Frame.Unread
	v.Chips = q.chips(v.Unread)
	return render(c, http.StatusOK, page.Inbox(v))
}

// inboxPager cuts what was found to one page, and fills the links to the others.
func inboxPager(p *forwardPage, found models.InboxPage, v *page.InboxView) ([]models.Notification, error) {
	rows, next := found.Rows, ""
	shown := shownRows{n: min(len(rows), p.size), more: len(rows) > p.size, one: "notification", many: "notifications"}
	if shown.more {
		rows = rows[:p.size]
		next = formatInt(rows[p.size-1].EventID)
	} else if found.Further != 0 {
		shown.more, v.Further = true, p.next(formatInt(found.Further), len(rows))
	}
	var err error
	v.Pager, err = p.pages(shown, nil, next)
	return rows, err
}

// retentionText says how long notifications are kept.
func (a *Admin) retentionText() string {
	if days := a.Settings.Retention().Notifications; days > 0 {
		return "Each notification is deleted after " + plural(int(days), "day", "days")
	}
	return "Notifications are kept forever"
}

// newestShown returns the newest notification that the page shows: "mark all" marks up to it,
// and not those that have arrived since. If the page is not the first one, or is filtered, it is
// the newest of the inbox.
func (a *Admin) newestShown(
	c *gin.Context, rows []models.Notification, f models.InboxFilter, narrowed bool,
) (int64, error) {
	if f.Before == 0 && !narrowed && len(rows) > 0 {
		var newest int64
		for _, n := range rows { // the first ones can be older: they are back from a snooze
			newest = max(newest, n.EventID)
		}
		return newest, nil
	}
	list, err := a.Inbox.List(c.Request.Context(), actorOf(c), models.InboxFilter{Limit: 1})
	if err != nil || len(list.Rows) == 0 {
		return 0, err
	}
	return list.Rows[0].EventID, nil
}

// inboxDays groups notifications by day, and repeats of a day under the newest of them. The first
// onTop of them are a group of their own: they are back from a snooze. The bool reports whether the
// user can delete any.
func (a *Admin) inboxDays(c *gin.Context, rows []models.Notification, onTop int) ([]page.InboxDay, bool, error) {
	list, err := a.inboxRows(c, rows)
	if err != nil {
		return nil, false, err
	}
	may, err := a.Inbox.MayDelete(c.Request.Context(), actorOf(c), rows)
	if err != nil {
		return nil, false, err
	}
	now := a.inUserZone(c, a.Store.Now())
	var days []page.InboxDay
	heads := map[string]int{} // the newest of the day, by subject
	deletes := false
	for i, row := range list {
		deletes = deletes || may[row.ID]
		label := dayLabel(row.At, now)
		if i < onTop {
			label = "Back from snooze"
		}
		if len(days) == 0 || days[len(days)-1].Label != label {
			days = append(days, page.InboxDay{Label: label})
			clear(heads)
		}
		day := &days[len(days)-1]
		subject := rows[i].Subject
		if at, known := heads[subject]; known && subject != "" && i >= onTop {
			day.Groups[at].Earlier = append(day.Groups[at].Earlier, row)
			continue
		}
		heads[subject] = len(day.Groups)
		day.Groups = append(day.Groups, page.InboxGroup{InboxRow: row})
	}
	return days, deletes, nil
}

// dayLabel names the day of at, seen from now. Both are in the same zone.
func dayLabel(at, now time.Time) string {
	switch at.Format(time.DateOnly) {
	case now.Format(time.DateOnly):
		return "Today"
	case now.AddDate(0, 0, -1).Format(time.DateOnly):
		return "Yesterday"
	}
	if at.Year() == now.Year() {
		return at.Format("Monday 2 January")
	}
	return at.Format("Monday 2 January 2006")
}

func (a *Admin) inboxRows(c *gin.Context, rows []models.Notification) ([]page.InboxRow, error) {
	ids := make([]int64, len(rows))
	for i, n := range rows {
		ids[i] = n.EventID
	}
	tallies, err := a.deliveryTallies(c, ids)
	if err != nil {
		return nil, err
	}
	reasons, err := a.Inbox.Reasons(c.Request.Context(), actorOf(c), rows)
	list := make([]page.InboxRow, 0, len(rows))
	for _, n := range rows {
		list = append(list, page.InboxRow{
			ID:        n.EventID,
			Type:      n.Type,
			Gate:      gateOfTone(n),
			Name:      n.Name,
			Message:   n.Message,
			ProductID: n.ProductID,
			Product:   n.Product,
			Reason:    reasons[n.EventID],
			Viewed:    n.Viewed,
			Silenced:  n.SilenceID != 0,
			Snoozed:   a.snoozedText(c, n),
			At:        a.inUserZone(c, n.At),
			Delivery:  tallies[n.EventID],
		})
	}
	return list, err
}

// snoozedText says until when a notification is snoozed, "" if it is not.
func (a *Admin) snoozedText(c *gin.Context, n models.Notification) string {
	now := a.Store.Now()
	if !n.SnoozedUntil.After(now) {
		return ""
	}
	return dayAndTime(a.inUserZone(c, n.SnoozedUntil), a.inUserZone(c, now))
}

// unreadBadge renders the part of the frame that counts what is unread.
func (a *Admin) unreadBadge(c *gin.Context) error {
	n, err := a.Inbox.Unread(c.Request.Context(), actorOf(c))
	if err != nil {
		return err
	}
	return render(c, http.StatusOK, layout.Badges(n))
}
