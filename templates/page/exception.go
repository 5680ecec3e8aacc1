package page

import (
	"time"

	"gatecrier/templates/layout"
	"gatecrier/templates/ui"
)

// ExceptionsView is the list of exceptions, filtered by the URL. Its form posts id (several) to
// /exceptions/resolve, or sends them to the page /exceptions/merge.
type ExceptionsView struct {
	Frame   layout.View
	Chips   []ui.Chip // states
	Kinds   []ui.Chip // where they come from
	Filters []ui.Removable
	Query   string
	Hidden  []ui.Hidden // the rest of the filter, for the search form
	Here    string      // the URL of this page
	Rows    []ExceptionRow
	Sorting ui.Sorting // by last_seen
	Any     bool       // there are some outside the filter
	Pager   ui.Pager
}

// ExceptionRow is a group of exceptions in a list.
type ExceptionRow struct {
	ID         int64
	Class      string
	Message    string // masked if the user cannot see it
	Function   string // the same
	Kind       string // request, task, reported
	ProductID  int64
	Product    string // "" = none
	FirstAt    time.Time
	LastAt     time.Time
	Count      int64
	Held       int64     // since the last notice
	New        bool      // it was first seen a short time ago
	Regressed  bool      // it came back after it was resolved
	Resolved   bool      // a user has resolved it
	MutedUntil time.Time // zero = it is not muted now
	Overflow   bool      // it collects many different ones
	Hours      []ui.Beat // of the last day
	Selectable bool      // the user can resolve and merge it
}

// selectable reports whether there is a row to select.
func (v ExceptionsView) selectable() bool {
	for _, r := range v.Rows {
		if r.Selectable {
			return true
		}
	}
	return false
}

// ExceptionView is a group of exceptions. Its forms post to /exceptions/{id}/ resolve, reopen, mute
// (for, or until), unmute and split (key). The pages for merging and deleting ask first.
type ExceptionView struct {
	Frame       layout.View
	Row         ExceptionRow
	By          string // what its key was made of: fingerprint, frames, message, exact, overflow
	Key         string
	Notified    int64
	NotifiedAt  time.Time // zero = never
	Suppressed  int64     // occurrences without a notice
	Until       time.Time // when the next notice can be sent
	ResolvedBy  string
	ResolvedAt  time.Time
	RegressedAt time.Time
	Hours       []ui.Beat // of the last week
	Releases    []ReleaseRow
	Sample      *SampleView // nil = none was kept
	Merges      []MergeRow
	Others      []ui.Option // that it could be merged with
	Masked      bool        // its content is hidden from the user
	CanAct      bool
	CanDelete   bool
	MuteUntil   string // as typed
	MuteZone    ui.Zone
	MuteError   string
}

// ReleaseRow is a release that an exception was seen in.
type ReleaseRow struct {
	Name            string
	FirstAt, LastAt time.Time
}

// MergeRow is a key that a user has merged into a group.
type MergeRow struct {
	Key, Class, Message, By string
	At                      time.Time
}

// SampleView is the latest occurrence that was kept.
type SampleView struct {
	At        time.Time
	Message   string // where it is another one than the first, else ""
	Frames    []FrameRow
	Chain     []CauseView
	Arguments []Pair
	Facts     []Pair // environment, server, user ...
	Tags      []Pair
	Truncated bool
}

// Pair is a value with its name.
type Pair struct{ Name, Value string }

// FrameRow is a call of a stack.
type FrameRow struct {
	Name  string
	Where string // file and line
	InApp bool   // of the program's own
}

// CauseView is an exception that led to another one.
type CauseView struct {
	Class, Message string
	Frames         []FrameRow
}

// MergeView asks for confirmation to merge exceptions into another one.
type MergeView struct {
	Frame layout.View
	Into  ExceptionRow
	From  []ExceptionRow
	Error string
}

// frameRun is a run of calls that are shown, or folded.
type frameRun struct {
	frames []FrameRow
	folded bool
}

// runsOf folds the calls that are not the program's own. If none is its own, all are shown.
func runsOf(frames []FrameRow) []frameRun {
	own := false
	for _, f := range frames {
		own = own || f.InApp
	}
	var runs []frameRun
	for _, f := range frames {
		folded := own && !f.InApp
		if n := len(runs); n > 0 && runs[n-1].folded == folded {
			runs[n-1].frames = append(runs[n-1].frames, f)
			continue
		}
		runs = append(runs, frameRun{[]FrameRow{f}, folded})
	}
	return runs
}

// kindWord says where an exception comes from.
func kindWord(kind string) string {
	switch kind {
	case "request":
		return "request to Gatecrier"
	case "task":
		return "background job"
	}
	return "reported by an SDK or the API"
}

// byWord says by what exceptions are grouped.
func byWord(by string) string {
	switch by {
	case "fingerprint":
		return "the fingerprint sent by the SDK"
	case "frames":
		return "exception class and the application's own stack frames"
	case "message":
		return "exception class and message, without IDs, numbers, times and addresses"
	case "exact":
		return "exact class, message, function and arguments"
	case "overflow":
		return "nothing: too many different exceptions occurred within an hour, and those over the limit share this group"
	}
	return by
}

// heldText says how many occurrences were suppressed since the last notification.
func (v ExceptionView) heldText() string {
	if v.Row.Held == 0 {
		return "none since the last notification"
	}
	text := ui.Number(v.Row.Held) + " suppressed since "
	if v.NotifiedAt.IsZero() {
		return text + "first seen"
	}
	return text + "the last notification"
}

// next says when the next notification is sent.
func (v ExceptionView) next() string {
	switch {
	case v.Row.Resolved && v.Row.MutedUntil.IsZero():
		return "on the next occurrence"
	case !v.Until.After(v.Frame.Now):
		return "on the next occurrence"
	}
	return ""
}

func exceptionPath(n int64) string { return "/exceptions/" + id(n) }

// MuteFor are the lengths to mute for, in hours.
var MuteFor = []ui.Option{
	{Value: "1h", Label: "1 hour"},
	{Value: "8h", Label: "8 hours"},
	{Value: "24h", Label: "1 day"},
	{Value: "168h", Label: "1 week"},
	{Value: "", Label: "Until:"},
}
