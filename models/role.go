package models

// Role is a member's role in a product or a product group; app/authz has the permissions of
// each.
type Role string

// The five roles, in the order of Roles. Each has the permissions of the one before, except that
// upload sends reports and views nothing.
const (
	RoleReader     Role = "reader"
	RoleUpload     Role = "upload"
	RoleWriter     Role = "writer"
	RoleMaintainer Role = "maintainer"
	RoleOwner      Role = "owner"
)

// Roles lists all roles in the order in which pages offer them.
func Roles() []Role {
	return []Role{RoleReader, RoleUpload, RoleWriter, RoleMaintainer, RoleOwner}
}

// Valid reports whether r is one of the five.
func (r Role) Valid() bool {
	for _, v := range Roles() {
		if r == v {
			return true
		}
	}
	return false
}
