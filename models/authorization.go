package models

import (
	"context"
	"slices"
	"time"

	"gatecrier/app/fault"
)

// AuthorizationGroup is a group of users that has roles in products and in product groups.
type AuthorizationGroup struct {
	ID        int64
	Name      string // unique in any case
	Version   int64
	CreatedAt time.Time `gorm:"serializer:micro;autoCreateTime:false;autoUpdateTime:false"`
	UpdatedAt time.Time `gorm:"serializer:micro;autoCreateTime:false;autoUpdateTime:false"`
}

// TableName returns the name of gorm's table.
func (AuthorizationGroup) TableName() string { return "authorization_groups" }

// AuthorizationGroupRow is an authorization group as it is listed.
type AuthorizationGroupRow struct {
	AuthorizationGroup
	Members int
	Roles   int  // in products and groups
	Manager bool // the user who asks can add and remove members
}

// The orders of a list of authorization groups, beside that by name: the largest numbers first.
const (
	AuthorizationGroupsByMembers = "members"
	AuthorizationGroupsByRoles   = "roles"
)

var authorizationName = orderColumn[AuthorizationGroupRow]{
	sql: "a.name", value: func(a AuthorizationGroupRow) any { return a.Name },
}

// AuthorizationGroupOrders are the orders of a list of authorization groups.
var AuthorizationGroupOrders = Orders[AuthorizationGroupRow]{
	"": {columns: []orderColumn[AuthorizationGroupRow]{authorizationName}},
	AuthorizationGroupsByMembers: {desc: true, columns: []orderColumn[AuthorizationGroupRow]{
		{sql: groupMembersSQL, value: func(a AuthorizationGroupRow) any { return int64(a.Members) }}, authorizationName,
	}},
	AuthorizationGroupsByRoles: {desc: true, columns: []orderColumn[AuthorizationGroupRow]{
		{sql: groupRolesSQL, value: func(a AuthorizationGroupRow) any { return int64(a.Roles) }}, authorizationName,
	}},
}

// Both count for the authorization group a.
const (
	groupMembersSQL = "(SELECT count(*) FROM authorization_members m WHERE m.authorization_group_id = a.id)"
	groupRolesSQL   = "(SELECT count(*) FROM authorization_roles o WHERE o.authorization_group_id = a.id)"
)

// authorizationGroupsOf returns the condition for the groups that a user is in; with 0 for all.
func authorizationGroupsOf(userID int64, cond string, args ...any) sqlFragment {
	found := sqlFragment{cond, args}
	if userID != 0 {
		found.and(`(
			SELECT 1
			FROM authorization_members m
			WHERE m.user_id = ?
			AND m.authorization_group_id = a.id
		) = 1`, userID)
	}
	return found
}

func authorizationGroupCondition(userID int64, f GroupFilter) sqlFragment {
	cond := authorizationGroupsOf(userID, "1 = 1")
	if f.Text != "" {
		cond.and(`lower(a.name) LIKE lower(?) ESCAPE '\'`, contains(f.Text))
	}
	return cond
}

// AuthorizationGroups lists the authorization groups that a user is in; with 0 all.
func (r queries) AuthorizationGroups(
	ctx context.Context, userID int64, f GroupFilter,
) ([]AuthorizationGroupRow, error) {
	cond := authorizationGroupCondition(userID, f)
	AuthorizationGroupOrders.where(&cond, f.Place)
	return r.authorizationGroups(ctx, userID, cond, f.Place, f.Limit)
}

// CountAuthorizationGroups counts them, up to one more than MaxCounted.
func (r queries) CountAuthorizationGroups(ctx context.Context, userID int64, f GroupFilter) (int, error) {
	return r.countUpTo(ctx, "FROM authorization_groups a", authorizationGroupCondition(userID, f))
}

// AuthorizationGroup finds an authorization group that a user is in; with 0 any.
func (r queries) AuthorizationGroup(ctx context.Context, userID, id int64) (AuthorizationGroupRow, error) {
	list, err := r.authorizationGroups(ctx, userID, authorizationGroupsOf(userID, "a.id = ?", id), Place{}, 1)
	if err == nil && len(list) == 0 {
		err = fault.NewNotFound("authorization group")
	}
	if err != nil {
		return AuthorizationGroupRow{}, err
	}
	return list[0], nil
}

func (r queries) authorizationGroups(
	ctx context.Context, userID int64, cond sqlFragment, at Place, limit int,
) ([]AuthorizationGroupRow, error) {
	manager, args := "FALSE", cond.args
	if userID != 0 {
		manager = "(SELECT m.manager FROM authorization_members m WHERE m.user_id = ? AND m.authorization_group_id = a.id)"
		args = append([]any{userID}, args...)
	}
	var list []AuthorizationGroupRow
	err := r.query(ctx, `
		SELECT a.id, a.name, a.version, a.created_at, a.updated_at, `+groupMembersSQL+", "+groupRolesSQL+", "+manager+`
		FROM authorization_groups a
		WHERE `+cond.text+`
		ORDER BY `+AuthorizationGroupOrders.by(at)+`
		LIMIT ?`, append(args, limit), collect(&list, func(a *AuthorizationGroupRow) []any {
		return []any{
			&a.ID, &a.Name, &a.Version, timeTo(&a.CreatedAt), timeTo(&a.UpdatedAt), &a.Members, &a.Roles, &a.Manager,
		}
	}))
	inOrder(at, list)
	return list, err
}

// AuthorizationGroupByName finds an authorization group by its name, in any case and any
// of its forms.
func (r queries) AuthorizationGroupByName(ctx context.Context, name string) (AuthorizationGroup, error) {
	list, err := r.authorizationGroupsNamed(ctx, name)
	if err != nil {
		return AuthorizationGroup{}, err
	}
	a, ok := bestNamed(list, name, func(a AuthorizationGroup) string { return a.Name })
	if !ok {
		return a, fault.NewNotFound("authorization group")
	}
	return a, nil
}

func (r queries) authorizationGroupsNamed(ctx context.Context, name string) (list []AuthorizationGroup, err error) {
	cond, args := inForms("lower(name)", "lower(?)", name)
	return list, r.db(ctx).Where(cond, args...).Find(&list).Error
}

// SaveAuthorizationGroup creates a group, or renames it if its version is still the one that was
// read, else it returns a conflict.
func (tx *Tx) SaveAuthorizationGroup(a *AuthorizationGroup) error {
	named, err := tx.authorizationGroupsNamed(tx.Context(), a.Name)
	if err != nil {
		return err
	}
	// A group keeps the name that it has, even if an earlier version gave another one a form of it.
	keeps := slices.ContainsFunc(named, func(g AuthorizationGroup) bool { return g.ID == a.ID && g.Name == a.Name })
	if !keeps && slices.ContainsFunc(named, func(g AuthorizationGroup) bool { return g.ID != a.ID }) {
		return fault.BadField("name", "There is an authorization group of that name already")
	}
	was := a.Version
	a.Version, a.UpdatedAt = was+1, tx.Now()
	if a.ID == 0 {
		a.CreatedAt = tx.Now()
		return tx.db(tx.Context()).Create(a).Error
	}
	res := tx.db(tx.Context()).Model(a).Where("version = ?", was).Select("*").Omit("id", "created_at").Updates(a)
	if res.Error == nil && res.RowsAffected == 0 {
		return fault.NewOutdated("Another user changed this authorization group in the meantime")
	}
	return res.Error
}

// DeleteAuthorizationGroup removes a group with its roles.
func (tx *Tx) DeleteAuthorizationGroup(id int64) error {
	n, err := tx.exec("DELETE FROM authorization_groups WHERE id = ?", id)
	if err == nil && n == 0 {
		return fault.NewNotFound("authorization group")
	}
	return err
}

// AuthorizationMember is a user in an authorization group.
type AuthorizationMember struct {
	UserID    int64
	GroupID   int64 // the authorization group
	User      string
	Manager   bool
	CreatedAt time.Time
}

// AuthorizationMembers lists the users of a group by name. The caller must have checked the
// right to see them.
func (r queries) AuthorizationMembers(ctx context.Context, groupID int64) ([]AuthorizationMember, error) {
	var list []AuthorizationMember
	err := r.query(ctx, `
		SELECT m.user_id, m.authorization_group_id, u.name, m.manager, m.created_at
		FROM authorization_members m
		JOIN users u ON u.id = m.user_id
		WHERE m.authorization_group_id = ?
		ORDER BY lower(u.name)`, []any{groupID}, collect(&list, func(m *AuthorizationMember) []any {
		return []any{&m.UserID, &m.GroupID, &m.User, &m.Manager, timeTo(&m.CreatedAt)}
	}))
	return list, err
}

// SaveAuthorizationMember adds a user to a group, or changes whether they manage it.
func (tx *Tx) SaveAuthorizationMember(m AuthorizationMember) error {
	_, err := tx.exec(`
		INSERT INTO authorization_members (user_id, authorization_group_id, manager, joined_event, created_at)
		VALUES (?, ?, ?, `+newestEventSQL+`, ?)
		ON CONFLICT (user_id, authorization_group_id) DO UPDATE SET manager = excluded.manager`,
		m.UserID, m.GroupID, m.Manager, micro(tx.Now()))
	return err
}

// DeleteAuthorizationMember removes a user from a group, and reports whether they were in it.
func (tx *Tx) DeleteAuthorizationMember(userID, groupID int64) (bool, error) {
	n, err := tx.exec("DELETE FROM authorization_members WHERE user_id = ? AND authorization_group_id = ?",
		userID, groupID)
	return n > 0, err
}

// AuthorizationRole is the role of an authorization group in a product or a product group.
type AuthorizationRole struct {
	ID        int64
	GroupID   int64  // the authorization group
	Group     string // its name
	Owner     Owner  // a product or a group
	Of        string // the name of the product or group
	Role      Role
	CreatedAt time.Time
}

// AuthorizationRoles lists the roles that authorization groups have in a product or a product
// group. The caller must have checked the right to see them.
func (r queries) AuthorizationRoles(ctx context.Context, o Owner) ([]AuthorizationRole, error) {
	if o.GroupID != 0 {
		return r.authorizationRoles(ctx, "r.group_id = ?", o.GroupID)
	}
	return r.authorizationRoles(ctx, "r.product_id = ?", o.ProductID)
}

// RolesOfAuthorizationGroup lists all roles of an authorization group. The caller must have
// checked the right to see them.
func (r queries) RolesOfAuthorizationGroup(ctx context.Context, id int64) ([]AuthorizationRole, error) {
	return r.authorizationRoles(ctx, "r.authorization_group_id = ?", id)
}

func (r queries) authorizationRoles(ctx context.Context, cond string, id int64) ([]AuthorizationRole, error) {
	var list []AuthorizationRole
	err := r.query(ctx, `
		SELECT r.id, r.authorization_group_id, a.name, coalesce(r.product_id, 0), coalesce(r.group_id, 0),
			coalesce(p.name, g.name), r.role, r.created_at
		FROM authorization_roles r
		JOIN authorization_groups a ON a.id = r.authorization_group_id
		LEFT JOIN products p ON p.id = r.product_id
		LEFT JOIN product_groups g ON g.id = r.group_id
		WHERE `+cond+`
		ORDER BY lower(a.name), r.id`, []any{id}, collect(&list, func(a *AuthorizationRole) []any {
		return []any{&a.ID, &a.GroupID, &a.Group, &a.Owner.ProductID, &a.Owner.GroupID, &a.Of, &a.Role, timeTo(&a.CreatedAt)}
	}))
	return list, err
}

// SaveAuthorizationRole gives an authorization group a role in a product or a product group.
func (tx *Tx) SaveAuthorizationRole(a AuthorizationRole) error {
	column, id := "product_id", a.Owner.ProductID
	if a.Owner.GroupID != 0 {
		column, id = "group_id", a.Owner.GroupID
	}
	_, err := tx.exec(`
		INSERT INTO authorization_roles (authorization_group_id, `+column+`, role, joined_event, created_at)
		VALUES (?, ?, ?, `+newestEventSQL+`, ?)
		ON CONFLICT (`+column+", authorization_group_id) WHERE "+column+` IS NOT NULL
		DO UPDATE SET role = excluded.role`, a.GroupID, id, a.Role, micro(tx.Now()))
	return err
}

// DeleteAuthorizationRole removes a role of an authorization group, and reports whether it had
// one.
func (tx *Tx) DeleteAuthorizationRole(a AuthorizationRole) (bool, error) {
	column, id := "product_id", a.Owner.ProductID
	if a.Owner.GroupID != 0 {
		column, id = "group_id", a.Owner.GroupID
	}
	n, err := tx.exec("DELETE FROM authorization_roles WHERE authorization_group_id = ? AND "+column+" = ?",
		a.GroupID, id)
	return n > 0, err
}
