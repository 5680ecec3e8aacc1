package ui

import (
	"time"

	"github.com/a-h/templ"
)

// Counts holds a number per severity. Its fields are those of the store's
// counts, in the same order, so that one converts to the other.
type Counts struct {
	Critical, High, Medium, Low, None, Unknown int64
}

// Tally is one severity of Counts.
type Tally struct {
	Severity string // critical, high, medium, low, none, unknown
	N        int64
}

// List returns the six severities, worst first.
func (c Counts) List() []Tally {
	return []Tally{
		{"critical", c.Critical},
		{"high", c.High},
		{"medium", c.Medium},
		{"low", c.Low},
		{"none", c.None},
		{"unknown", c.Unknown},
	}
}

// Of returns the number of a severity, 0 for an unknown name.
func (c Counts) Of(severity string) int64 {
	for _, t := range c.List() {
		if t.Severity == severity {
			return t.N
		}
	}
	return 0
}

// Total returns the sum of all severities.
func (c Counts) Total() int64 {
	return c.Critical + c.High + c.Medium + c.Low + c.None + c.Unknown
}

// Segment is a stretch of time in which a gate had one state.
type Segment struct {
	State    string // failed, passed, none
	From, To time.Time
	Href     string // where it leads to; "" = nowhere
}

// Attempt is one try of a delivery.
type Attempt struct {
	Number   int
	At       time.Time
	Duration time.Duration
	OK       bool
	Planned  bool   // not made yet: At is when it is due
	Note     string // what is special about it: "a probe"
	Reason   string // in words
	Answer   string // the first part of the body
}

// Crumb is one step of the path to a page.
type Crumb struct {
	Label string
	Href  string
}

// Note is the result of an action, or something to know.
type Note struct {
	Kind  string // ok, wait, bad; "" = neutral
	Title string
	Text  string
	Undo  *Undo // nil = the action cannot be undone
}

// Undo is an action in the inbox that can be undone.
type Undo struct {
	ID   int64
	Next string // the path that undoing leads to
}

// Field is one input of a form with its label, help and error.
type Field struct {
	ID           string // unique on the page; "" = made of Name
	Name         string
	Label        string
	Value        string
	Type         string // of the input; "" = text; textarea for several lines; select, checkbox
	Placeholder  string
	Help         string
	Error        string
	Autocomplete string
	Inputmode    string
	Min, Max     string // for numbers
	Step         string // for numbers, "" = 1
	Unit         string // of a number, behind its input
	Fixed        Fixed  // a value beside that of the field
	Preview      Preview
	MaxLength    int // 0 = none
	Required     bool
	Mono         bool // a URL, a token, a number
	Secret       bool // not kept when the session ends; fields of Type password never are
	Autofocus    bool
	Note         string   // beside the label in place of optional, "-" for nothing
	Options      []Option // of Type select; those with a help show it in place of Help
	List         []string // to choose from while typing; other texts are taken too
	Checked      bool     // of Type checkbox
	Zone         Zone     // of a date or time
}

// Fixed is a value that cannot be changed on the page, with the reason; no Value = none.
type Fixed struct{ Label, Value string }

// Preview says below a field what its text means. It is loaded again while the user types: a GET of URL
// with the field.
type Preview struct {
	URL string // "" = none
	Now templ.Component
}

// Zone is the time zone of the dates and times of a form.
type Zone struct {
	Name  string // an IANA name
	Label string // with the offset: Europe/Berlin, UTC+2
	Note  string // about the times that were entered: which of two was taken; "" = nothing
}

// Option is one choice of a radio group or a select.
type Option struct {
	Value, Label, Help string
	Checked            bool
}
