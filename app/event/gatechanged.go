package event

import (
	"time"

	"gatecrier/models"
)

// GateChange is the payload of gate.changed, version 1: a product's gate has
// come to say something else.
type GateChange struct {
	Product    Product          `json:"product"`
	Branch     string           `json:"branch"`
	From       models.GateState `json:"from"`
	To         models.GateState `json:"to"`
	Why        string           `json:"why"`
	Counts     models.Counts    `json:"counts"`
	Thresholds *models.Counts   `json:"thresholds"` // null where the gate is disabled
	Policy     string           `json:"policy"`     // whose thresholds: global, group, product
	Cause      Cause            `json:"cause"`
	Failing    Failing          `json:"failing"`
	HeldSince  *time.Time       `json:"held_since,omitempty"` // when it happened, where it had to stand for a time before it was told
}

// Product names the product of an event.
type Product struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
}

// CauseKind says what made a gate change.
type CauseKind string

// The kinds.
const (
	CauseImport     CauseKind = "import"     // a report
	CauseCounts     CauseKind = "counts"     // bare counts
	CauseAssessment CauseKind = "assessment" // what somebody said of observations, or entered
	CauseWaiver     CauseKind = "waiver"     // one that has ended
	CauseUser       CauseKind = "user"       // an edit of the product or its group
	CauseSettings   CauseKind = "settings"   // the global ones
	CauseReconcile  CauseKind = "reconcile"  // counts that had drifted
)

// Cause is what made a gate change.
type Cause struct {
	Kind CauseKind `json:"kind"`
	Text string    `json:"text"` // a phrase: "the Grype report (deps)"
}

// Failing holds the observations that made a gate fail.
type Failing struct {
	New      int       `json:"new"`      // how many of those over a threshold this cause has brought for the first time
	Reopened int       `json:"reopened"` // and how many were known, and are active again or more severe
	Items    []Finding `json:"items"`    // the worst of them, at most five
}

// Finding is an observation as a message shows it.
type Finding struct {
	Title     string          `json:"title"`
	Severity  models.Severity `json:"severity"`
	Component string          `json:"component,omitempty"`
}

// Kind is gate.changed, version 1.
func (GateChange) Kind() (Type, int) { return GateChanged, 1 }
