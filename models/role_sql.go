package models

// A user's rights in a product are the union of four sources:
//
//	product member ----------------------------> product
//	group member ------------------> group ----> product
//	authorization group ------------------------> product
//	authorization group -----------> group ----> product
//
// Administrators see every product without a role, which is the fifth.

// roleUnionSQL selects user_id, product_id, role and joined_event of the users with a role
// in a product, once per source. user, product and role are conditions ("= ?",
// "= n.product_id", "<> 'upload'"), "" for any. Their arguments come in that order, for
// each of the four sources.
//
// The conditions are inside each select of the union: around it, SQLite would look at all
// roles of a user for each row. No other query uses its aliases.
func roleUnionSQL(user, product, role string) string {
	cond := func(userColumn, productColumn, roleColumn string) string {
		text := ""
		for _, c := range [][2]string{{userColumn, user}, {productColumn, product}, {roleColumn, role}} {
			if c[1] != "" {
				text += " AND " + c[0] + " " + c[1]
			}
		}
		return text
	}
	return `SELECT vm.user_id, vm.product_id, vm.role, vm.joined_event FROM members vm WHERE 1 = 1` + cond(
		"vm.user_id", "vm.product_id", "vm.role",
	) + `
		UNION ALL SELECT vm.user_id, vp.id, vm.role, ` + greatestSQL(
		"vm.joined_event",
		"vp.grouped_event",
	) + `
			FROM products vp JOIN group_members vm ON vm.group_id = vp.group_id WHERE 1 = 1` + cond(
		"vm.user_id",
		"vp.id",
		"vm.role",
	) + `
		UNION ALL SELECT vm.user_id, vr.product_id, vr.role, ` + greatestSQL(
		"vm.joined_event",
		"vr.joined_event",
	) + `
			FROM authorization_roles vr JOIN authorization_members vm ON vm.authorization_group_id = vr.authorization_group_id
			WHERE vr.product_id IS NOT NULL` + cond(
		"vm.user_id",
		"vr.product_id",
		"vr.role",
	) + `
		UNION ALL SELECT vm.user_id, vp.id, vr.role, ` + greatestSQL(
		greatestSQL("vm.joined_event", "vr.joined_event"),
		"vp.grouped_event",
	) + `
			FROM products vp JOIN authorization_roles vr ON vr.group_id = vp.group_id JOIN authorization_members vm ON vm.authorization_group_id = vr.authorization_group_id
			WHERE 1 = 1` + cond(
		"vm.user_id",
		"vp.id",
		"vr.role",
	)
}

// groupRoleUnionSQL selects user_id, group_id and role of the users with a role in a
// product group, once per source, of which there are two.
func groupRoleUnionSQL(user, group, role string) string {
	return "SELECT vm.user_id, vm.group_id, vm.role FROM group_members vm WHERE vm.user_id " + user + " AND vm.group_id " + group + " AND vm.role " + role + `
		UNION ALL SELECT vm.user_id, vr.group_id, vr.role FROM authorization_roles vr JOIN authorization_members vm ON vm.authorization_group_id = vr.authorization_group_id
			WHERE vm.user_id ` + user + " AND vr.group_id " + group + " AND vr.role " + role
}

// Conditions on roles.
const (
	viewing = "<> 'upload'"
	editing = "IN ('maintainer', 'owner')"
	owning  = "= 'owner'"
	anyRole = "<> ''"
)

// existsSQL returns the condition that a roleUnionSQL has a row. Its arguments are those
// of the union.
func existsSQL(holders string) string { return "(SELECT 1 FROM (" + holders + ") vis LIMIT 1) = 1" }

func greatestSQL(a, b string) string {
	return "CASE WHEN " + a + " > " + b + " THEN " + a + " ELSE " + b + " END"
}

// repeatArgs returns args n times, for the n selects of a union.
func repeatArgs(n int, args ...any) []any {
	var all []any
	for range n {
		all = append(all, args...)
	}
	return all
}
