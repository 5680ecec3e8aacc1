package authz

import (
	"strings"

	"gatecrier/app/fault"
	"gatecrier/models"
)

// Denied is a permission that an actor lacks in a product or a group. It is the cause of the error
// of Forbidden, so that pages can name the users who have the permission.
type Denied struct {
	Permission Permission
	ProductID  int64 // or
	GroupID    int64
}

// Error returns the permission, for the log.
func (d Denied) Error() string { return "permission " + string(d.Permission) + " denied" }

func (d Denied) noun() string {
	if d.GroupID != 0 {
		return "group"
	}
	return "product"
}

// Forbidden returns the error for an actor whose roles lack a permission.
func Forbidden(d Denied) error {
	return fault.Wrap(fault.Forbidden, "Your role in this "+d.noun()+" does not allow that: it needs the role "+
		RoleWords(d.Permission, "or"), d)
}

// RolesWith lists the roles that have a permission.
func RolesWith(p Permission) []models.Role {
	var list []models.Role
	for _, r := range models.Roles() {
		if Allows(r, p) {
			list = append(list, r)
		}
	}
	return list
}

// RoleWords names the roles that have a permission: "writer, maintainer or owner".
func RoleWords(p Permission, conjunction string) string {
	var names []string
	for _, r := range RolesWith(p) {
		names = append(names, string(r))
	}
	last := len(names) - 1
	if last == 0 {
		return names[0]
	}
	return strings.Join(names[:last], ", ") + " " + conjunction + " " + names[last]
}
