package page

import (
	"net/url"
	"strings"
	"time"

	"gatecrier/templates/layout"
	"gatecrier/templates/ui"
)

// SettingsView is a section of the global settings.
type SettingsView struct {
	Frame    layout.View
	Sections []SettingsLink
	Name     string // of the section, in its path
	Title    string
	Summary  string
	Version  string // sent back, so that the second of two users learns of the first
	Fields   []ui.Field
	Error    string // why nothing was saved, where no field is to blame
	// Guarded are the labels of the fields that need the current password, as the field password.
	Guarded       []string
	PasswordError string
	ChangedBy     string // "" = all as it came
	ChangedAt     time.Time
	Sweep         *SweepView     // for the section of gates
	Mail          *MailTest      // for the section of mails
	Presets       []SettingsLink // of mail providers
	Filled        *ui.Note       // that a preset was filled in
	Confirm       string         // what the save changes in gates, to be confirmed; "" = nothing
}

// guarded says what the current password is needed for.
func (v SettingsView) guarded() string {
	if len(v.Guarded) == len(v.Fields) {
		return "Needed for any change on this page."
	}
	return "Only needed to change: " + strings.Join(v.Guarded, ", ") + "."
}

// SweepView is the progress of the evaluation of all gates that follows a change.
type SweepView struct {
	Seen, Total int
	Changed     int // gates that have changed
	Done        bool
	Began       bool
	Ended       time.Time // zero = not done, or long ago
}

// sentence returns the progress.
func (v SweepView) sentence() string {
	switch {
	case !v.Done && v.Began:
		seen := ui.Number(int64(v.Seen)) + " of " + ui.Plural(v.Total, "gate", "gates")
		return seen + " evaluated, " + ui.Number(int64(v.Changed)) + " changed"
	case !v.Done:
		return "All gates will be evaluated again in a moment"
	case v.Ended.IsZero():
		return "All gates are up to date"
	}
	return ui.Plural(v.Seen, "gate", "gates") + " evaluated, " + ui.Number(int64(v.Changed)) + " changed"
}

// full returns the maximum of the progress bar.
func (v SweepView) full() int { return max(1, v.Total) }

func (v SweepView) at() int {
	if v.Done {
		return v.full()
	}
	return v.Seen
}

// SettingsLink is an entry in the list of sections.
type SettingsLink struct {
	Name, Title string
}

// MailTest is the form that sends a test email, and the result of the last one.
type MailTest struct {
	To     string
	Error  string
	Result *ui.Note
	Answer string // of the mail server
}

func settingsPath(section string) string { return "/admin/settings/" + url.PathEscape(section) }

func presetPath(section, preset string) string {
	return settingsPath(section) + "?preset=" + url.QueryEscape(preset)
}
