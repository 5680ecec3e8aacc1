package models

// Role is what a member may do with a product; the matrix of permissions is
// app/authz's.
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
