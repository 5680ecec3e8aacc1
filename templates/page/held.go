package page

import (
	"time"

	"gatecrier/templates/layout"
)

// HeldView shows the messages that a restore holds, and asks what to do with them.
type HeldView struct {
	Frame    layout.View
	Restored bool // a backup was ever restored
	Waiting  bool // for a decision
	BackupAt time.Time
	At       time.Time // of the restore
	Count    int
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

// decided says what was decided.
func (v HeldView) decided() string {
	if v.Decision == "send" {
		return "are sent"
	}
	return "are cancelled"
}
