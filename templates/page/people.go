package page

import "gatecrier/templates/ui"

// People lists the users and groups with a role in a product or in a group of products. Its forms
// post user and role to Path/members, authorization_group and role to Path/authorization-groups,
// and nothing to .../{id}/delete of either.
type People struct {
	Path    string // "/products/3"
	Noun    string // product, group
	Members []MemberRow
	Groups  []MemberRow // authorization groups
	Through *Through    // the product's group, which gives roles too; nil = none
	CanEdit bool
	CanOwn  bool     // also change owners
	Roles   []string // that the user can give
	Add     RoleForm // for another member
	Give    RoleForm // for another authorization group
}

// MemberRow is a user or an authorization group with a role.
type MemberRow struct {
	ID   int64
	Name string
	Href string // "" = leads nowhere
	Role string
}

// Through is a product's group, whose members have their roles in the product too. Users who cannot
// see the group only learn its name.
type Through struct {
	Name, Href string
	Hidden     bool // the user cannot see the group
	Members    []MemberRow
	Groups     []MemberRow
}

// RoleForm is a form that gives a role.
type RoleForm struct {
	Name, Role string
	Errors     map[string]string
}

// may reports whether the user can change the role of a row.
func (p People) may(r MemberRow) bool { return p.CanEdit && (p.CanOwn || r.Role != "owner") }

// options returns the roles that the user can give.
func (p People) options(current string) []ui.Option {
	options := make([]ui.Option, len(p.Roles))
	for i, role := range p.Roles {
		options[i] = ui.Option{Value: role, Label: roleWords[role], Checked: role == current}
	}
	return options
}

// roleWords describes what a role can do.
var roleWords = map[string]string{
	"reader":     "Reader: can view everything",
	"upload":     "Upload: can send reports, cannot view",
	"writer":     "Writer: can also assess observations",
	"maintainer": "Maintainer: can also edit settings, targets and members",
	"owner":      "Owner: can also delete, manage tokens and owners",
}
