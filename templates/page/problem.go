package page

import "gatecrier/templates/layout"

// ErrorView is what is shown instead of a page: 403, 404, 422, 500.
type ErrorView struct {
	Frame     layout.View
	Status    int
	Text      string // what went wrong, for the user; "" = said by the status
	RequestID string // for whoever reads the log; "" = none
}

// ConfirmView asks before something is lost. Its form posts to Action.
type ConfirmView struct {
	Frame  layout.View
	Title  string   // "Delete payments-api?"
	Lost   []string // what is lost, with numbers
	Action string   // path
	Button string   // "Delete the product"
	Cancel string   // path to go back to
	Hidden []Hidden
	Type   string // a text to be typed first, in the field confirm; "" = none
	Error  string // why the last try failed
}

// Hidden is a value that a form carries along.
type Hidden struct{ Name, Value string }
