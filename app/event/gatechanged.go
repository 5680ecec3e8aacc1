package event

import (
	"fmt"
	"time"

	"gatecrier/app/number"
	"gatecrier/models"
)

// GateChange is the payload of gate.changed, version 1: a product's gate has another state.
type GateChange struct {
	Product    Product          `json:"product"`
	Branch     string           `json:"branch"`
	From       models.GateState `json:"from"`
	To         models.GateState `json:"to"`
	Why        string           `json:"why"`
	Counts     models.Counts    `json:"counts"`     // of all active observations
	Thresholds *models.Counts   `json:"thresholds"` // null for a disabled gate
	Policy     string           `json:"policy"`     // the owner of the thresholds: global, group, product
	Cause      Cause            `json:"cause"`
	Failing    Failing          `json:"failing"`

	OnlyFixable   bool           `json:"only_fixable,omitempty"`     // observations without a fix do not count
	KEVAsCritical bool           `json:"kev_as_critical,omitempty"`  // known exploited ones count as critical
	Effective     *models.Counts `json:"effective_counts,omitempty"` // what counts, with one of these
	Uncounted     Uncounted      `json:"uncounted,omitzero"`         // what does not

	HeldSince *time.Time `json:"held_since,omitempty"` // the time of the change, if it was on hold
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

// Uncounted are the active observations that do not count for a gate, by its policy.
type Uncounted struct {
	Unfixed int64 `json:"unfixed"` // those without a fix
	KEV     int64 `json:"kev"`     // those of them that are known to be exploited
}

// Suffix returns the end of a gate's reason: "; 14 without a fix do not count", "" for none.
func (u Uncounted) Suffix() string {
	if u.Unfixed == 0 {
		return ""
	}
	text := "; " + number.Of(int(u.Unfixed), "without a fix does not count", "without a fix do not count")
	if u.KEV > 0 {
		text += fmt.Sprintf(" (%d known exploited)", u.KEV)
	}
	return text
}

// Kind returns gate.changed, version 1.
func (GateChange) Kind() (Type, int) { return GateChanged, 1 }
