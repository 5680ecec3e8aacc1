package models

// Roles come by four ways: a product's own member, a member of its group, and
// the members of authorization groups of either. What one may is the union.

// holders selects user_id, product_id, role and joined_event of whoever has a
// role in a product, once for each way. user, product and role are conditions
// ("= ?", "= n.product_id", "<> 'upload'"), "" for any; their arguments come in
// that order, for each of the four ways.
//
// They are written into each way, and not around them: SQLite would look at all
// roles of a user for each row. The aliases are such as no query around has.
func holders(user, product, role string) string {
	cond := func(userColumn, productColumn, roleColumn string) string {
		text := ""
		for _, c := range [][2]string{{userColumn, user}, {productColumn, product}, {roleColumn, role}} {
			if c[1] != "" {
				text += " AND " + c[0] + " " + c[1]
			}
		}
		return text
	}
	return `SELECT vm.user_id, vm.product_id, vm.role, vm.joined_event FROM members vm WHERE 1 = 1` + cond("vm.user_id", "vm.product_id", "vm.role") + `
		UNION ALL SELECT vm.user_id, vp.id, vm.role, ` + later("vm.joined_event", "vp.grouped_event") + `
			FROM products vp JOIN group_members vm ON vm.group_id = vp.group_id WHERE 1 = 1` + cond("vm.user_id", "vp.id", "vm.role") + `
		UNION ALL SELECT vm.user_id, vr.product_id, vr.role, ` + later("vm.joined_event", "vr.joined_event") + `
			FROM authorization_roles vr JOIN authorization_members vm ON vm.authorization_group_id = vr.authorization_group_id
			WHERE vr.product_id IS NOT NULL` + cond("vm.user_id", "vr.product_id", "vr.role") + `
		UNION ALL SELECT vm.user_id, vp.id, vr.role, ` + later(later("vm.joined_event", "vr.joined_event"), "vp.grouped_event") + `
			FROM products vp JOIN authorization_roles vr ON vr.group_id = vp.group_id JOIN authorization_members vm ON vm.authorization_group_id = vr.authorization_group_id
			WHERE 1 = 1` + cond("vm.user_id", "vp.id", "vr.role")
}

// groupHolders is holders for the roles in groups of products: user_id,
// group_id and role, by two ways.
func groupHolders(user, group, role string) string {
	return "SELECT vm.user_id, vm.group_id, vm.role FROM group_members vm WHERE vm.user_id " + user + " AND vm.group_id " + group + " AND vm.role " + role + `
		UNION ALL SELECT vm.user_id, vr.group_id, vr.role FROM authorization_roles vr JOIN authorization_members vm ON vm.authorization_group_id = vr.authorization_group_id
			WHERE vm.user_id ` + user + " AND vr.group_id " + group + " AND vr.role " + role
}

// The conditions on roles that there are.
const (
	viewing = "<> 'upload'"
	editing = "IN ('maintainer', 'owner')"
	owning  = "= 'owner'"
	anyRole = "<> ''"
)

// holds is a condition: somebody has such a role. Its arguments are those of
// holders.
func holds(holders string) string { return "(SELECT 1 FROM (" + holders + ") vis LIMIT 1) = 1" }

func later(a, b string) string {
	return "CASE WHEN " + a + " > " + b + " THEN " + a + " ELSE " + b + " END"
}

// times repeats arguments, for each way.
func times(n int, args ...any) []any {
	var all []any
	for range n {
		all = append(all, args...)
	}
	return all
}
