package event

import (
	"time"

	"gatecrier/models"
)

// GateChange is the payload of gate.changed, version 1: a product's gate has another state.
type GateChange struct {
	Product    Product          `json:"product"`
	Branch     string           `json:"branch"`
	From       models.GateState `json:"from"`
	To         models.GateState `json:"to"`
	Why        string           `json:"why"`
	Counts     models.Counts    `json:"counts"`
	Thresholds *models.Counts   `json:"thresholds"` // null for a disabled gate
	Policy     string           `json:"policy"`     // the owner of the thresholds: global, group, product
	Cause      Cause            `json:"cause"`
	Failing    Failing          `json:"failing"`
	HeldSince  *time.Time       `json:"held_since,omitempty"` // the time of the change, if it was on hold
}

// Product names the product of an event.
type Product struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
}

// CauseKind is a kind of cause of a gate change.
type CauseKind string

// The kinds of causes.
const (
	CauseImport     CauseKind = "import"     // a report
	CauseCounts     CauseKind = "counts"     // bare counts
	CauseAssessment CauseKind = "assessment" // of observations, or a manual observation
	CauseWaiver     CauseKind = "waiver"     // that has ended
	CauseUser       CauseKind = "user"       // an edit of the product or its group
	CauseSettings   CauseKind = "settings"   // the global settings
	CauseReconcile  CauseKind = "reconcile"  // counts that had drifted
)

// Cause is the cause of a gate change.
type Cause struct {
	Kind CauseKind `json:"kind"`
	Text string    `json:"text"` // a phrase: "a report of grype (deps)"
}

// Failing are the observations that made a gate fail.
type Failing struct {
	New      int       `json:"new"`      // new observations of the severities over their threshold
	Reopened int       `json:"reopened"` // known ones that are active again or more severe
	Items    []Finding `json:"items"`    // the worst, at most five
}

// Finding is an observation in a message.
type Finding struct {
	Title     string          `json:"title"`
	Severity  models.Severity `json:"severity"`
	Component string          `json:"component,omitempty"`
}

// Kind returns gate.changed, version 1.
func (GateChange) Kind() (Type, int) { return GateChanged, 1 }
