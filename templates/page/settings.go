package page

import (
	"net/url"
	"time"

	"gatecrier/templates/layout"
	"gatecrier/templates/ui"
)

// SettingsView is a section of the global settings.
type SettingsView struct {
	Frame     layout.View
	Sections  []SettingsLink
	Name      string // of the section, in its path
	Title     string
	Summary   string
	Version   string // sent back, so that two people at once are told
	Fields    []ui.Field
	Errors    []SettingsError // what was wrong, by field
	Failed    string          // why nothing was saved, where no field is to blame
	ChangedBy string          // "" = all as it came
	ChangedAt time.Time
	Progress  string    // what goes on because of the last change, "" for nothing
	Mail      *MailTest // for the section of mails
}

// SettingsLink is an entry in the list of sections.
type SettingsLink struct {
	Name, Title string
}

// SettingsError is a field that needs another value.
type SettingsError struct {
	Field, Label string
}

// MailTest is the form that sends a test mail, and what came of the last one.
type MailTest struct {
	To     string
	Error  string
	Result *ui.Note
	Answer string // of the mail server
}

func settingsPath(section string) string { return "/admin/settings/" + url.PathEscape(section) }
