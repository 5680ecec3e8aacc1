package page

import "gatecrier/templates/layout"

// ErrorView is shown instead of a page: 403, 404, 422, 500.
type ErrorView struct {
	Frame     layout.View
	Status    int
	Text      string // what went wrong, for the user; "" = said by the status
	RequestID string // for the reader of the log; "" = none
	Group     int64  // of the exception; 0 = none, or hidden from the user
}

// ConfirmView asks before something is lost. Its form posts to Action.
type ConfirmView struct {
	Frame  layout.View
	Title  string   // "Delete payments-api?"
	Lost   []string // what is lost, with numbers
	Note   string   // what to know besides; "" = nothing
	Action string   // path
	Button string   // "Delete the product"
	Cancel string   // path to go back to
	Hidden []Hidden
	Type   string // a text to be typed first, in the field confirm; "" = none
	Error  string // why the last try failed
}

// Hidden is a value that a form carries along.
type Hidden struct{ Name, Value string }

func (v ErrorView) heading() string {
	switch v.Status {
	case 401:
		return "Please sign in"
	case 403:
		return "Not allowed"
	case 404:
		return "There is nothing here"
	case 409:
		return "Somebody was faster"
	case 413:
		return "That is too large"
	case 422:
		return "That does not work"
	case 503:
		return "Not now"
	}
	if v.Status >= 500 {
		return "Something went wrong here"
	}
	return "That did not work"
}

// advice returns what went wrong, or what to do next.
func (v ErrorView) advice() string {
	switch {
	case v.Text != "":
		return v.Text
	case v.Status == 403:
		return "Your role does not include this. An owner or maintainer of the product can change that."
	case v.Status == 404:
		return "The page has moved or been deleted, or it belongs to a product that you cannot see."
	case v.Status >= 500:
		return "It is written down, and nothing was half saved. Try again in a moment; " +
			"if it stays, give the reference below to whoever runs this server."
	}
	return "Go back, look at what was entered, and try again."
}
