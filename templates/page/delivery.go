package page

import (
	"slices"
	"time"

	"gatecrier/templates/layout"
	"gatecrier/templates/ui"
)

// DeliveryRow is a message to a connection, as lists show it.
type DeliveryRow struct {
	ID         int64
	EventID    int64  // 0 = of none
	State      string // pending, sending, delivered, retrying, dead, skipped, held, silenced or `cancelled`
	Reason     string // the last answer, or why it was not sent, in words; "" = none
	Withheld   bool   // the user cannot see the reason
	Title      string
	ProductID  int64
	Product    string
	Module     string // its title: "Webhook"
	Icon       string // "" = send
	Connection string
	Hint       string
	Attempts   int
	NextAt     time.Time // of the next try, while retrying or pending
	Kept       bool      // its target is disabled, and keeps it until it is enabled
	Down       bool      // its target does not answer: it waits for a probe, at NextAt
	ConnID     int64     // the list is filtered by it; 0 = not
	Selectable bool      // the user can send it again
	At         time.Time // when it was decided
}

// DeliveriesView is the delivery log, filtered by the URL.
type DeliveriesView struct {
	Frame   layout.View
	Summary string    // "422 in the last 24 hours; 37 failed"
	Chips   []ui.Chip // states with counts
	Filters []ui.Removable
	Within  []ui.Option // the times to choose from
	Since   string      // as the fields for times take it, "" = from the beginning
	Until   string
	Zone    ui.Zone     // of these times
	Wrong   string      // the error in the times; "" = none
	Hidden  [][2]string // the rest of the filter, for the form of the times
	Again   string      // the page that asks whether to send failed ones again; "" = none
	Rows    []DeliveryRow
	Sorting ui.Sorting // by created
	Pager   ui.Pager
	Hours   []ui.Hour // the last 24; needed if Any is set
	Any     bool      // there are deliveries outside the filter
}

// selectable reports whether there is a row to select.
func (v DeliveriesView) selectable() bool {
	return slices.ContainsFunc(v.Rows, func(r DeliveryRow) bool { return r.Selectable })
}

// DeliveryView is one delivery with its attempts.
type DeliveryView struct {
	Frame     layout.View
	Row       DeliveryRow
	UUID      string
	Recipient string
	Finished  time.Time // zero = not yet
	Attempts  []ui.Attempt
	Headers   string // as sent, without secrets; "" = not shown
	Body      string // as sent; "" = not shown
	ResendURL string // the form for another try posts there; "" = none
	Test      bool   // sent by a user, to test the connection
}

// ResendView asks whether to resend what a filter finds.
type ResendView struct {
	Frame  layout.View
	What   string // in words
	Will   int
	Off    int // left out: their targets are turned off
	Other  int // left out: their targets are for others to edit
	Over   int // left out: more than one resend sends
	By     []ResendTarget
	Slow   string // how long it takes at the rates of the targets; "" = moments
	Hidden [][2]string
	Back   string
}

// ResendTarget is a target with the number of messages to resend.
type ResendTarget struct {
	Icon, Name string
	N          int
}

// ProgressView is the progress of a resend.
type ProgressView struct {
	Frame   layout.View
	ID      int64
	What    string
	By      string
	At      time.Time
	Total   int
	Left    int
	States  []StateCount // in the order of a delivery's life, those that there are
	Stopped time.Time    // zero = it was not
}

// StateCount is the number of deliveries in a state.
type StateCount struct {
	State string
	N     int
}

// done returns how many deliveries have ended.
func (v ProgressView) done() int { return max(0, v.Total-v.Left) }

// sentence returns the progress of the resend.
func (v ProgressView) sentence() string {
	switch {
	case v.Left > 0:
		return ui.Number(int64(v.done())) + " of " + ui.Plural(v.Total, "message", "messages") + " done"
	case !v.Stopped.IsZero():
		return "Stopped"
	}
	return "All " + ui.Plural(v.Total, "message", "messages") + " done"
}

// to names the target: "Webhook: on call".
func (r DeliveryRow) to() string {
	if r.Module == "" {
		return r.Connection
	}
	if r.Connection == r.Module { // it has no name of its own
		return r.Module
	}
	return r.Module + ": " + r.Connection
}

// reason returns what is known about the state.
func (r DeliveryRow) reason() string {
	if r.Reason != "" {
		return r.Reason
	}
	switch r.State {
	case "pending":
		return "queued"
	case "sending":
		return "sending"
	case "delivered":
		return "accepted"
	case "retrying":
		return "will be retried"
	}
	if r.Withheld {
		return "only users who can edit the target can see the reason"
	}
	return "reason unknown"
}

func (r DeliveryRow) icon() string {
	if r.Icon == "" {
		return "send"
	}
	return r.Icon
}

// open reports whether the delivery has not ended yet.
func (r DeliveryRow) open() bool {
	return r.State == "pending" || r.State == "retrying" || r.State == "sending"
}

// waits reports whether the delivery has a next attempt to show.
func (r DeliveryRow) waits() bool {
	return !r.NextAt.IsZero() && (r.State == "retrying" || r.State == "pending")
}
