package layout

import "gatecrier/templates/ui"

// entry is one line of the main navigation.
type entry struct {
	nav               Nav
	href, icon, label string
}

var entries = []entry{
	{NavOverview, "/", "layout-dashboard", "Overview"},
	{NavInbox, "/inbox", "inbox", "Inbox"},
	{NavProducts, "/products", "packages", "Products"},
	{NavDeliveries, "/deliveries", "send", "Deliveries"},
	{NavSettings, "/admin/settings", "settings", "Settings"},
}

// entries are those that the user may open.
func (v View) entries() []entry {
	if v.User.Admin {
		return entries
	}
	return entries[:len(entries)-1]
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

// health is the foot of the navigation: a page that is shown has a database
// that answers.
func (v View) health() string {
	if v.Version == "" {
		return "Healthy"
	}
	return "Healthy, version " + v.Version
}

func (u User) initials() string {
	if u.Initials != "" {
		return u.Initials
	}
	return ui.Initials(u.Name)
}
