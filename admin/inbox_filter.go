package admin

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"gatecrier/app/fault"
	"gatecrier/models"
	"gatecrier/templates/page"
	"gatecrier/templates/ui"
)

// inboxQuery is the filter of the inbox as the URL has it.
type inboxQuery struct {
	models.InboxFilter
	filter       string         // unread, snoozed or archived; "" = none of them
	since, until string         // days as the form writes them
	zone         *time.Location // of these days
	problem      string         // the error in the days; "" = none
	pairs        []string
	kept         []string // the size of a page, in the URL of the list
}

// notificationFamilies are the types of notifications that the filter offers.
var notificationFamilies = []struct{ value, label string }{
	{
		"gate",
		"Gate",
	},
	{"exception", "Exceptions"},
	{"connector", "Connections"},
	{"waiver", "Expiring waivers (accepted risks)"},
	{"product", "Stale products"},
	{"silence", "Silences"},
}

// inboxParams are the parameters of the inbox.
func inboxParams() []listParam {
	return forwardParams(idParam(beforeField), append(
		anyText("type", "product", "group", "since", "until", "q"),
		oneOf("filter", "unread", "snoozed", "archived"), severityParam("severity"), zoneParam())...)
}

// inboxQuery reads the filter of a URL, or of a form with the same fields. It returns a "not found"
// error for a text that is not an ID.
func (a *Admin) inboxQuery(c *gin.Context, values url.Values) (inboxQuery, error) {
	var q inboxQuery
	switch f := values.Get("filter"); f {
	case "unread", "snoozed", "archived":
		q.filter, q.Unread, q.Snoozed, q.Archived = f, f == "unread", f == "snoozed", f == "archived"
		q.keep("filter", f)
	}
	if q.Type = values.Get("type"); q.Type != "" {
		q.keep("type", q.Type)
	}
	if s, ok := models.SeverityByName(values.Get("severity")); ok {
		q.Severity = &s
		q.keep("severity", s.String())
	}
	for _, part := range []struct {
		name string
		to   *int64
	}{{"product", &q.ProductID}, {"group", &q.GroupID}} {
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
	q.zone = a.userZone(c)
	if since, until := values.Get("since"), values.Get("until"); since+until != "" {
		q.zone = a.zoneOr(c, values.Get(zoneField))
		q.days(since, until)
	}
	if q.Text = strings.TrimSpace(values.Get("q")); q.Text != "" {
		q.keep("q", q.Text)
	}
	return q, nil
}

func (q *inboxQuery) keep(name, value string) { q.pairs = append(q.pairs, name, value) }

// days reads the first and the last day; both are included.
func (q *inboxQuery) days(since, until string) {
	q.since, q.until = since, until
	if d, ok := q.day("since", since); ok {
		q.Since = d.start()
	}
	if d, ok := q.day("until", until); ok {
		q.Until = d.end().Add(-time.Microsecond)
	}
	if !q.Since.IsZero() || !q.Until.IsZero() {
		q.keep(zoneField, q.zone.String())
	}
	if !q.Since.IsZero() && !q.Until.IsZero() && q.Until.Before(q.Since) {
		q.problem = "The end date is before the start date"
	}
}

// day reads one of the days. It reports false if there is none.
func (q *inboxQuery) day(name, text string) (calendarDay, bool) {
	if text == "" {
		return calendarDay{}, false
	}
	d, ok := readDay(text, q.zone)
	if ok {
		q.keep(name, text)
	} else {
		q.problem = "Enter a date as YYYY-MM-DD"
	}
	return d, ok
}

// withParam returns the URL of the inbox with another value of one part of the filter, "" for none.
func (q *inboxQuery) withParam(name, value string) string {
	return link(inboxPath, slices.Concat(withoutPairs(q.pairs, name), []string{name, value}, q.kept)...)
}

// inboxPills names the parts of the filter, each with a link that removes it.
func (a *Admin) inboxPills(c *gin.Context, q inboxQuery) ([]ui.Removable, error) {
	ctx, actor := c.Request.Context(), actorOf(c)
	var list []ui.Removable
	add := func(label, name string) {
		list = append(list, ui.Removable{Label: label, Clear: q.withParam(name, "")})
	}
	if q.ProductID != 0 {
		row, err := a.Products.Get(ctx, actor, q.ProductID)
		if err != nil {
			return nil, err
		}
		add(row.Name, "product")
	}
	if q.GroupID != 0 {
		row, err := a.Products.Group(ctx, actor, q.GroupID)
		if err != nil {
			return nil, err
		}
		add("group "+row.Name, "group")
	}
	if q.Type != "" {
		add(familyLabel(q.Type), "type")
	}
	if q.Severity != nil {
		add(orWorse(*q.Severity), "severity")
	}
	if q.since != "" && !q.Since.IsZero() {
		add("since "+q.Since.Format("2 Jan 2006"), "since")
	}
	if q.until != "" && !q.Until.IsZero() {
		add("until "+q.Until.Format("2 Jan 2006"), "until")
	}
	if q.Text != "" {
		add("“"+q.Text+"”", "q")
	}
	return list, nil
}

func familyLabel(kind string) string {
	for _, f := range notificationFamilies {
		if f.value == kind {
			return f.label
		}
	}
	return kind
}

// inboxForm returns the form that changes the filter.
func (a *Admin) inboxForm(c *gin.Context, q inboxQuery) (page.InboxForm, error) {
	f := page.InboxForm{Query: q.Text, Since: q.since, Until: q.until, Zone: a.uiZone(q.zone, q.Since), Wrong: q.problem}
	f.Types = []ui.Option{{Label: "All types", Checked: q.Type == ""}}
	known := q.Type == ""
	for _, t := range notificationFamilies {
		f.Types = append(f.Types, ui.Option{Value: t.value, Label: t.label, Checked: q.Type == t.value})
		known = known || q.Type == t.value
	}
	if !known {
		f.Types = append(f.Types, ui.Option{Value: q.Type, Label: q.Type, Checked: true})
	}
	f.Severities = []ui.Option{{Label: "any", Checked: q.Severity == nil}}
	for _, s := range models.Severities() {
		if s > models.Low && (q.Severity == nil || *q.Severity != s) {
			continue // nothing is worse than nothing, or than what no one has rated
		}
		f.Severities = append(f.Severities, ui.Option{
			Value: s.String(), Label: orWorse(s), Checked: q.Severity != nil && *q.Severity == s,
		})
	}
	var err error
	if f.Groups, err = a.groupChoices(c, q.GroupID); err != nil {
		return f, err
	}
	f.Open = len(withoutPairs(q.pairs, "filter", "product", "q")) > 0 || q.problem != ""
	for i := 0; i < len(q.pairs); i += 2 {
		if q.pairs[i] == "filter" || q.pairs[i] == "product" {
			f.Hidden = append(f.Hidden, ui.Hidden{Name: q.pairs[i], Value: q.pairs[i+1]})
		}
	}
	f.Hidden = append(f.Hidden, hiddenFields(q.kept)...)
	return f, nil
}

// chips returns the links to all, the unread, the snoozed and the archived notifications.
func (q *inboxQuery) chips(unread int) []ui.Chip {
	return []ui.Chip{
		{Label: "All", Href: q.withParam("filter", ""), Count: -1, Current: q.filter == ""},
		{Label: "Unread", Href: q.withParam("filter", "unread"), Count: unread, Current: q.Unread},
		{Label: "Snoozed", Href: q.withParam("filter", "snoozed"), Count: -1, Current: q.Snoozed},
		{Label: "Archived", Href: q.withParam("filter", "archived"), Count: -1, Current: q.Archived},
	}
}

// filterWords describes a filter in words.
func (a *Admin) filterWords(c *gin.Context, q inboxQuery) ([]string, error) {
	pills, err := a.inboxPills(c, q)
	if err != nil {
		return nil, err
	}
	labels := make([]string, 0, len(pills)+1)
	if q.filter != "" {
		labels = append(labels, q.filter)
	}
	for _, p := range pills {
		labels = append(labels, p.Label)
	}
	if len(labels) == 0 {
		return []string{"This is your whole inbox."}, nil
	}
	return []string{"Filters: " + strings.Join(labels, ", ") + "."}, nil
}

// foundQuery reads from the URL a filter and the newest notification that was shown.
func (a *Admin) foundQuery(c *gin.Context) (inboxQuery, int64, error) {
	q, err := a.inboxQuery(c, c.Request.URL.Query())
	if err != nil {
		return q, 0, err
	}
	if q.problem != "" {
		return q, 0, fault.BadField("since", q.problem)
	}
	upTo, err := upToOf(c.Query("up_to"))
	return q, upTo, err
}

func upToOf(text string) (int64, error) {
	upTo, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, fault.BadField("up_to", "Invalid ID")
	}
	return upTo, nil
}
