package models

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// Member is a user's role in a product.
type Member struct {
	UserID    int64
	ProductID int64
	Role      Role
	User      string // the user's name, where it was asked for
	CreatedAt time.Time
}

// RoleOf returns a user's role in a product, "" for none.
func (r reads) RoleOf(ctx context.Context, userID, productID int64) (Role, error) {
	var role Role
	err := r.get(ctx, "SELECT role FROM members WHERE user_id = ? AND product_id = ?", []any{userID, productID}, &role)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return role, err
}

// Members lists a product's members by name.
func (r reads) Members(ctx context.Context, scope Scope, productID int64) ([]Member, error) {
	cond, args := scope.where("m.product_id")
	var list []Member
	err := r.query(ctx, `SELECT m.user_id, m.product_id, m.role, u.name, m.created_at FROM members m JOIN users u ON u.id = m.user_id
		WHERE m.product_id = ? AND `+cond+" ORDER BY lower(u.name)", append([]any{productID}, args...),
		collect(&list, func(m *Member) []any {
			return []any{&m.UserID, &m.ProductID, &m.Role, &m.User, timeTo(&m.CreatedAt)}
		}))
	return list, err
}

// SaveMember gives a user a role in a product. A new member carries the newest
// event's id: what was told before counts as viewed.
func (tx *Tx) SaveMember(m Member) error {
	_, err := tx.exec(`INSERT INTO members (user_id, product_id, role, joined_event, created_at)
		VALUES (?, ?, ?, (SELECT coalesce(max(id), 0) FROM events), ?)
		ON CONFLICT (user_id, product_id) DO UPDATE SET role = excluded.role`, m.UserID, m.ProductID, m.Role, micro(tx.Now()))
	return err
}

// DeleteMember takes a user out of a product, and says whether he was in it.
func (tx *Tx) DeleteMember(userID, productID int64) (bool, error) {
	n, err := tx.exec("DELETE FROM members WHERE user_id = ? AND product_id = ?", userID, productID)
	return n > 0, err
}

// CountOwners counts a product's owners.
func (r reads) CountOwners(ctx context.Context, productID int64) (int64, error) {
	var n int64
	err := r.get(ctx, "SELECT count(*) FROM members WHERE product_id = ? AND role = 'owner'", []any{productID}, &n)
	return n, err
}

// RolesIn returns a user's roles in those of some products where he has one.
func (r reads) RolesIn(ctx context.Context, userID int64, products []int64) (map[int64]Role, error) {
	roles := map[int64]Role{}
	if len(products) == 0 {
		return roles, nil
	}
	err := r.query(ctx, "SELECT product_id, role FROM members WHERE user_id = ? AND product_id IN ("+marks(len(products))+")",
		append([]any{userID}, anys(products)...), func(rows scanner) error {
			var id int64
			var role Role
			if err := rows.Scan(&id, &role); err != nil {
				return err
			}
			roles[id] = role
			return nil
		})
	return roles, err
}
