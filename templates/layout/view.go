// Package layout has the frames around pages: the one with the navigation, and
// a plain one for signing in and for errors.
package layout

import (
	"time"

	"gatecrier/templates/ui"
)

// BadgePath is the path of the unread badges (Badges). The frame reloads it every 30 s.
const BadgePath = "/inbox/badge"

// Nav names an entry of the main navigation.
type Nav string

// The entries of the navigation. NavNone marks none as current.
const (
	NavNone        Nav = ""
	NavOverview    Nav = "overview"
	NavInbox       Nav = "inbox"
	NavProducts    Nav = "products"
	NavFound       Nav = "observations"
	NavGroups      Nav = "groups"
	NavExceptions  Nav = "exceptions"
	NavDeliveries  Nav = "deliveries"
	NavSilences    Nav = "silences"
	NavConnections Nav = "connections"
	// For administrators.
	NavUsers         Nav = "users"
	NavAuthorization Nav = "authorization"
	NavHealth        Nav = "health"
	NavAudit         Nav = "audit"
	NavSettings      Nav = "settings"
)

// View is what a frame shows. Each page has one in its field Frame.
type View struct {
	Title    string // of the document, with the state in it: "4 gates are failing"
	SiteName string // "" = Gatecrier
	Banner   Banner // at the top of every page
	Nav      Nav
	User     User
	Unread   int       // notifications of the user
	Alert    Alert     // for administrators, on every page
	Failing  int       // connections, for administrators; more than MaxFailing are not counted
	Ignored  Ignored   // of the URL of a list
	Flash    *ui.Note  // the result of the last action; nil = none
	Version  string    // of the program
	Now      time.Time // what relative times are relative to
	Live     Live      // how the page stays current
}

// MaxFailing bounds the connections that the frame counts.
const MaxFailing = 99

// Live is how an open page stays current: its stream says when the mark changes. A zero Live is a
// page that does not.
type Live struct {
	Page string // for the stream: "overview", or "product-" and an id
	Mark string // changes when the page can have changed
}

// Alert is a decision that an administrator has to make, with a link to its page. A zero Alert is none.
type Alert struct {
	Text  string
	Href  string
	Label string // of the link
}

// Ignored names the parts of a list's URL that the list does not know. A zero Ignored is none.
type Ignored struct {
	Title string
	Parts []string // a sentence for each, without a full stop
	Href  string   // the list without them
	Label string   // of that link
}

// Banner is a line at the top of every page of an unusual installation. A zero Banner is none.
type Banner struct {
	Text   string // "Demo: ..."
	Href   string // where more is said
	Label  string // of that link
	SignIn string // how one signs in here
}

// User is the signed-in user. A zero User is a visitor.
type User struct {
	Name     string
	Email    string
	Initials string // one or two letters; "" = made of Name
	Admin    bool
	Theme    string // light, dark; "" as the system
	Zone     string // an IANA name; "" = that of the browser
}
