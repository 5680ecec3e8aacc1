package models

import "context"

// CanNotify reports whether an email address is that of an active user who can view a product, or
// of an administrator. Without a product, only administrators qualify.
func (r queries) CanNotify(ctx context.Context, address string, productID int64) (bool, error) {
	var n int
	err := r.get(ctx, `
		SELECT count(*)
		FROM (
			SELECT 1
			FROM users u
			WHERE lower(u.email) = lower(?)
			AND u.active
			AND (u.administrator OR `+existsSQL(roleUnionSQL("= u.id", "= ?", viewing))+`)
			LIMIT 1
		) x`, append([]any{address}, repeatArgs(roleSelects, productID)...), &n)
	return n > 0, err
}

// CanNotifyUser reports whether a user is active and can view a product; without a product,
// whether they are active.
func (r queries) CanNotifyUser(ctx context.Context, userID, productID int64) (bool, error) {
	var n int
	err := r.get(ctx, `
		SELECT count(*)
		FROM users u
		WHERE u.id = ?
		AND u.active
		AND (u.administrator OR CAST(? AS BIGINT) = 0 OR `+existsSQL(roleUnionSQL("= u.id", "= ?", viewing))+")",
		append([]any{userID, productID}, repeatArgs(roleSelects, productID)...), &n)
	return n > 0, err
}

// Keepers lists the email addresses of the users who look after an owner's connections: the
// owners of a product or a product group, and the administrators; for a user's own, only that
// user.
func (r queries) Keepers(ctx context.Context, o Owner) ([]string, error) {
	var cond string
	var args []any
	switch {
	case o.UserID != 0:
		cond, args = "u.id = ?", []any{o.UserID}
	case o.GroupID != 0:
		cond = "(u.administrator OR " + existsSQL(groupRoleUnionSQL("= u.id", "= ?", owning)) + ")"
		args = repeatArgs(groupRoleSelects, o.GroupID)
	default:
		cond = "(u.administrator OR " + existsSQL(roleUnionSQL("= u.id", "= ?", owning)) + ")"
		args = repeatArgs(roleSelects, o.ProductID)
	}
	return r.emailsOf(ctx, cond, args)
}

// OwnerEmails lists the email addresses of the users who own a product.
func (r queries) OwnerEmails(ctx context.Context, productID int64) ([]string, error) {
	return r.emailsOf(ctx, existsSQL(roleUnionSQL("= u.id", "= ?", owning)), repeatArgs(roleSelects, productID))
}

// emailsOf lists the email addresses of the active users u that match a condition.
func (r queries) emailsOf(ctx context.Context, cond string, args []any) ([]string, error) {
	var list []string
	err := r.query(ctx, `
		SELECT DISTINCT lower(u.email)
		FROM users u
		WHERE u.email <> ''
		AND u.active
		AND `+cond+`
		ORDER BY 1`, args, collect(&list, func(s *string) []any { return []any{s} }))
	return list, err
}
