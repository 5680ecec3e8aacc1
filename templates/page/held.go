package page

import (
	"time"

	"gatecrier/templates/layout"
	"gatecrier/templates/ui"
)

// HeldView shows the messages that a restore holds, and asks what to do with them.
type HeldView struct {
	Frame    layout.View
	Restored bool // a backup was ever restored
	Waiting  bool // for a decision
	BackupAt time.Time
	At       time.Time // of the restore
	Count    int
	Changes  int // gate changes on hold
	Oldest   time.Time
	Targets  []HeldTargetRow
	Decision string // send, cancel, "" for none
	By       string // who decided
	ByAt     time.Time
	Reason   string // as it was entered
	Error    string // of the reason
}

// HeldTargetRow is a target with held messages.
type HeldTargetRow struct {
	Path   string // "" for emails about accounts
	Name   string
	Module string
	Owner  string // product, group or user, "" for the system
	Count  int
	Oldest time.Time
}

// all names what the decision is about.
func (v HeldView) all() string {
	changes := ui.Plural(v.Changes, "gate change on hold", "gate changes on hold")
	switch {
	case v.Changes == 0:
		return ui.Plural(v.Count, "message", "messages")
	case v.Count == 0:
		return changes
	}
	return ui.Plural(v.Count, "message", "messages") + " and " + changes
}

// decided says what was decided.
func (v HeldView) decided() string {
	if v.Decision == "send" {
		return "were sent"
	}
	return "were canceled"
}
