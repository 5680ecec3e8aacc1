package page

import (
	"time"

	"gatecrier/templates/layout"
	"gatecrier/templates/ui"
)

// UnroutedView lists the events that could not be routed, for administrators.
type UnroutedView struct {
	Frame   layout.View
	Rows    []UnroutedRow
	Failed  int64 // on all pages
	Waiting int64 // events that wait for their turn
	Pager   ui.Pager
}

// UnroutedRow is an event that could not be routed yet.
type UnroutedRow struct {
	ID    int64
	Type  string
	What  string // the product, or the exception
	Path  string // the page about that, "" for none
	At    time.Time
	Next  time.Time // the next try, zero for at once
	Tries int
	Error string
}

func (r UnroutedRow) retryPath() string { return "/admin/unrouted/" + id(r.ID) + "/retry" }

// about says what happens to the events.
func (v UnroutedView) about() string {
	text := "No one has been notified of these events yet. Gatecrier retries each of them at least every 10 minutes."
	if v.Waiting > 0 {
		text += " Queued behind them: " + ui.Plural(int(v.Waiting), "other event", "other events") + "."
	}
	return text
}

// failing says how many events wait for another attempt.
func (v HealthView) failing() string {
	return ui.Plural(int(v.Failed), "event waits", "events wait") + " for the next attempt"
}
