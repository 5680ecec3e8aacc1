package page

import (
	"gatecrier/templates/layout"
	"gatecrier/templates/ui"
)

// AuthorizationGroupsView is the list of authorization groups. The form for a new one posts name to
// /authorization-groups.
type AuthorizationGroupsView struct {
	Frame     layout.View
	Query     string
	Keep      []ui.Hidden // the rest of the URL, for a search
	Sorting   ui.Sorting  // by name, members and roles
	Rows      []AuthorizationGroupRow
	Pager     ui.Pager
	CanCreate bool // and sees all
	Name      string
	Errors    map[string]string
}

// AuthorizationGroupRow is an authorization group in the list.
type AuthorizationGroupRow struct {
	ID      int64
	Name    string
	Members int
	Roles   int // in products and groups
	Manager bool
}

// AuthorizationGroupView is the page of an authorization group. Its forms post user and manager to
// .../members, nothing to .../members/{user}/delete, and name and version to the page itself.
type AuthorizationGroupView struct {
	Frame   layout.View
	ID      int64
	Name    string
	Version int64
	Members []AuthorizationMemberRow
	Roles   []AuthorizationRoleRow
	CanEdit bool // its members
	Admin   bool // its name and end, too
	User    string
	Manager bool
	Typed   string // the name, as typed
	Errors  map[string]string
}

// AuthorizationMemberRow is a user in an authorization group.
type AuthorizationMemberRow struct {
	ID      int64
	Name    string
	Manager bool
}

// AuthorizationRoleRow is a role of an authorization group.
type AuthorizationRoleRow struct {
	Kind, Name, Href, Role string
}

func authorizationPath(n int64) string { return "/authorization-groups/" + id(n) }
