package page

import (
	"gatecrier/templates/layout"
	"gatecrier/templates/ui"
)

// ErrorView is shown instead of a page: 403, 404, 422, 500.
type ErrorView struct {
	Frame     layout.View
	Status    int
	Text      string  // what went wrong, for the user; "" = said by the status
	RequestID string  // for the reader of the log; "" = none
	Group     int64   // of the exception; 0 = none, or hidden from the user
	Holders   Holders // of the permission that the user lacks
}

// ConfirmView asks for confirmation before something is deleted. Its form posts to Action.
type ConfirmView struct {
	Frame  layout.View
	Title  string   // "Delete payments-api?"
	Lost   []string // what is lost, with numbers
	Note   string   // what to know besides; "" = nothing
	Action string   // path
	Button string   // "Delete product"
	Cancel string   // path to go back to
	Hidden []ui.Hidden
	Type   string // a text to be typed first, in the field confirm; "" = none
	Error  string // why the last try failed
}

func (v ErrorView) heading() string {
	switch v.Status {
	case 401:
		return "Please sign in"
	case 403:
		return "Not allowed"
	case 404:
		return "Page not found"
	case 409:
		return "Changed by someone else"
	case 413:
		return "Request too large"
	case 422:
		return "Invalid request"
	case 503:
		return "Try again later"
	}
	if v.Status >= 500 {
		return "Something went wrong"
	}
	return "Request failed"
}

// advice returns what went wrong, or what to do next.
func (v ErrorView) advice() string {
	switch {
	case v.Text != "":
		return v.Text
	case v.Status == 403:
		return "Your role does not allow this. Ask an owner or maintainer of the product for access."
	case v.Status == 404:
		return "This page does not exist, or you do not have access to it."
	case v.Status >= 500:
		return "The error is in the server log, and your request changed nothing. Try again in a moment. " +
			"If it happens again, send the reference below to an administrator."
	}
	return "Go back, check your input and try again."
}
