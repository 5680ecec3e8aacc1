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
	announced, finished, err := r.lastStateSent(ctx, d, &w.Delivered)
	if err == nil {
		w.MayKnow, err = r.otherStateArrived(ctx, d, announced, finished)
	}
	return w, err
}

// lastStateSent reads the last change that was delivered before a delivery: its event, when that was, and
// its state, "" if the target was edited since. What was sent before might have gone to another address.
func (r queries) lastStateSent(
	ctx context.Context, d Delivery, state *GateState,
) (announced, finished int64, err error) {
	err = r.get(ctx, `
		SELECT g.announced_id, coalesce(d.finished_at, 0),
			CASE WHEN d.sent_version = c.version THEN g.to_state ELSE '' END
		FROM deliveries d
		JOIN connections c ON c.id = d.connection_id
		JOIN gate_changes g ON g.product_id = d.product_id AND g.announced_id = d.event_id
		WHERE d.connection_id = ?
		AND d.product_id = ?
		AND d.recipient = ?
		AND d.event_id < ?
		AND d.state = 'delivered'
		ORDER BY d.id DESC
		LIMIT 1`, []any{d.ConnectionID, d.ProductID, d.Recipient, d.EventID}, &announced, &finished, state)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, 0, nil
	}
	return announced, finished, err
}

// otherStateArrived reports whether the target of a delivery might have got another state after a change
// that was delivered: by a message without a clear answer, the end of a silence, or a resend.
func (r queries) otherStateArrived(ctx context.Context, d Delivery, announced, finished int64) (bool, error) {
	var n int
	err := r.get(ctx, `
		SELECT count(*)
		FROM (
			SELECT 1
			FROM deliveries d
			JOIN gate_changes g ON g.product_id = d.product_id AND g.announced_id = d.event_id
			JOIN attempts a ON a.delivery_id = d.id
			WHERE d.connection_id = ?
			AND d.product_id = ?
			AND d.recipient = ?
			AND d.event_id > ?
			AND a.result IN ('`+ResultUnsure+"', '"+ResultLost+`')
			LIMIT 1
		) x`, []any{d.ConnectionID, d.ProductID, d.Recipient, announced}, &n)
	if err != nil || n > 0 {
		return n > 0, err
	}
	said, err := r.saidByEndedSilence(ctx, d, announced)
	if err != nil || said {
		return said, err
	}
	return r.sentAgainSince(ctx, d, announced, finished)
}

// saidByEndedSilence reports whether the end of a silence, whose message has the gate's state at that time,
// has arrived, might have, or will, after an event of a delivery's queue.
func (r queries) saidByEndedSilence(ctx context.Context, d Delivery, after int64) (bool, error) {
	var n int
	err := r.get(ctx, `
		SELECT count(*)
		FROM (
			SELECT 1
			FROM deliveries d
			JOIN events e ON e.id = d.event_id
			WHERE d.connection_id = ?
			AND d.product_id = ?
			AND d.recipient = ?
			AND d.event_id > ?
			AND e.type = 'silence.ended'
			AND (
				d.state IN ('delivered', 'pending', 'retrying', 'sending')
				OR EXISTS (
					SELECT 1
					FROM attempts a
					WHERE a.delivery_id = d.id
					AND a.result IN ('`+ResultUnsure+"', '"+ResultLost+`')
				)
			)
			LIMIT 1
		) x`, []any{d.ConnectionID, d.ProductID, d.Recipient, after}, &n)
	return n > 0, err
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
