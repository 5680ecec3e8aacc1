package page

import (
	"time"

	"gatecrier/templates/layout"
	"gatecrier/templates/ui"
)

// OverviewView is the first page: what is wrong, as a sentence and as rows.
type OverviewView struct {
	Frame     layout.View
	Products  int // all that the user sees
	Failed    int
	Passed    int
	None      int
	Failing   []FailingRow  // the longest or worst first; may be fewer than Failed
	Troubles  []DeliveryRow // dead and retrying ones, newest first
	Trouble   int           // how many there are in all, in the last 24 hours
	Delivered int           // in the last 24 hours
	Changes   []ChangeRow   // the last changes of gates, newest first
	BaseURL   string        // for the push command of the empty state
	CanCreate bool          // may create products
}

// FailingRow is a product whose gate is failing.
type FailingRow struct {
	ID       int64
	Name     string
	Branch   string
	Why      string
	Detail   string // second line: the cause, who was told; "" = none
	Since    time.Time
	Segments []ui.Segment // the gate over TimelineDays; empty = no picture
	Delivery DeliveryTally
}

// DeliveryTally sums up the deliveries of one event.
type DeliveryTally struct {
	Total, Delivered, Retrying, Dead int // Retrying counts pending and sending ones too
}

// ChangeRow is a change of a product's gate.
type ChangeRow struct {
	ProductID int64
	Product   string
	From, To  string
	Why       string
	At        time.Time
}

// TimelineDays is the span of the gate pictures on the overview and in lists.
const TimelineDays = 30
