package models

import "context"

// A user sees a product by one of five sources of a right:
//
//	administrator (SystemScope) -------------------------------------------> every product
//
//	user -- members -------------------------------------------------------> product
//	user -- group_members --------------------------------> product group -> product
//	user -- authorization_members -> authorization group
//	                                  |-- authorization_roles -------------> product
//	                                  `-- authorization_roles -> product group -> product
//
// The last four give a role in the product, and roleUnionSQL selects one row for each.
// Every role but upload lets its user view the product's data.
//
// A product's token sees its product without a role (ProductScope). Scope and Viewer turn the
// sources into the conditions of all lists: see scope.go.

// Conditions on a role, for the parameter role of roleUnionSQL and groupRoleUnionSQL.
const (
	viewing = "<> 'upload'"
	editing = "IN ('maintainer', 'owner')"
	owning  = "= 'owner'"
	anyRole = "<> ''"
)

// The number of selects in a union, each of which takes the arguments of its conditions.
const (
	roleSelects      = 4 // of roleUnionSQL
	groupRoleSelects = 2 // of groupRoleUnionSQL
)

// roleUnionSQL selects user_id, product_id, role and joined_event of the users with a role
// in a product, once per source. joined_event is the newest event at the time when the last
// link of the source was made: what happened until then counts as read for the user.
//
// user, product and role are conditions ("= ?", "= n.product_id", "<> 'upload'"), "" for
// any. Their arguments come in that order, for each of the four sources.
//
// The conditions are inside each select of the union: around it, SQLite would look at all
// roles of a user for each row. No other query uses the aliases vm, vp and vr.
func roleUnionSQL(user, product, role string) string {
	cond := func(userColumn, productColumn, roleColumn string) string {
		return andSQL(userColumn, user) + andSQL(productColumn, product) + andSQL(roleColumn, role)
	}
	grouped := greatestSQL("vm.joined_event", "vp.grouped_event")
	authorized := greatestSQL("vm.joined_event", "vr.joined_event")
	return `
		SELECT vm.user_id, vm.product_id, vm.role, vm.joined_event
		FROM members vm
		WHERE 1 = 1` + cond("vm.user_id", "vm.product_id", "vm.role") + `
		UNION ALL
		SELECT vm.user_id, vp.id, vm.role, ` + grouped + `
		FROM products vp
		JOIN group_members vm ON vm.group_id = vp.group_id
		WHERE 1 = 1` + cond("vm.user_id", "vp.id", "vm.role") + `
		UNION ALL
		SELECT vm.user_id, vr.product_id, vr.role, ` + authorized + `
		FROM authorization_roles vr
		JOIN authorization_members vm ON vm.authorization_group_id = vr.authorization_group_id
		WHERE vr.product_id IS NOT NULL` + cond("vm.user_id", "vr.product_id", "vr.role") + `
		UNION ALL
		SELECT vm.user_id, vp.id, vr.role, ` + greatestSQL(authorized, "vp.grouped_event") + `
		FROM products vp
		JOIN authorization_roles vr ON vr.group_id = vp.group_id
		JOIN authorization_members vm ON vm.authorization_group_id = vr.authorization_group_id
		WHERE 1 = 1` + cond("vm.user_id", "vp.id", "vr.role")
}

// RoleSource is one source of a user's role in a product.
type RoleSource struct {
	Role                 Role
	GroupID              int64 // the product group, 0 = in the product itself
	Group                string
	AuthorizationGroupID int64 // the authorization group, 0 = the user's own role
	AuthorizationGroup   string
}

// RoleSourcesOf lists the sources of a user's roles in some products that can view them, by
// product, their own role first. It repeats the selects of roleUnionSQL with columns for the
// groups, which the union of every access check does without: a new source of roles must be
// added to both.
func (r queries) RoleSourcesOf(
	ctx context.Context, userID int64, productIDs ...int64,
) (map[int64][]RoleSource, error) {
	sources := map[int64][]RoleSource{}
	if len(productIDs) == 0 {
		return sources, nil
	}
	in := "IN (" + placeholders(len(productIDs)) + ")"
	err := r.query(ctx, `
		SELECT m.product_id, m.role, 0, '', 0, ''
		FROM members m
		WHERE m.user_id = ?
		AND m.product_id `+in+`
		AND m.role `+viewing+`
		UNION ALL
		SELECT p.id, m.role, g.id, g.name, 0, ''
		FROM products p
		JOIN product_groups g ON g.id = p.group_id
		JOIN group_members m ON m.group_id = g.id
		WHERE m.user_id = ?
		AND p.id `+in+`
		AND m.role `+viewing+`
		UNION ALL
		SELECT a.product_id, a.role, 0, '', u.id, u.name
		FROM authorization_roles a
		JOIN authorization_groups u ON u.id = a.authorization_group_id
		JOIN authorization_members m ON m.authorization_group_id = u.id
		WHERE m.user_id = ?
		AND a.product_id `+in+`
		AND a.role `+viewing+`
		UNION ALL
		SELECT p.id, a.role, g.id, g.name, u.id, u.name
		FROM products p
		JOIN product_groups g ON g.id = p.group_id
		JOIN authorization_roles a ON a.group_id = g.id
		JOIN authorization_groups u ON u.id = a.authorization_group_id
		JOIN authorization_members m ON m.authorization_group_id = u.id
		WHERE m.user_id = ?
		AND p.id `+in+`
		AND a.role `+viewing+`
		ORDER BY 5, 3`,
		repeatArgs(roleSelects, append([]any{userID}, toAny(productIDs)...)...), func(rows scanner) error {
			var product int64
			var w RoleSource
			err := rows.Scan(&product, &w.Role, &w.GroupID, &w.Group, &w.AuthorizationGroupID, &w.AuthorizationGroup)
			sources[product] = append(sources[product], w)
			return err
		})
	return sources, err
}

// groupRoleUnionSQL selects user_id, group_id and role of the users with a role in a
// product group, once per source: a direct member, or a member of an authorization group.
// The conditions are those of roleUnionSQL, and none can be "".
func groupRoleUnionSQL(user, group, role string) string {
	return `
		SELECT vm.user_id, vm.group_id, vm.role
		FROM group_members vm
		WHERE vm.user_id ` + user + `
		AND vm.group_id ` + group + `
		AND vm.role ` + role + `
		UNION ALL
		SELECT vm.user_id, vr.group_id, vr.role
		FROM authorization_roles vr
		JOIN authorization_members vm ON vm.authorization_group_id = vr.authorization_group_id
		WHERE vm.user_id ` + user + `
		AND vr.group_id ` + group + `
		AND vr.role ` + role
}

// existsSQL returns the condition that a union has a row. Its arguments are those of the
// union. It is a scalar subquery, since SQLite would build a bloom filter over the whole
// membership for EXISTS.
func existsSQL(union string) string { return "(SELECT 1 FROM (" + union + ") vis LIMIT 1) = 1" }

// andSQL returns one more condition on a column, "" where cond is "".
func andSQL(column, cond string) string {
	if cond == "" {
		return ""
	}
	return " AND " + column + " " + cond
}

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
