package layout

import (
	"slices"

	"gatecrier/templates/ui"
)

// entry is one line of the main navigation.
type entry struct {
	nav               Nav
	href, icon, label string
	admin             bool // for administrators alone
}

var entries = []entry{
	{NavOverview, "/", "layout-dashboard", "Overview", false},
	{NavInbox, "/inbox", "inbox", "Inbox", false},
	{NavProducts, "/products", "packages", "Products", false},
	{NavFound, "/observations", "bug", "Observations", false},
	{NavGroups, "/groups", "folders", "Product groups", false},
	{NavExceptions, "/exceptions", "bolt", "Exceptions", false},
	{NavDeliveries, "/deliveries", "send", "Deliveries", false},
	{NavSilences, "/silences", "bell-off", "Silences", false},
	{NavConnections, "/connections", "plug", "Connections", false},
	{NavUsers, "/admin/users", "users", "Users", true},
	{NavAuthorization, "/authorization-groups", "users-group", "Authorization groups", true},
	{NavHealth, "/admin/health", "heartbeat", "Health", true},
	{NavAudit, "/admin/audit", "history", "Audit log", true},
	{NavSettings, "/admin/settings", "settings", "Settings", true},
}

// entries returns the entries that the user can open.
func (v View) entries() []entry {
	return slices.DeleteFunc(slices.Clone(entries), func(e entry) bool { return e.admin && !v.User.Admin })
}

// theme returns the theme for the attribute that scripts read too.
func (u User) theme() string {
	if u.Theme == "" {
		return "auto"
	}
	return u.Theme
}

func (v View) site() string {
	if v.SiteName == "" {
		return "Gatecrier"
	}
	return v.SiteName
}

func (v View) documentTitle() string {
	if v.Title == "" {
		return v.site()
	}
	return v.Title + " · " + v.site()
}

// health says for administrators whether something needs attention. It does not check the database:
// a page that is shown has read from it.
func (v View) health() string {
	switch {
	case v.Failing > MaxFailing:
		return "More than " + ui.Number(MaxFailing) + " connections failing"
	case v.Failing > 0:
		return ui.Plural(v.Failing, "connection", "connections") + " failing"
	}
	return "Server healthy"
}

// version returns the version of the program at the foot of the navigation, "" for none.
func (v View) version() string {
	if v.Version == "" {
		return ""
	}
	return "Version " + v.Version
}

func (u User) initials() string {
	if u.Initials != "" {
		return u.Initials
	}
	return ui.Initials(u.Name)
}

// Link is a page that the navigation leads to.
type Link struct{ Label, Href, Icon string }

// Pages returns the pages of the navigation that a user can open.
func Pages(admin bool) []Link {
	var list []Link
	for _, e := range (View{User: User{Admin: admin}}).entries() {
		list = append(list, Link{e.label, e.href, e.icon})
	}
	return list
}
