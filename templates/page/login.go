package page

import (
	"time"

	"gatecrier/templates/layout"
	"gatecrier/templates/ui"
)

// LoginView is the sign-in page. Its form posts name, password, next and draft to
// /login.
type LoginView struct {
	Frame     layout.View
	Name      string   // as typed before
	Next      string   // local path to go to afterwards
	Error     string   // why the last try failed; "" = none
	Draft     string   // what was typed in a form before, sealed; "" = nothing
	Ended     *ui.Note // says that the session has ended; nil = it has not
	FirstHint string   // where to find the first password; "" = no hint
}

// PasswordView asks for a new password, and which tokens to keep. Its form posts current, new,
// repeat and keep to /profile/password; by a link, link, new, repeat and keep to /login/reset.
type PasswordView struct {
	Frame     layout.View
	Forced    bool              // at the first sign-in: nothing else is possible before
	MinLength int               // of the new password, in characters
	Link      string            // that a visitor has followed; "" = none
	First     bool              // the link invites a user who has never signed in
	Name      string            // of the user
	Tokens    []KeepRow         // of the user
	Made      []MadeRow         // of products
	Errors    map[string]string // by the name of the field
}

func (v PasswordView) action() string {
	if v.Link != "" {
		return "/login/reset"
	}
	return "/profile/password"
}

func (v PasswordView) user() string {
	if v.Link != "" {
		return v.Name
	}
	return v.Frame.User.Name
}

// KeepRow is a token that the user keeps or revokes.
type KeepRow struct {
	TokenRow
	Keep bool // ticked
}

// MadeRow is a credential of a product that the user has created: a token or an ingest key.
type MadeRow struct {
	Ref     string // the value of its checkbox
	Name    string
	Product string
	Role    string // of a token
	Hint    string // its last characters
	Created time.Time
	Keep    bool // ticked
}

// ForgotView is the page for forgotten passwords. Its form posts who to
// /login/forgot.
type ForgotView struct {
	Frame layout.View
	Mails bool   // whether mail is set up
	Who   string // as typed before
	Error string // why the form was refused; "" = it was not
	Asked bool   // the form was sent: the answer is the same for every name
}

// DoorView is a plain page with a message, and at most one button: its form posts link, and keep if
// it lists tokens, to Action.
type DoorView struct {
	Frame       layout.View
	Title, Text string
	Action      string
	Button      string // "" = nothing to press
	Link        string
	Tokens      []KeepRow
	Errors      map[string]string // by the name of the field
	Href, Label string            // where else to go
}
