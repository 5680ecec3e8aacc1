package page

import (
	"time"

	"gatecrier/templates/layout"
	"gatecrier/templates/ui"
)

// UsersView is the list of users, filtered by q and show in the URL.
type UsersView struct {
	Frame    layout.View
	Query    string
	Keep     []ui.Hidden // the rest of the URL, for a search
	Sorting  ui.Sorting  // by name and sign_in
	Chips    []ui.Chip
	Rows     []UserRow
	Pager    ui.Pager
	Narrowed bool // by q or show
}

// UserRow is a user in the list.
type UserRow struct {
	ID            int64
	Name          string
	FirstName     string
	Email         string
	Administrator bool
	Active        bool
	Memberships   int
	LastSignIn    time.Time // zero = never
}

// UserNewView is the form for a new user. It posts name, email, first_name,
// administrator and how (password, link) to /admin/users.
type UserNewView struct {
	Frame         layout.View
	Name          string
	Email         string
	FirstName     string
	Administrator bool
	ByLink        bool
	Mails         bool              // whether a link can be mailed
	Errors        map[string]string // by the name of the field
}

// UserMadeView shows a new password, this one time.
type UserMadeView struct {
	Frame    layout.View
	ID       int64
	Title    string
	Name     string
	Password string
}

// UserView is a user, for administrators. Its form posts email and first_name
// to /admin/users/ID.
type UserView struct {
	Frame        layout.View
	User         UserRow
	EmailPending string
	MustChange   bool
	Self         bool // it is the user who views the page
	Sessions     int
	LinkTo       string // the address that a link to a new password was sent to; "" = none is valid
	LinkUntil    time.Time
	TimeZone     string
	Created      time.Time
	Memberships  []UserMembership // a page of them, also through groups
	Pager        ui.Pager
	Typed        map[string]string // what was typed in an invalid form
	Errors       map[string]string // by the name of the field
}

// UserMembership is a product in which a user has a role.
type UserMembership struct {
	ProductID int64
	Product   string
	Role      string
	Through   string // the groups that give the role; "" = it is direct
}

// value returns what was typed, else what is saved.
func (v UserView) value(field, saved string) string {
	if text, ok := v.Typed[field]; ok {
		return text
	}
	return saved
}

// act returns the path of the page that asks before an action on a user.
func (v UserView) act(what string) string { return userPath(v.User.ID) + "/" + what }

func userPath(n int64) string { return "/admin/users/" + id(n) }

// invited reports whether the user has not signed in yet, and has no generated password to do so.
func (v UserView) invited() bool {
	return v.User.LastSignIn.IsZero() && !v.MustChange && !v.Self
}

// linkName names the link to a new password.
func (v UserView) linkName() string {
	if v.invited() {
		return "Invitation"
	}
	return "Password link"
}
