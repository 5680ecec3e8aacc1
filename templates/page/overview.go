package page

import (
	"strings"
	"time"

	"gatecrier/templates/layout"
	"gatecrier/templates/ui"
)

// OverviewView is the first page: what is wrong, as a sentence and as rows.
type OverviewView struct {
	Frame      layout.View
	Products   int // all that the user sees
	Failed     int
	Passed     int
	None       int
	NoneNamed  []string        // the first products that were not evaluated
	Broken     []ConnectionRow // broken connections that the user can edit; can be fewer than Breaks
	Breaks     int             // how many there are in all
	Failing    []FailingRow    // the longest or worst first; can be fewer than Failed
	Stale      []StaleRow      // products that send no reports; can be fewer than StaleTotal
	StaleTotal int             // how many there are in all
	Troubles   []DeliveryRow   // dead and retrying ones, newest first
	Trouble    int             // how many there are in all, in the last 24 hours
	Delivered  int             // in the last 24 hours
	Changes    []ChangeRow     // the last changes of gates, newest first
	BaseURL    string          // for the push command of the empty state
	CanCreate  bool            // the user can create products
}

// FailingRow is a product whose gate is failing.
type FailingRow struct {
	ID       int64
	Name     string
	Branch   string
	Why      string
	Detail   string // second line: the cause; "" = none
	Since    time.Time
	Segments []ui.Segment // the gate over TimelineDays; empty = no picture
	Delivery DeliveryTally
	Held     string // why it is not announced; "" = it is
}

// StaleRow is a product without recent reports.
type StaleRow struct {
	ID                int64
	Name, Branch      string
	Gate              string
	Since, LastReport time.Time
}

// DeliveryTally sums up the deliveries of one event.
type DeliveryTally struct {
	Total, Delivered, Retrying, Dead int // Retrying counts pending and sending ones too
	Held                             int // by a silence
}

// ChangeRow is a change of a product's gate.
type ChangeRow struct {
	ProductID int64
	Product   string
	From, To  string
	Why       string
	At        time.Time
}

// key distinguishes a change from the others of the list.
func (r ChangeRow) key() string { return id(r.ProductID) + r.At.Format(time.RFC3339) }

// TimelineDays is the span of the gate pictures on the overview and in lists.
const TimelineDays = 30

// Sentence returns what is wrong, in a sentence. It is the title too.
func (v OverviewView) Sentence() string {
	switch {
	case v.Products == 0 && v.Breaks == 0:
		return "Welcome to Gatecrier"
	case v.Failed == 1:
		return "1 gate is failing"
	case v.Failed > 1:
		return ui.Number(int64(v.Failed)) + " gates are failing"
	case v.Breaks > 0:
		return v.breaks()
	case v.StaleTotal > 0:
		return v.staleText()
	case v.Trouble > 0:
		return "No gate is failing, but deliveries are"
	case v.Passed == 0:
		return "No gate has been evaluated yet"
	case v.Passed == 1:
		return "The gate passes"
	}
	return "All " + ui.Number(int64(v.Passed)) + " gates pass"
}

// staleText says how many products are stale.
func (v OverviewView) staleText() string {
	return ui.Number(int64(v.StaleTotal)) + " " + staleWord(v.StaleTotal)
}

func staleWord(n int) string {
	if n == 1 {
		return "product is stale"
	}
	return "products are stale"
}

// breaks says how many connections are failing.
func (v OverviewView) breaks() string {
	return ui.Number(int64(v.Breaks)) + " " + connectionsWord(v.Breaks)
}

// rest returns the line under the sentence.
func (v OverviewView) rest() string {
	switch {
	case v.Breaks > 0 && v.Failed > 0:
		return v.breaks() + "."
	case v.StaleTotal > 0 && v.Failed > 0:
		return v.staleText() + "."
	case v.Breaks > 0:
		return "Their queued messages are sent when they recover."
	case v.StaleTotal > 0:
		return "Without recent reports, their gate status can be outdated."
	case v.Trouble > 0:
		return ui.Plural(v.Trouble, "delivery is", "deliveries are") + " retrying or failed. " + v.others()
	case v.Failed > 0:
		return v.others()
	case v.Passed == 0:
		return "Push a report to evaluate the first gate."
	case len(v.Changes) > 0:
		last := v.Changes[0]
		at := ui.Relative(last.At, v.Frame.Now)
		return v.unevaluated() + "No action needed. Last change " + at + ": " + last.Product + " is now " +
			ui.GateWord(last.To) + "."
	}
	return v.unevaluated() + "No action needed."
}

// others says how the gates are that are not failing.
func (v OverviewView) others() string {
	if text := v.unevaluated(); text != "" {
		return strings.TrimSpace(text)
	}
	return "Everything else is OK."
}

// unevaluated names the products without an evaluated gate, as a sentence with a space after it; "" for none.
func (v OverviewView) unevaluated() string {
	if len(v.NoneNamed) == 0 {
		return ""
	}
	text := "Not evaluated: " + strings.Join(v.NoneNamed, ", ")
	if more := v.None - len(v.NoneNamed); more > 0 {
		text += " and " + ui.Number(int64(more)) + " more"
	}
	return text + ". "
}

func (v OverviewView) deliveries() string {
	if v.Delivered == 0 {
		return "No messages were delivered in the last 24 hours."
	}
	return ui.Plural(v.Delivered, "message", "messages") + " delivered in the last 24 hours."
}

// second returns the line under a reason.
func (r FailingRow) second() string {
	word := outcome(r.Delivery)
	if r.Held != "" {
		word = r.Held
	}
	if r.Detail == "" {
		return word
	}
	return r.Detail + "; " + word
}

func gatesWord(n int) string {
	if n == 1 {
		return "gate"
	}
	return "gates"
}

func deliveriesWord(n int) string {
	if n == 1 {
		return "delivery"
	}
	return "deliveries"
}

func connectionsWord(n int) string {
	if n == 1 {
		return "connection is failing"
	}
	return "connections are failing"
}
