package page

import (
	"strconv"
	"time"

	"gatecrier/templates/layout"
	"gatecrier/templates/ui"
)

// SilencesView is the list of silences.
type SilencesView struct {
	Frame    layout.View
	Chips    []ui.Chip // in force, ended
	Filters  []ui.Removable
	Ended    bool // it lists those that have ended
	Narrowed bool
	MayNew   string // the URL of the form for a new one; "" = the user can silence nothing
	Rows     []SilenceRow
	Sorting  ui.Sorting // by created and end
	Pager    ui.Pager
}

// endLabel names the column of the time when a silence ends.
func (v SilencesView) endLabel() string {
	if v.Ended {
		return "Ended"
	}
	return "Expires"
}

// SilenceRow is a silence, in the list and on its page.
type SilenceRow struct {
	ID        int64
	ScopeName string // the product's or group's name, "Everything"
	ScopeHref string // "" = none
	Group     bool   // it is of a group
	What      string // what is silenced: "Gate changes with “nightly”"
	Reason    string
	Author    string
	State     string // scheduled, active, ended
	StartsAt  time.Time
	EndsAt    time.Time
	EndedBy   string // the user who ended it early
	Held      int
	Products  int // that these are of
	May       bool
}

// HeldRow is a notification that a silence has silenced, or would have.
type HeldRow struct {
	ID      int64
	Name    string
	Product string
	At      time.Time
}

// SilenceView is one silence. Its form posts the fields of SilenceForm to its own
// path, with its version.
type SilenceView struct {
	Frame layout.View
	Row   SilenceRow
	Form  *SilenceForm // nil = the user cannot change it, or it has ended
	Held  []HeldRow    // those that the user can see, newest first
	Pager ui.Pager
}

// SilenceNewView is the form for a new silence. It posts to /silences; its
// preview is at /silences/preview, with the same fields.
type SilenceNewView struct {
	Frame   layout.View
	Form    SilenceForm
	Preview SilencePreview
	Back    string
}

// SilenceDeniedView says who can create a silence, for users who cannot.
type SilenceDeniedView struct {
	Frame   layout.View
	Of      string // what it would be for; "" = nothing yet
	Holders Holders
	Back    string
}

// heading returns what the user cannot do.
func (v SilenceDeniedView) heading() string {
	if v.Of == "" {
		return "You cannot create silences"
	}
	return "You cannot silence " + v.Of
}

// SilenceForm is the form of a silence: of (product, group, all), product (a name), group (an id),
// type, text, reason, starts, for (a length, "" = until the time in until).
type SilenceForm struct {
	Of       []ui.Option // empty = it is known
	Product  string
	Products []string    // to choose from while typing
	Groups   []ui.Option // empty = there are none to choose
	Types    []ui.Option
	Text     string
	Reason   string
	Starts   string // empty = now
	For      []ui.Option
	Until    string
	Zone     ui.Zone // of these times
	Version  int64
	Note     string // something to know first
	Errors   map[string]string
}

// SilencePreview is what a silence would have silenced recently.
type SilencePreview struct {
	Missing string // what is to be chosen first, "" = nothing
	Held    int
	Of      int
	More    bool // only the newest Of were looked at
	Days    int  // that were looked at
	Rows    []HeldRow
	Now     time.Time
}

// QuietRow is a silence in force, on the page of a product.
type QuietRow struct {
	Reason string
	Author string
	What   string
	EndsAt time.Time
	Href   string // "" = the user cannot see it
}

func silencePath(n int64) string { return "/silences/" + id(n) }

// state returns how the state is shown as a pill.
func (r SilenceRow) state() (class, icon, word string) {
	switch r.State {
	case "scheduled":
		return "off", "clock", "Scheduled"
	case "active":
		return "wait", "bell-off", "Active"
	}
	return "off", "check", "Ended"
}

func (r SilenceRow) held() string {
	switch {
	case r.Held == 0 && r.State == "ended":
		return "none"
	case r.Held == 0:
		return "none yet"
	}
	text := ui.Plural(r.Held, "notification", "notifications")
	if r.Products > 1 {
		text += " of " + ui.Plural(r.Products, "product", "products")
	}
	return text
}

// left says how long the silence lasts: to the minute on its last day.
func (r SilenceRow) left(now time.Time) string {
	d := r.EndsAt.Sub(now)
	if h := d.Round(time.Minute); h >= 100*time.Minute && h < 36*time.Hour {
		if m := int(h/time.Minute) % 60; m > 0 {
			return strconv.Itoa(int(h/time.Hour)) + " h " + strconv.Itoa(m) + " min left"
		}
		d = h
	}
	return ui.Span(d) + " left"
}

// none says that the silence has silenced nothing.
func (v SilenceView) none() string {
	switch v.Row.State {
	case "scheduled":
		return "The silence has not started."
	case "active":
		return "No silenced notifications yet."
	}
	return "No silenced notifications."
}

// sum sums up a preview.
func (p SilencePreview) sum() string {
	days, held := ui.Plural(p.Days, "day", "days"), ui.Number(int64(p.Held))
	switch {
	case p.Of == 0:
		return "No matching notifications in the last " + days + "."
	case p.More:
		return "Would have silenced " + held + " of the newest " + ui.Number(int64(p.Of)) + " notifications in this scope."
	}
	all := ui.Plural(p.Of, "notification", "notifications")
	return "Would have silenced " + held + " of " + all + " in the last " + days + "."
}
