package page

import (
	"gatecrier/templates/layout"
	"gatecrier/templates/ui"
)

// AskView asks before an action is done. Its form posts to Action.
type AskView struct {
	Frame   layout.View
	Crumbs  []ui.Crumb
	Title   string   // "Deactivate eve?"
	Effects []string // what happens, a sentence each
	Action  string   // path
	Buttons []AskButton
	Cancel  string // path to go back to
	Error   string // why it was not done
	Made    []MadeRow
	// Password is whether the form asks for the current password, as the field password.
	Password      bool
	PasswordError string
}

// AskButton is one way to do it. A value is sent as the field how.
type AskButton struct {
	Label, Value string
	Danger       bool
}
