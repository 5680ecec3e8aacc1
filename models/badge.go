package models

import "context"

// BadgeState returns the gate state of the product with a badge token. The token is the right to
// read it.
func (r queries) BadgeState(ctx context.Context, token string) (GateState, error) {
	var state GateState
	err := r.get(ctx, `
		SELECT b.gate_state
		FROM products p
		JOIN branches b ON b.product_id = p.id AND b.is_default
		WHERE p.badge_token = ?`, []any{token}, &state)
	if err != nil {
		return "", notFound(err, "badge")
	}
	return state, nil
}

// SaveBadge gives a product a badge with this token; "" removes the badge.
func (tx *Tx) SaveBadge(productID int64, token string) error {
	var value any
	if token != "" {
		value = token
	}
	_, err := tx.exec("UPDATE products SET badge_token = ? WHERE id = ?", value, productID)
	return err
}
