package admin

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"gatecrier/app/event"
	"gatecrier/app/fault"
	"gatecrier/app/gate"
	"gatecrier/models"
	"gatecrier/templates/layout"
	"gatecrier/templates/page"
	"gatecrier/templates/ui"
)

// productCompareRoutes adds the comparison of a product at two moments.
func (a *Admin) productCompareRoutes(r router) {
	r.get("/products/:id/compare", a.compare)
}

const (
	// maxCompared bounds each list of a comparison.
	maxCompared = 50
	// maxMoments bounds the changes that the form offers.
	maxMoments = 30
)

// Moments that are not a gate change.
const (
	momentNow  = "now"
	momentTime = "time"
)

// compare shows how a product has changed between two moments. By default these are the change
// before the last one, and now.
func (a *Admin) compare(c *gin.Context) error {
	row, err := a.productOf(c)
	if err != nil {
		return err
	}
	changes, err := a.Store.GateHistory(c.Request.Context(), actorOf(c).Scope(), row.ID, 0, maxMoments)
	if err != nil {
		return err
	}
	var fieldErrs fault.Fields
	from := a.moment(c, changes, "from", defaultMoment(changes), &fieldErrs)
	to := a.moment(c, changes, "to", momentNow, &fieldErrs)
	v := page.CompareView{ID: row.ID, Product: row.Name, Branch: row.Default.Name, From: from.form, To: to.form}
	v.Zone = a.uiZone(a.userZone(c), from.at)
	severity, narrowed := models.SeverityByName(c.Query("severity"))
	if narrowed {
		v.Severity = severity.String()
	}
	err = fieldErrs.Err()
	if err == nil {
		q := gate.Query{Product: row, From: from.at, To: to.at, Limit: maxCompared}
		if narrowed {
			q.Severity = &severity
		}
		err = a.compared(c, q, &v)
	}
	status := http.StatusOK
	if errs := fieldErrors(err); errs != nil {
		v.From.Error, v.To.Error, status, err = errs["from"], errs["to"], http.StatusUnprocessableEntity, nil
	}
	if err != nil {
		return err
	}
	v.Frame = a.frame(c, "Compare "+row.Name, layout.NavProducts)
	return render(c, status, page.Compare(v))
}

// defaultMoment returns the change before the last one, so that the effect of the last one shows.
func defaultMoment(changes []models.GateChange) string {
	if len(changes) == 0 {
		return momentTime
	}
	return formatInt(changes[min(1, len(changes)-1)].EventID)
}

// moment is a moment that was asked for; a zero time is now.
type moment struct {
	at   time.Time
	form page.MomentForm
}

// moment reads one of the two moments. A typed time takes precedence over a change.
func (a *Admin) moment(
	c *gin.Context, changes []models.GateChange, name, otherwise string, fieldErrs *fault.Fields,
) moment {
	chosen, typed := c.DefaultQuery(name, otherwise), c.Query(name+"_at")
	m := moment{form: page.MomentForm{At: typed}}
	if typed != "" {
		chosen = momentTime
	}
	switch id := idOf(chosen); {
	case chosen == momentNow:
	case chosen == momentTime && typed == "":
		m.at = a.Store.Now().AddDate(0, 0, -page.TimelineDays)
		m.form.At = a.inUserZone(c, m.at).Format(localTime)
	case chosen == momentTime:
		read := readTime(typed, a.zoneOr(c, c.Query(zoneField)))
		if read.Problem != "" {
			fieldErrs.Add(name, read.Problem)
		}
		m.at, m.form.Note, m.form.At = read.At, read.Note, fieldTime(read.At, typed, a.userZone(c))
	default:
		found := false
		for _, change := range changes {
			if change.EventID == id {
				m.at, found = change.At, true
			}
		}
		if !found {
			fieldErrs.Add(name, "This gate change no longer exists. Choose another one, or enter a time")
		}
	}
	m.form.Options = a.momentOptions(c, changes, chosen)
	return m
}

func (a *Admin) momentOptions(c *gin.Context, changes []models.GateChange, chosen string) []ui.Option {
	options := []ui.Option{{Value: momentNow, Label: "Now", Checked: chosen == momentNow}}
	for _, change := range changes {
		id := formatInt(change.EventID)
		label := page.Clock(a.inUserZone(c, change.At), a.Store.Now()) + ": " +
			event.StateWord(change.From) + " to " + event.StateWord(change.To)
		options = append(options, ui.Option{Value: id, Label: label, Checked: chosen == id})
	}
	return append(options, ui.Option{Value: momentTime, Label: "Another time:", Checked: chosen == momentTime})
}

func (a *Admin) compared(c *gin.Context, q gate.Query, v *page.CompareView) error {
	found, err := a.Gates.Compare(c.Request.Context(), a.Store, actorOf(c).Scope(), q)
	if err != nil {
		return err
	}
	r := page.Compared{From: a.momentOf(c, found.From), To: a.momentOf(c, found.To)}
	r.To.Now = q.To.IsZero()
	var tally models.Counts
	for _, list := range found.Lists {
		tally = tally.Plus(list.Tally)
		r.Lists = append(r.Lists, a.betweenList(c, list, q))
	}
	v.Result, v.Chips = &r, compareChips(c, v.ID, tally, v.Severity)
	return nil
}

func (a *Admin) momentOf(c *gin.Context, m gate.Moment) page.Moment {
	out := page.Moment{
		At:     a.inUserZone(c, m.At),
		State:  string(m.State),
		Counts: uiCounts(m.Counts),
		Daily:  m.Daily,
		Policy: withCounting(ownerText(m.Owner, ""), m.Counting),
	}
	if !m.AsOf.Equal(m.At) {
		out.AsOf = a.inUserZone(c, m.AsOf)
	}
	if m.Thresholds != nil {
		limits := uiCounts(*m.Thresholds)
		out.Limits = &limits
	}
	return out
}

var betweenWords = map[models.Between]page.BetweenList{
	models.Came: {Title: "New", Empty: "No new observations."},
	models.CameBack: {
		Title: "Reopened or changed",
		Empty: "No known observations were reopened or changed by a report.",
		Note: "Seen before, and active: reopened by a report, or with another severity or text. " +
			"Observations that changed again later are not listed.",
	},
	models.Went: {
		Title: "Resolved",
		Empty: "No observations were resolved.",
		Note: "Resolved by a report and not reopened since. " +
			"Observations that were reopened later or deleted by retention are not listed.",
	},
	models.WasAssessed: {
		Title: "Assessed",
		Empty: "No observations were assessed.",
		Note:  "By a user, or by an expired waiver. The status shown is the current one.",
	},
}

func (a *Admin) betweenList(c *gin.Context, list gate.BetweenList, q gate.Query) page.BetweenList {
	out := betweenWords[list.What]
	out.Total = int(list.Tally.Total())
	if q.Severity != nil {
		out.Total = int(list.Tally.Of(*q.Severity))
	}
	for _, o := range list.Rows {
		r := page.BetweenRow{
			Title:     o.Name(),
			Component: o.Component,
			Severity:  o.Severity.String(),
			Status:    strings.ReplaceAll(string(o.Status), "_", " "),
		}
		switch list.What {
		case models.Came:
			r.At = a.inUserZone(c, o.FirstSeenAt)
		case models.Went:
			r.At = a.inUserZone(c, o.ResolvedAt)
		case models.CameBack:
			r.At = a.inUserZone(c, o.ChangedAt)
		case models.WasAssessed:
			r.At, r.By = a.inUserZone(c, o.ChangedAt), o.Assessed.By
		}
		out.Rows = append(out.Rows, r)
	}
	return out
}

// compareChips returns chips that filter the lists by severity.
func compareChips(c *gin.Context, id int64, tally models.Counts, current string) []ui.Chip {
	path := productPath(id) + "/compare"
	var here []string
	for _, name := range []string{"from", "from_at", "to", "to_at", zoneField} {
		here = append(here, name, c.Query(name))
	}
	here = slices.Clip(here) // each chip appends to it
	chips := []ui.Chip{{Label: "All", Href: link(path, here...), Count: int(tally.Total()), Current: current == ""}}
	for _, s := range models.Severities() {
		if n := tally.Of(s); n > 0 || current == s.String() {
			chips = append(chips, ui.Chip{
				Label:   ui.Title(s.String()),
				Href:    link(path, append(here, "severity", s.String())...),
				Count:   int(n),
				Current: current == s.String(),
			})
		}
	}
	return chips
}
