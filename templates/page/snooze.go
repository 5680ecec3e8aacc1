package page

import (
	"gatecrier/templates/layout"
	"gatecrier/templates/ui"
)

// SnoozeView asks until when notifications are snoozed. Its form posts choice, and with the last
// choice until and zone, to Action.
type SnoozeView struct {
	Frame   layout.View
	Title   string
	Names   []string // of the notifications, or the filter that finds them
	Action  string
	Cancel  string
	Choices []ui.Option
	Choice  string // the value of the chosen one
	Until   string // the time that was entered
	Zone    ui.Zone
	Error   string // in the time; "" = none
}
