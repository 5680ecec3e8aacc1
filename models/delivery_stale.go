package models

import (
	"context"
	"database/sql"
	"errors"
)

// LastNotified is which state of a product's gate a target was notified of, and the newest one.
// Changes on hold do not count yet.
type LastNotified struct {
	Latest    int64     // the last change that the target gets or got a message about, 0 for none
	Now       GateState // the gate's state since its last change, which can be a later one
	Delivered GateState // the state delivered last before the event in question, "" for none or another address
	MayKnow   bool      // another message might have arrived after that one
	Changing  bool      // the event is a change of a gate
}

// LastNotifiedOf reads which state a delivery's target was notified of before it.
func (r queries) LastNotifiedOf(ctx context.Context, d Delivery) (LastNotified, error) {
	var w LastNotified
	err := r.get(ctx, `
		SELECT g.to_state
		FROM gate_changes g
		WHERE g.product_id = ?
		AND g.announced_id IS NOT NULL
		ORDER BY g.event_id DESC
		LIMIT 1`, []any{d.ProductID}, &w.Now)
	if errors.Is(err, sql.ErrNoRows) {
		return LastNotified{}, nil
	}
	if err != nil {
		return w, err
	}
	var n int
	err = r.get(ctx, "SELECT count(*) FROM gate_changes WHERE product_id = ? AND announced_id = ?",
		[]any{d.ProductID, d.EventID}, &n)
	if err != nil || n == 0 {
		return w, err
	}
	w.Changing = true
	if w.Latest, err = r.lastChangeFor(ctx, d); err != nil {
		return w, err
	}
	const queue = "WHERE d.connection_id = ? AND d.product_id = ? AND d.recipient = ?"
	args := []any{d.ConnectionID, d.ProductID, d.Recipient}
	var announced, finished int64
	// What was sent before the target was edited might have gone to another address.
	err = r.get(ctx, `
		SELECT g.announced_id, coalesce(d.finished_at, 0),
			CASE WHEN d.sent_version = c.version THEN g.to_state ELSE '' END
		FROM deliveries d
		JOIN connections c ON c.id = d.connection_id
		JOIN gate_changes g ON g.product_id = d.product_id AND g.announced_id = d.event_id
		`+queue+`
		AND d.event_id < ?
		AND d.state = 'delivered'
		ORDER BY d.id DESC
		LIMIT 1`, append(args[:3:3], d.EventID), &announced, &finished, &w.Delivered)
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
		) x`, append(args[:3:3], announced), &n)
	if err != nil || n > 0 {
		w.MayKnow = n > 0
		return w, err
	}
	w.MayKnow, err = r.sentAgainSince(ctx, d, announced, finished)
	return w, err
}

// lastChangeFor returns the event of the last gate change that a delivery's target gets or got a message
// about, 0 for none. A change while the target was off has a skipped message.
func (r queries) lastChangeFor(ctx context.Context, d Delivery) (announced int64, err error) {
	err = r.get(ctx, `
		SELECT g.announced_id
		FROM gate_changes g
		JOIN deliveries d ON d.event_id = g.announced_id
		WHERE g.product_id = ?
		AND d.connection_id = ?
		AND d.recipient = ?
		AND d.state <> 'skipped'
		ORDER BY g.event_id DESC
		LIMIT 1`, []any{d.ProductID, d.ConnectionID, d.Recipient}, &announced)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return announced, err
}

// sentAgainSince reports whether a user has sent an older message of a delivery's queue again, and
// it was delivered after the one of an event.
func (r queries) sentAgainSince(ctx context.Context, d Delivery, event, finished int64) (bool, error) {
	var n int
	err := r.get(ctx, `
		SELECT count(*)
		FROM (
			SELECT 1
			FROM deliveries
			WHERE connection_id = ?
			AND product_id = ?
			AND recipient = ?
			AND by_hand
			AND state = 'delivered'
			AND event_id < ?
			AND finished_at >= ?
			LIMIT 1
		) x`, []any{d.ConnectionID, d.ProductID, d.Recipient, event, finished}, &n)
	return n > 0, err
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
