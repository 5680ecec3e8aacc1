package page

import (
	"time"

	"gatecrier/templates/layout"
	"gatecrier/templates/ui"
)

// DeliveryRow is a message to a connection, as lists show it.
type DeliveryRow struct {
	ID         int64
	State      string // pending, sending, delivered, retrying, dead, skipped, suppressed, cancelled
	Reason     string // in words; the last answer
	Title      string
	ProductID  int64
	Product    string
	Module     string // its title: "Webhook"
	Icon       string // "" = send
	Connection string
	Hint       string
	Attempts   int
	NextAt     time.Time // of the next try, while retrying or pending
	At         time.Time // when it was decided
}

// DeliveriesView is the ledger, filtered by state and product in the URL.
type DeliveriesView struct {
	Frame   layout.View
	Summary string    // "422 in the last 24 hours; 37 dead"
	Chips   []ui.Chip // states with counts
	Product string    // name of the product filtered by; "" = none
	Clear   string    // URL without that filter
	Rows    []DeliveryRow
	Pager   ui.Pager
	Hours   []ui.Hour // the last 24; needed where there is Any
	Any     bool      // there are deliveries outside the filter
}

// DeliveryView is one message with its attempts.
type DeliveryView struct {
	Frame     layout.View
	Row       DeliveryRow
	UUID      string
	Recipient string
	Finished  time.Time // zero = not yet
	Attempts  []ui.Attempt
	Headers   string // as sent, without secrets; "" = not kept
	Body      string // as sent; "" = not kept
	ResendURL string // the form for another try posts there; "" = none
	Test      bool   // sent by hand, to try the connection
}

// to names the receiver: "Webhook: on call".
func (r DeliveryRow) to() string {
	if r.Module == "" {
		return r.Connection
	}
	return r.Module + ": " + r.Connection
}

// reason says what is known of the state.
func (r DeliveryRow) reason() string {
	if r.Reason != "" {
		return r.Reason
	}
	switch r.State {
	case "pending":
		return "waits for its turn"
	case "sending":
		return "is on its way"
	case "delivered":
		return "accepted"
	case "retrying":
		return "will be tried again"
	}
	return "no reason was kept"
}

func (r DeliveryRow) icon() string {
	if r.Icon == "" {
		return "send"
	}
	return r.Icon
}

// waits reports whether there is a next try to tell of.
func (r DeliveryRow) waits() bool {
	return !r.NextAt.IsZero() && (r.State == "retrying" || r.State == "pending")
}
