package models

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// Member is a user's own role in a product or in a product group.
type Member struct {
	UserID    int64
	ProductID int64 // or
	GroupID   int64
	Role      Role
	User      string // the user's name, if the read includes it
	CreatedAt time.Time
}

// table returns the table of such a member, and the column and the id of what they are in.
func (m Member) table() (table, column string, id int64) {
	if m.GroupID != 0 {
		return "group_members", "group_id", m.GroupID
	}
	return "members", "product_id", m.ProductID
}

// RolesOf lists a user's roles in a product, from all sources of a right.
func (r queries) RolesOf(ctx context.Context, userID, productID int64) ([]Role, error) {
	var roles []Role
	err := r.query(ctx, "SELECT DISTINCT role FROM ("+roleUnionSQL("= ?", "= ?", "")+") w",
		repeatArgs(roleSelects, userID, productID), collect(&roles, func(r *Role) []any { return []any{r} }))
	return roles, err
}

// RolesIn lists a user's roles in several products, by product. Products without a role are left
// out.
func (r queries) RolesIn(ctx context.Context, userID int64, products []int64) (map[int64][]Role, error) {
	roles := map[int64][]Role{}
	if len(products) == 0 {
		return roles, nil
	}
	args := repeatArgs(roleSelects, append([]any{userID}, toAny(products)...)...)
	err := r.query(ctx, `
		SELECT DISTINCT product_id, role
		FROM (`+roleUnionSQL("= ?", "IN ("+placeholders(len(products))+")", "")+") w",
		args, func(rows scanner) error {
			var id int64
			var role Role
			if err := rows.Scan(&id, &role); err != nil {
				return err
			}
			roles[id] = append(roles[id], role)
			return nil
		})
	return roles, err
}

// GroupRolesOf lists a user's roles in a product group: their own and those by authorization
// groups.
func (r queries) GroupRolesOf(ctx context.Context, userID, groupID int64) ([]Role, error) {
	var roles []Role
	err := r.query(ctx, "SELECT DISTINCT role FROM ("+groupRoleUnionSQL("= ?", "= ?", anyRole)+") w",
		repeatArgs(groupRoleSelects, userID, groupID), collect(&roles, func(r *Role) []any { return []any{r} }))
	return roles, err
}

// GroupRolesIn is GroupRolesOf for several groups, with one statement.
func (r queries) GroupRolesIn(ctx context.Context, userID int64, groups []int64) (map[int64][]Role, error) {
	roles := map[int64][]Role{}
	if len(groups) == 0 {
		return roles, nil
	}
	args := repeatArgs(groupRoleSelects, append([]any{userID}, toAny(groups)...)...)
	err := r.query(ctx, `
		SELECT DISTINCT group_id, role
		FROM (`+groupRoleUnionSQL("= ?", "IN ("+placeholders(len(groups))+")", anyRole)+") w",
		args, func(rows scanner) error {
			var id int64
			var role Role
			err := rows.Scan(&id, &role)
			roles[id] = append(roles[id], role)
			return err
		})
	return roles, err
}

// RolesAnywhere lists the different roles that a user has in products and product groups.
func (r queries) RolesAnywhere(ctx context.Context, userID int64) ([]Role, error) {
	var roles []Role
	err := r.query(ctx, `
		SELECT m.role
		FROM members m
		WHERE m.user_id = ?
		UNION
		SELECT m.role
		FROM group_members m
		WHERE m.user_id = ?
		UNION
		SELECT a.role
		FROM authorization_members m
		JOIN authorization_roles a ON a.authorization_group_id = m.authorization_group_id
		WHERE m.user_id = ?`,
		repeatArgs(3, userID), collect(&roles, func(r *Role) []any { return []any{r} }))
	return roles, err
}

// EditsAnything reports whether a user can edit any product or product group by their roles.
func (r queries) EditsAnything(ctx context.Context, userID int64) (bool, error) {
	var n int
	err := r.get(ctx, `
		SELECT count(*)
		FROM (
			SELECT 1
			FROM members m
			WHERE m.user_id = ?
			AND m.role `+editing+`
			UNION ALL
			SELECT 1
			FROM group_members m
			WHERE m.user_id = ?
			AND m.role `+editing+`
			UNION ALL
			SELECT 1
			FROM authorization_members m
			JOIN authorization_roles a ON a.authorization_group_id = m.authorization_group_id
			WHERE m.user_id = ?
			AND a.role `+editing+`
			LIMIT 1
		) x`, repeatArgs(3, userID), &n)
	return n > 0, err
}

// OwnRole returns the role of a direct member, "" for none.
func (r queries) OwnRole(ctx context.Context, m Member) (Role, error) {
	table, column, id := m.table()
	var role Role
	err := r.get(ctx, `
		SELECT role
		FROM `+table+`
		WHERE user_id = ?
		AND `+column+" = ?", []any{m.UserID, id}, &role)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return role, err
}

// Members lists a product's direct members by name.
func (r queries) Members(ctx context.Context, scope Scope, productID int64) ([]Member, error) {
	cond, args := scope.where("m.product_id")
	return r.members(
		ctx, "m.product_id, 0, m.role, u.name, m.created_at FROM members m", "m.product_id = ? AND "+cond,
		append([]any{productID}, args...),
	)
}

// GroupMembers lists a group's direct members by name. The caller must have checked the right to
// see them.
func (r queries) GroupMembers(ctx context.Context, groupID int64) ([]Member, error) {
	return r.members(
		ctx, "0, m.group_id, m.role, u.name, m.created_at FROM group_members m", "m.group_id = ?", []any{groupID},
	)
}

func (r queries) members(ctx context.Context, columns, cond string, args []any) ([]Member, error) {
	var list []Member
	err := r.query(ctx, `
		SELECT m.user_id, `+columns+`
		JOIN users u ON u.id = m.user_id
		WHERE `+cond+`
		ORDER BY lower(u.name)`, args, collect(&list, func(m *Member) []any {
		return []any{&m.UserID, &m.ProductID, &m.GroupID, &m.Role, &m.User, timeTo(&m.CreatedAt)}
	}))
	return list, err
}

// newestEventSQL is the newest event's id, the joined event of a new role: earlier notifications
// count as read for its user.
const newestEventSQL = "(SELECT coalesce(max(id), 0) FROM events)"

// SaveMember gives a user a role in a product or a group.
func (tx *Tx) SaveMember(m Member) error {
	table, column, id := m.table()
	_, err := tx.exec(`
		INSERT INTO `+table+" (user_id, "+column+`, role, joined_event, created_at)
		VALUES (?, ?, ?, `+newestEventSQL+`, ?)
		ON CONFLICT (user_id, `+column+") DO UPDATE SET role = excluded.role", m.UserID, id, m.Role, micro(tx.Now()))
	return err
}

// DeleteMember removes a direct member from a product or a group, and reports whether they were
// one.
func (tx *Tx) DeleteMember(m Member) (bool, error) {
	table, column, id := m.table()
	n, err := tx.exec(`
		DELETE FROM `+table+`
		WHERE user_id = ?
		AND `+column+" = ?", m.UserID, id)
	return n > 0, err
}

// HasOtherOwner reports whether an active user other than the member is a direct owner of the
// same product or group. Owners by a group or an authorization group do not count: they can lose
// that role at any time.
func (r queries) HasOtherOwner(ctx context.Context, m Member) (bool, error) {
	table, column, id := m.table()
	var n int
	err := r.get(ctx, `
		SELECT count(*)
		FROM (
			SELECT 1
			FROM `+table+` m
			JOIN users u ON u.id = m.user_id
			WHERE m.`+column+` = ?
			AND m.user_id <> ?
			AND m.role = 'owner'
			AND u.active
			LIMIT 1
		) x`, []any{id, m.UserID}, &n)
	return n > 0, err
}
