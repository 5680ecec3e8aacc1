package models

// Role is a member's role in a product or a product group; app/authz has the permissions of
// each.
type Role string

// The five roles, least first.
const (
	RoleReader     Role = "reader"
	RoleUpload     Role = "upload"
	RoleWriter     Role = "writer"
	RoleMaintainer Role = "maintainer"
	RoleOwner      Role = "owner"
)

// Roles lists all roles, least first.
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
