package page

import (
	"time"

	"gatecrier/templates/layout"
	"gatecrier/templates/ui"
)

// HistoryTab lists the gate's changes, newest first, below a timeline whose parts link to them.
type HistoryTab struct {
	Rows     []HistoryRow
	Segments []ui.Segment // over HistoryDays
	Pager    ui.Pager
	Hold     string // the hold time of a new state: "10 min"; "" = announced at once
}

// HistoryRow is a change of the gate.
type HistoryRow struct {
	ID           int64
	From, To     string
	Why          string
	Kind         string // of the cause: import, counts, assessment, waiver, user, settings, reconcile; "" = unknown
	Cause        string // "a report of grype (deps)"
	Actor        string
	At           time.Time
	Counts       ui.Counts
	Limits       *ui.Counts // in force then; nil = no gate
	Counting     string     // what counted then: "only observations with a fix count"; "" = all
	Policy       string     // who set these
	Failing      []FailingObservation
	FailingTotal int       // how many there are in all
	Waits        time.Time // when it is announced; zero = it does not wait
	NotifiedAt   time.Time // when it was notified after its hold time; zero = immediately, or never
	Untold       string    // why it was not announced; "" = it was
}

// by introduces the actor: who sent a report, or who made another change.
func (r HistoryRow) by() string {
	if r.Kind == "import" || r.Kind == "counts" {
		return "sent by"
	}
	return "by"
}

// FailingObservation is an observation that made a gate fail.
type FailingObservation struct {
	Title, Severity, Component string
	Change                     string // "new" or "reopened" by the cause; "" = neither
	Fix                        string // the version that fixes it; "" = unknown
	KEV                        bool   // it is known to be exploited
	Href                       string // its page; "" = unknown
}

// cause is how a kind of cause is shown.
type cause struct{ icon, word string }

var causes = map[string]cause{
	"import":     {"file-import", "Report"},
	"counts":     {"list-details", "Counts"},
	"assessment": {"pencil", "Assessment"},
	"waiver":     {"hourglass", "Waiver"},
	"user":       {"user", "Edit"},
	"settings":   {"settings", "Settings"},
	"reconcile":  {"refresh", "Consistency check"},
}

func causeOf(kind string) cause {
	if c, ok := causes[kind]; ok {
		return c
	}
	return cause{"history", "Change"}
}

// CompareView shows how a product has changed between two moments. The form sends from and to: the
// id of a change, "now", or "time" with from_at and to_at in the zone of the form.
type CompareView struct {
	Frame    layout.View
	ID       int64
	Product  string
	Branch   string
	From, To MomentForm
	Zone     ui.Zone // of both moments
	Severity string  // that the lists are narrowed to, "" = all
	Chips    []ui.Chip
	Result   *Compared // nil = the moments are invalid
}

// MomentForm is the form for one of the moments.
type MomentForm struct {
	Options []ui.Option // changes, now, another time
	At      string      // in the zone of the form: 2026-11-20T14:32
	Note    string      // about the time; "" = nothing
	Error   string
}

// Compared is the result of a comparison.
type Compared struct {
	From, To Moment
	Lists    []BetweenList
}

// Moment is what is known of a gate at a time.
type Moment struct {
	At     time.Time
	Now    bool // it is the present
	State  string
	Counts ui.Counts
	AsOf   time.Time // the time of the counts; zero = they are exact
	Daily  bool      // the counts are those of the end of a day
	Limits *ui.Counts
	Policy string // who set the limits; "" = not known
}

// BetweenList is a list of observations that have changed.
type BetweenList struct {
	Title string
	Note  string // what is not known; "" = nothing
	Empty string
	Rows  []BetweenRow
	Total int // can be more than Rows
}

// BetweenRow is one observation.
type BetweenRow struct {
	Title, Component, Severity, Status string
	At                                 time.Time
	By                                 string // who has assessed it
}

// asOf says to which time the counts of a moment belong.
func (m Moment) asOf() string {
	switch {
	case m.AsOf.IsZero():
		return "the counts at that time"
	case m.Daily:
		return "the counts as of the end of " + m.AsOf.UTC().
			Add(-time.Second).
			Format("2 Jan 2006") +
			" (UTC). Between gate changes, counts are stored once per day."
	}
	return "the counts as of " + ui.Absolute(m.AsOf) + ". Between gate changes, counts are stored once per day."
}

// measured says who set the thresholds.
func (c Compared) measured() string {
	text := "The thresholds at that time are unknown"
	if c.From.Policy != "" {
		text = "Evaluated then against " + c.From.Policy
	}
	if c.To.Policy != "" {
		text += ", later against " + c.To.Policy
	}
	return text + ". Thresholds of a past point in time are those of the last gate change before it. " +
		"Edits that did not change the gate are only in the audit log."
}

// comparedRow is a line of the comparison.
type comparedRow struct {
	severity     string
	before, now  int64
	limit, after string
}

func (c Compared) rows() []comparedRow {
	before, now := c.From.Counts.List(), c.To.Counts.List()
	rows := make([]comparedRow, len(now))
	for i := range now {
		severity := now[i].Severity
		rows[i] = comparedRow{
			severity,
			before[i].N,
			now[i].N,
			limitWord(c.From.Limits, severity),
			limitWord(c.To.Limits, severity),
		}
	}
	return rows
}

func limitWord(limits *ui.Counts, severity string) string {
	if limits == nil {
		return "threshold unknown"
	}
	if n := limitOf(limits, severity); n < NoLimit {
		return "threshold " + ui.Number(n)
	}
	return "no threshold"
}

// difference returns a number with its sign.
func difference(before, now int64) string {
	switch {
	case now > before:
		return "+" + ui.Number(now-before)
	case now < before:
		return "−" + ui.Number(before-now)
	}
	return "0"
}

// Clock returns a time of day in its own zone, with its date unless that is today.
func Clock(at, now time.Time) string {
	now = now.In(at.Location())
	switch {
	case at.YearDay() == now.YearDay() && at.Year() == now.Year():
		return at.Format("15:04")
	case at.Year() == now.Year():
		return at.Format("2 Jan 15:04")
	}
	return at.Format("2 Jan 2006 15:04")
}

func (v CompareView) path() string { return productPath(v.ID) + "/compare" }

// Times to choose from; others are taken too.
var (
	holdTimes  = []string{"0", "5 minutes", "10 minutes", "30 minutes", "1 hour", "4 hours", "1 day"}
	staleTimes = []string{"never", "15 minutes", "1 hour", "6 hours", "1 day", "7 days", "30 days"}
)

func nowText(now string) string {
	if now == "" {
		return ""
	}
	return " Now: " + now + "."
}
