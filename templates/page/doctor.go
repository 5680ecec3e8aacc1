package page

import (
	"time"

	"gatecrier/templates/layout"
)

// DoctorView shows the last result of the checks of the installation.
type DoctorView struct {
	Frame    layout.View
	Running  bool
	Step     string // the check in progress, "" if not known
	Has      bool   // the checks have run before
	At       time.Time
	By       string // who started them
	Problems int
	Warnings int
	Checks   []DoctorRow
}

// DoctorRow is the result of a check.
type DoctorRow struct {
	Name   string
	State  string // ok, warning, problem, skipped
	Text   string
	Advice string // what to do, "" for nothing
}

// look returns the kind, the icon and the word of a state.
func (r DoctorRow) look() (kind, icon, word string) {
	switch r.State {
	case "ok":
		return "ok", "check", "OK"
	case "warning":
		return "wait", "alert-triangle", "Warning"
	case "problem":
		return "bad", "square-rounded-x", "Problem"
	}
	return "off", "minus", "Not checked"
}

func (r DoctorRow) kind() string { kind, _, _ := r.look(); return kind }
func (r DoctorRow) icon() string { _, icon, _ := r.look(); return icon }
func (r DoctorRow) word() string { _, _, word := r.look(); return word }
