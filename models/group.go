package models

import (
	"context"
	"maps"
	"slices"
	"time"

	"gatecrier/app/fault"
)

// Group is a product group. Its members have their role in each of its products, its gate mode
// applies to all of them unless it is standard, and its connections are the targets of those
// that have none of the same module.
type Group struct {
	ID          int64
	Name        string
	Description string
	GateMode    GateMode
	Thresholds  Thresholds `gorm:"embedded;embeddedPrefix:threshold_"`
	Counting    Counting   `gorm:"embedded"`
	Version     int64      // grows with each change of its fields
	CreatedAt   time.Time  `gorm:"serializer:micro;autoCreateTime:false;autoUpdateTime:false"`
	UpdatedAt   time.Time  `gorm:"serializer:micro;autoCreateTime:false;autoUpdateTime:false"`
}

// TableName returns the name of gorm's table.
func (Group) TableName() string { return "product_groups" }

// GroupRow is a group as it is listed.
type GroupRow struct {
	Group
	Products int
	Failed   int // of their gates
}

// GroupFilter narrows a list of groups. Zero fields do not narrow.
type GroupFilter struct {
	Place
	Text  string // part of the name, in any case
	Name  string // whole, in any of its forms
	Limit int
	// Editable leaves out groups that the scope's user sees but cannot edit.
	Editable bool
}

// The orders of a list of groups, beside that by name: the largest numbers first.
const (
	GroupsByProducts = "products"
	GroupsByFailed   = "failing"
)

var groupName = orderColumn[GroupRow]{sql: "g.name", value: func(g GroupRow) any { return g.Name }}

// GroupOrders are the orders of a list of groups.
var GroupOrders = Orders[GroupRow]{
	"": {columns: []orderColumn[GroupRow]{groupName}},
	GroupsByProducts: {desc: true, columns: []orderColumn[GroupRow]{
		{sql: groupProductsSQL, value: func(g GroupRow) any { return int64(g.Products) }}, groupName,
	}},
	GroupsByFailed: {desc: true, columns: []orderColumn[GroupRow]{
		{sql: groupFailedSQL, value: func(g GroupRow) any { return int64(g.Failed) }}, groupName,
	}},
}

// Both count products of the group g.
const (
	groupProductsSQL = "(SELECT count(*) FROM products p WHERE p.group_id = g.id)"
	groupFailedSQL   = `(
		SELECT count(*)
		FROM products p
		JOIN branches b ON b.product_id = p.id AND b.is_default
		WHERE p.group_id = g.id
		AND b.gate_state = 'failed'
	)`
)

const groupColumns = `g.id, g.name, g.description, g.gate_mode,
	g.threshold_critical, g.threshold_high, g.threshold_medium, g.threshold_low, g.threshold_none,
	g.threshold_unknown, g.only_fixable, g.kev_as_critical, g.version, g.created_at, g.updated_at`

func (g *Group) dst() []any {
	t := &g.Thresholds
	return []any{
		&g.ID, &g.Name, &g.Description, &g.GateMode, &t.Critical, &t.High, &t.Medium, &t.Low, &t.None, &t.Unknown,
		&g.Counting.OnlyFixable, &g.Counting.KEVAsCritical, &g.Version, timeTo(&g.CreatedAt), timeTo(&g.UpdatedAt),
	}
}

// Group finds a group in scope.
func (r queries) Group(ctx context.Context, scope Scope, id int64) (GroupRow, error) {
	list, err := r.groups(ctx, groupsOf(scope, viewing, "g.id = ?", id), Place{}, 1)
	if err != nil {
		return GroupRow{}, err
	}
	if len(list) == 0 {
		return GroupRow{}, fault.NewNotFound("group")
	}
	return list[0], nil
}

// groupOf reads a product's group, for its gate.
func (r queries) groupOf(ctx context.Context, id int64) (*Group, error) {
	var g Group
	err := r.get(ctx, "SELECT "+groupColumns+" FROM product_groups g WHERE g.id = ?", []any{id}, g.dst()...)
	return &g, err
}

// GroupOf reads the group of a product, nil for none. The product must have come from a scoped
// read.
func (r queries) GroupOf(ctx context.Context, p Product) (*Group, error) {
	if p.GroupID == nil {
		return nil, nil //nolint:nilnil // nil is no group, and no error
	}
	return r.groupOf(ctx, *p.GroupID)
}

// GroupsOf reads the groups of products, by group id. The products must have come from a scoped
// read.
func (r queries) GroupsOf(ctx context.Context, products []ProductRow) (map[int64]*Group, error) {
	groups := map[int64]*Group{}
	for _, p := range products {
		if p.GroupID != nil {
			groups[*p.GroupID] = nil
		}
	}
	if len(groups) == 0 {
		return groups, nil
	}
	ids := slices.Collect(maps.Keys(groups))
	err := r.query(ctx, `
		SELECT `+groupColumns+`
		FROM product_groups g
		WHERE g.id IN (`+placeholders(len(ids))+")", toAny(ids), func(rows scanner) error {
		var g Group
		if err := rows.Scan(g.dst()...); err != nil {
			return err
		}
		groups[g.ID] = &g
		return nil
	})
	return groups, err
}

// InGroup reports whether a product is in a group, so that a connection of the group can notify
// of it. It is true for productID 0.
func (r queries) InGroup(ctx context.Context, productID, groupID int64) (bool, error) {
	if productID == 0 {
		return true, nil
	}
	var n int
	err := r.get(ctx, "SELECT count(*) FROM products WHERE id = ? AND group_id = ?", []any{productID, groupID}, &n)
	return n > 0, err
}

// groupsOf returns the condition for groups that a scope has with a role.
func groupsOf(scope Scope, role, cond string, args ...any) sqlFragment {
	found := sqlFragment{cond, args}
	found.andWhere(scope.whereGroup("g.id", role))
	return found
}

func (f GroupFilter) where(scope Scope) sqlFragment {
	role := viewing
	if f.Editable {
		role = editing
	}
	cond := groupsOf(scope, role, "1 = 1")
	if f.Text != "" {
		cond.and(`lower(g.name) LIKE lower(?) ESCAPE '\'`, contains(f.Text))
	}
	if f.Name != "" {
		cond.andNamed("product_groups", "g", f.Name, func(id string) (string, []any) {
			return scope.whereGroup(id, role)
		})
	}
	return cond
}

// Groups lists the groups in scope, by name unless the place has another order.
func (r queries) Groups(ctx context.Context, scope Scope, f GroupFilter) ([]GroupRow, error) {
	cond := f.where(scope)
	GroupOrders.where(&cond, f.Place)
	return r.groups(ctx, cond, f.Place, f.Limit)
}

// CountGroups counts the groups in scope, up to one more than MaxCounted.
func (r queries) CountGroups(ctx context.Context, scope Scope, f GroupFilter) (int, error) {
	return r.countUpTo(ctx, "FROM product_groups g", f.where(scope))
}

func (r queries) groups(ctx context.Context, cond sqlFragment, at Place, limit int) ([]GroupRow, error) {
	var list []GroupRow
	err := r.query(ctx, `
		SELECT `+groupColumns+", "+groupProductsSQL+", "+groupFailedSQL+`
		FROM product_groups g
		WHERE `+cond.text+`
		ORDER BY `+GroupOrders.by(at)+`
		LIMIT ?`,
		append(cond.args, limit),
		collect(&list, func(g *GroupRow) []any { return append(g.Group.dst(), &g.Products, &g.Failed) }))
	inOrder(at, list)
	return list, err
}

// GroupNames returns the names of groups, by id. A user who can view a product can see its
// group's name.
func (r queries) GroupNames(ctx context.Context, ids []int64) (map[int64]string, error) {
	names := map[int64]string{}
	if len(ids) == 0 {
		return names, nil
	}
	err := r.query(ctx, "SELECT id, name FROM product_groups WHERE id IN ("+placeholders(len(ids))+")",
		toAny(ids), func(rows scanner) error {
			var id int64
			var name string
			err := rows.Scan(&id, &name)
			names[id] = name
			return err
		})
	return names, err
}

// CreateGroup saves a new group, with its creator as owner.
func (tx *Tx) CreateGroup(g *Group, owner int64) error {
	if err := tx.CheckGroupName(g.Name, g.ID); err != nil {
		return err
	}
	g.Version, g.CreatedAt, g.UpdatedAt = 1, tx.Now(), tx.Now()
	if err := tx.db(tx.Context()).Create(g).Error; err != nil {
		return err
	}
	return tx.SaveMember(Member{UserID: owner, GroupID: g.ID, Role: RoleOwner})
}

// LockGroup locks a group and its membership until the transaction ends.
func (tx *Tx) LockGroup(id int64) error {
	lock := ""
	if tx.dialect == Postgres {
		lock = " FOR UPDATE"
	}
	var one int
	if err := tx.get(tx.Context(), "SELECT 1 FROM product_groups WHERE id = ?"+lock, []any{id}, &one); err != nil {
		return notFound(err, "group")
	}
	return nil
}

// SaveGroup writes a group's own fields if its version is still the one that was read, else it
// returns a conflict.
func (tx *Tx) SaveGroup(g *Group) error {
	if err := tx.CheckGroupName(g.Name, g.ID); err != nil {
		return err
	}
	was := g.Version
	g.Version, g.UpdatedAt = was+1, tx.Now()
	res := tx.db(tx.Context()).Model(g).Where("version = ?", was).Select("*").Omit("id", "created_at").Updates(g)
	if res.Error == nil && res.RowsAffected == 0 {
		return fault.NewOutdated("Another user changed this group in the meantime")
	}
	return res.Error
}

// DeleteGroup removes a group. It must be empty.
func (tx *Tx) DeleteGroup(id int64) error {
	n, err := tx.exec("DELETE FROM product_groups WHERE id = ?", id)
	if err == nil && n == 0 {
		return fault.NewNotFound("group")
	}
	return err
}

// MoveProduct moves a product into a group, or, with nil, out of its group. Earlier
// notifications count as read for the users who can see the product because of the move.
func (tx *Tx) MoveProduct(productID int64, groupID *int64) error {
	n, err := tx.exec(`
		UPDATE products
		SET group_id = ?, grouped_event = `+newestEventSQL+`, version = version + 1, updated_at = ?
		WHERE id = ?`, groupID, micro(tx.Now()), productID)
	if err == nil && n == 0 {
		return fault.NewNotFound("product")
	}
	return err
}

// ProductsOfGroup lists the ids of a group's products. The caller must have checked the right to
// change them all.
func (r queries) ProductsOfGroup(ctx context.Context, groupID int64) ([]int64, error) {
	var list []int64
	err := r.query(ctx, "SELECT id FROM products WHERE group_id = ? ORDER BY id",
		[]any{groupID}, collect(&list, idDst))
	return list, err
}

// EvaluatedBranchesOfGroup lists some branches of a group's products that were ever evaluated.
func (r queries) EvaluatedBranchesOfGroup(ctx context.Context, groupID int64, limit int) ([]Branch, error) {
	var list []Branch
	err := r.query(ctx, `
		SELECT `+branchColumns+`
		FROM products p
		JOIN branches b ON b.product_id = p.id
		WHERE p.group_id = ?
		AND b.evaluated
		ORDER BY b.id
		LIMIT ?`, []any{groupID, limit}, collect(&list, (*Branch).dst))
	return list, err
}
