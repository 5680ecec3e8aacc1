package page

import "gatecrier/templates/layout"

// LoginView is the sign-in page. Its form posts name, password and next to
// /login.
type LoginView struct {
	Frame     layout.View
	Name      string // as typed before
	Next      string // local path to go to afterwards
	Error     string // why the last try failed; "" = none
	FirstHint string // where the first password is to be found; "" = no hint
}

// PasswordView asks for a new password. Its form posts current, new and repeat
// to /profile/password.
type PasswordView struct {
	Frame     layout.View
	Forced    bool              // at the first sign-in: nothing else is possible before
	MinLength int               // of the new password, in characters
	Errors    map[string]string // by the name of the field
}
