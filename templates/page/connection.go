package page

import (
	"slices"
	"strconv"
	"time"

	"gatecrier/templates/layout"
	"gatecrier/templates/ui"
)

// Condition is the health of a connection.
type Condition struct {
	State       string    // working, failing, rejecting, down, paused, gone (turned off by Gatecrier), off, new
	Since       time.Time // of the trouble; zero = unknown
	NextAt      time.Time // of the next probe, while down
	Failures    int       // in a row
	Refusals    int       // in a row, by a receiver that answers
	Probes      int       // that failed while down
	Reason      string    // of the last failure; "" = none, or hidden from the user
	LastSuccess time.Time
	Waiting     int
	Server      bool // it shares the mail server, whose trouble is that of all mail
}

// ConnectionRow is a connection in a list.
type ConnectionRow struct {
	ID        int64
	Name      string
	Module    string // its title: "Webhook"
	Icon      string // "" = send
	Hint      string
	Owner     string // "You", "System", or the name of the product or group
	OwnerKind string // "product", "group"; "" where Owner says it
	OwnerHref string // "" = none
	Personal  bool   // it is a user's own
	Condition Condition
}

// personalReceives says what a personal connection receives.
const personalReceives = "It receives test messages, and a notice when it works again after a failure. " +
	"Notifications about products go to the targets of products, product groups and the system."

// ConnectionsView is the list of connections, filtered in the URL. The forms of Adds post to
// /connections: module, name, the module's fields, and owner ("mine", "system") for administrators.
type ConnectionsView struct {
	Frame   layout.View
	Chips   []ui.Chip // owners
	Trouble ui.Chip
	Query   string
	Keep    []ui.Hidden // the filters that a search keeps
	Any     bool        // there are connections outside the filter
	Rows    []ConnectionRow
	Sorting ui.Sorting // by health, name and last_success
	Pager   ui.Pager
	Adds    []ModuleForm
}

// ConnectionView is one connection, for users who can edit it. It posts version, name and the
// module's fields to /connections/{id}, and to its /test, /resume, /rotate, /enable and /disable.
// The page /connections/{id}/delete asks first.
type ConnectionView struct {
	Frame        layout.View
	Row          ConnectionRow
	Enabled      bool
	CanResume    bool
	Rotates      bool
	RotatedUntil time.Time // until when the former secret is valid; zero = none
	Secret       *NewSecret
	Version      int64
	Fields       []ui.Field // name first
	Failed       string     // why nothing was saved, beside what the fields say
	// PasswordError is the error of the password that a change of a secret needs.
	PasswordError string
	RotateErrors  map[string]string // of the form that replaces the secret
	Deliveries    []DeliveryRow
}

// HealthView is the health of the program, for administrators. Its live part is reloaded from
// /admin/health/now.
type HealthView struct {
	Frame    layout.View
	Rows     []ConnectionRow // those in trouble first
	More     bool            // there are others beyond Rows
	Mail     ConnectionRow   // of the mail server
	MailSet  bool            // a mail server is set
	Waiting  int             // in the outbox
	Sending  int
	Oldest   time.Time // when the oldest waiting message was due; zero = none waits
	Loops    []LoopRow
	Unrouted []UnroutedRow // the first events that could not be routed
	Failed   int64         // all of them
	Storage  string        // the kind of database

	Outage      string    // why the database cannot be written, in a word or two; "" = it can
	OutageText  string    // the same in a sentence
	OutageWhy   string    // the error
	OutageSince time.Time // zero = not known

	Checked     time.Time // when the stored data was last checked; zero = never
	CheckFailed bool
	CheckText   string // what the check found

	Removals []RemovalRow
}

// RemovalRow is something that was deleted, whose rows are being removed.
type RemovalRow struct {
	Name, Kind  string
	Done, Total int64 // rows; Total 0 = not counted yet
	At          time.Time
}

func (r RemovalRow) max() string { return strconv.FormatInt(max(r.Total, r.Done, 1), 10) }

func (r RemovalRow) value() string { return strconv.FormatInt(r.Done, 10) }

// text returns the progress: "1,200 of 1,000,000".
func (r RemovalRow) text() string {
	if r.Total == 0 {
		return ui.Number(r.Done)
	}
	return ui.Number(r.Done) + " of " + ui.Number(max(r.Total, r.Done))
}

// LoopRow is one of the loops of the program.
type LoopRow struct {
	Name     string
	Halt     string // what stops while it does not run
	Runs     bool
	Restarts int       // how often it was restarted
	FailedAt time.Time // the last time
	Why      string    // and why
}

// restarted says how often a loop was restarted.
func restarted(l LoopRow) string {
	if l.Restarts == 1 {
		return "Restarted once,"
	}
	return "Restarted " + ui.Number(int64(l.Restarts)) + " times, last"
}

func connectionPath(n int64) string { return "/connections/" + id(n) }

func (r ConnectionRow) icon() string {
	if r.Icon == "" {
		return "send"
	}
	return r.Icon
}

// waitingPath returns the path of the connection's deliveries.
func (r ConnectionRow) waitingPath() string { return "/deliveries?connection=" + id(r.ID) }

// failures returns the failures in a row, of both kinds.
func (c Condition) failures() int { return c.Failures + c.Refusals }

// tried says which attempts have failed.
func (c Condition) tried() string {
	switch {
	case c.State == "down" && c.Probes > 0:
		return ui.Plural(c.Probes, "probe", "probes") + " failed"
	case c.State == "down", c.State == "paused":
		return ui.Plural(c.Failures, "failure", "failures") + " in a row"
	case c.Refusals > 0 && c.Failures == 0:
		return "the last " + several(c.Refusals, "attempt was", "attempts were") + " rejected"
	}
	return "the last " + several(c.Failures, "attempt", "attempts") + " failed"
}

// several omits the number one: "the last attempt was".
func several(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return ui.Plural(n, one, many)
}

// running says how many of the loops run.
func (v HealthView) running() string {
	n := 0
	for _, l := range v.Loops {
		if l.Runs {
			n++
		}
	}
	return ui.Number(int64(n)) + " of " + ui.Number(int64(len(v.Loops)))
}

// troubled counts the failing rows.
func (v HealthView) troubled() int {
	n := 0
	for _, r := range v.Rows {
		if r.Condition.troubled() {
			n++
		}
	}
	return n
}

func (c Condition) troubled() bool {
	switch c.State {
	case "failing", "rejecting", "down", "paused", "gone":
		return true
	}
	return false
}

// cancelLabel is the label of the link that asks whether kept messages are canceled.
func cancelLabel(waiting int) string {
	return "Cancel " + ui.Plural(waiting, "kept message", "kept messages") + "…"
}

// hasSecrets reports whether the form has a field with a stored secret.
func (v ConnectionView) hasSecrets() bool {
	return slices.ContainsFunc(v.Fields, func(f ui.Field) bool { return f.Secret })
}
