package page

import (
	"time"

	"gatecrier/templates/layout"
	"gatecrier/templates/ui"
)

// ProfileView is the profile of the signed-in user. Its forms post first_name, email, time_zone,
// theme and password to /profile; name, role, expires and password to /profile/tokens.
type ProfileView struct {
	Frame        layout.View
	Name         string
	FirstName    string
	Email        string
	EmailPending string
	Mails        bool // whether a new address can be confirmed
	TimeZone     string
	Zones        []string
	Theme        string
	Errors       map[string]string // by the name of the field
	Token        TokenForm
	Tokens       []TokenRow
	Sessions     []SessionRow
	Feed         FeedForm
}

// FeedForm is the feed of the inbox. It is off until it is created. Its forms post to
// /profile/feed, with the password.
type FeedForm struct {
	Created time.Time // when its address was made; zero = none
	Made    string    // the address, shown this once; "" = none was made now
	Errors  map[string]string
}

// TokenForm is the form for a new token, and the token that it created.
type TokenForm struct {
	Name, Role, Expires string
	Roles               []string
	Soonest             string  // the first day to choose
	Zone                ui.Zone // of these days
	Errors              map[string]string
	Made                string // the text, shown this once; "" = none was made
}

// TokenRow is a token in the list.
type TokenRow struct {
	ID       int64
	Name     string
	Role     string // "" = all rights of its user
	Hint     string
	Created  time.Time
	LastUsed time.Time // zero = never
	Expires  time.Time // zero = never
	Expired  bool
}

// SessionRow is a session in the list.
type SessionRow struct {
	ID      string
	Browser string // in words
	Address string
	Since   time.Time
	Seen    time.Time
	This    bool
}

// roles returns the choices of the form.
func (f TokenForm) roles() []ui.Option {
	options := []ui.Option{{Label: "same as mine", Checked: f.Role == ""}}
	for _, r := range f.Roles {
		options = append(options, ui.Option{Value: r, Label: r + " at most", Checked: f.Role == r})
	}
	return options
}

// themes returns the choices of the form.
func (v ProfileView) themes() []ui.Option {
	return []ui.Option{
		{Value: "", Label: "System", Checked: v.Theme == ""},
		{Value: "light", Label: "Light", Checked: v.Theme == "light"},
		{Value: "dark", Label: "Dark", Checked: v.Theme == "dark"},
	}
}

// emailHelp says when a new address takes effect.
func (v ProfileView) emailHelp() string {
	switch {
	case v.EmailPending != "":
		return "We sent a confirmation link to " + v.EmailPending + ". The address above stays in effect until you use it."
	case v.Mails:
		return "A new address takes effect after you confirm it with the link that we email to it."
	}
	if v.Frame.User.Admin {
		return "Email is not configured on this server. As an administrator, you can change the address on the Users page."
	}
	return "Email is not configured on this server. Ask an administrator to change the address."
}

// others counts the sessions beside this one.
func (v ProfileView) others() int {
	n := 0
	for _, s := range v.Sessions {
		if !s.This {
			n++
		}
	}
	return n
}
