package models

import (
	"context"
	"database/sql"
	"errors"
)

// LastNotified is which state of a product's gate a target was notified of, and the newest one.
// Changes on hold do not count yet.
type LastNotified struct {
	Latest    int64     // the event that announced the gate's last change, 0 for none
	Now       GateState // the gate's state since then
	Delivered GateState // the state delivered last before the event in question, "" for none
	MayKnow   bool      // a later message may have arrived, although no receiver confirmed it
	Changing  bool      // the event is a change of a gate
}

// LastNotifiedOf reads which state a delivery's target was notified of before it.
func (r queries) LastNotifiedOf(ctx context.Context, d Delivery) (LastNotified, error) {
	var w LastNotified
	err := r.get(ctx, `
		SELECT g.announced_id, g.to_state
		FROM gate_changes g
		WHERE g.product_id = ?
		AND g.announced_id IS NOT NULL
		ORDER BY g.event_id DESC
		LIMIT 1`, []any{d.ProductID}, &w.Latest, &w.Now)
	if errors.Is(err, sql.ErrNoRows) {
		return LastNotified{}, nil
	}
	if err != nil {
		return w, err
	}
	var n int
	if err := r.get(ctx, "SELECT count(*) FROM gate_changes WHERE product_id = ? AND announced_id = ?",
		[]any{d.ProductID, d.EventID}, &n); err != nil ||
		n == 0 {
		return w, err
	}
	w.Changing = true
	const queue = `
		WHERE d.connection_id = ?
		AND d.product_id = ?
		AND d.recipient = ?`
	args := []any{d.ConnectionID, d.ProductID, d.Recipient}
	var told int64
	err = r.get(ctx, `
		SELECT g.announced_id, g.to_state
		FROM deliveries d
		JOIN gate_changes g ON g.product_id = d.product_id AND g.announced_id = d.event_id
		`+queue+`
		AND d.event_id < ?
		AND d.state = 'delivered'
		ORDER BY d.id DESC
		LIMIT 1`, append(args[:3:3], d.EventID), &told, &w.Delivered)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return w, err
	}
	err = r.get(ctx, `
		SELECT count(*)
		FROM (
			SELECT 1
			FROM deliveries d
			JOIN gate_changes g ON g.product_id = d.product_id AND g.announced_id = d.event_id
			JOIN attempts a ON a.delivery_id = d.id
			`+queue+`
			AND d.event_id > ?
			AND a.result IN ('`+ResultUnsure+"', '"+ResultLost+`')
			LIMIT 1
		) x`, append(args[:3:3], told), &n)
	w.MayKnow = n > 0
	return w, err
}

// CancelOutdated cancels the deliveries in a delivery's queue that announce changes of the gate
// up to an event, except those that a user requeued.
func (tx *Tx) CancelOutdated(d Delivery, upTo int64, reason string) error {
	_, err := tx.exec(`
		UPDATE deliveries
		SET state = 'cancelled', reason = ?, next_at = NULL, finished_at = ?
		WHERE connection_id = ?
		AND product_id = ?
		AND recipient = ?
		AND state IN `+waitingStates+`
		AND NOT by_hand
		AND event_id IN (
			SELECT g.announced_id
			FROM gate_changes g
			WHERE g.product_id = ?
			AND g.announced_id <= ?
		)`,
		reason, micro(tx.Now()), d.ConnectionID, d.ProductID, d.Recipient, d.ProductID, upTo)
	if err != nil {
		return err
	}
	return tx.promote(d)
}

// MayHear reports whether an email address is that of an active user who can view a product, or
// of an administrator. Without a product, only administrators qualify.
func (r queries) MayHear(ctx context.Context, address string, productID int64) (bool, error) {
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

// MayHearOwn reports whether a user is active and can view a product; without a product, whether
// they are active.
func (r queries) MayHearOwn(ctx context.Context, userID, productID int64) (bool, error) {
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
	query, args := "SELECT DISTINCT lower(u.email) FROM users u WHERE u.email <> '' AND u.active AND ", []any{o.UserID}
	switch {
	case o.UserID != 0:
		query += "u.id = ?"
	case o.GroupID != 0:
		query += "(u.administrator OR " + existsSQL(groupRoleUnionSQL("= u.id", "= ?", owning)) + ")"
		args = repeatArgs(groupRoleSelects, o.GroupID)
	default:
		query += "(u.administrator OR " + existsSQL(roleUnionSQL("= u.id", "= ?", owning)) + ")"
		args = repeatArgs(roleSelects, o.ProductID)
	}
	var list []string
	err := r.query(ctx, query+" ORDER BY 1", args, collect(&list, func(s *string) []any { return []any{s} }))
	return list, err
}
