package models

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// These are the statements of the outbox. A delivery is open while it is
// pending, retrying or sending. Those of one connection and product are a
// lane, in which an earlier open one goes first; tests are in none.

const openStates = "('pending', 'retrying', 'sending')"

// InsertDelivery saves a delivery and sets its id. made is false where the
// same event, connection and recipient had one already.
func (tx *Tx) InsertDelivery(d *Delivery) (made bool, err error) {
	var event, product any
	if d.EventID != 0 {
		event = d.EventID
	}
	if d.ProductID != 0 {
		product = d.ProductID
	}
	d.ID, err = tx.insert(`INSERT INTO deliveries (uuid, event_id, connection_id, product_id, recipient, title, state, reason, next_at, locked_until, claim, created_at, finished_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING id`,
		d.UUID, event, d.ConnectionID, product, d.Recipient, d.Title, d.State, d.Reason,
		micro(d.NextAt), micro(d.LockedUntil), d.Claim, micro(d.CreatedAt), micro(d.FinishedAt))
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

// LaneBusy reports whether a connection has an open delivery of a product.
func (r reads) LaneBusy(ctx context.Context, connectionID, productID int64) (bool, error) {
	var n int
	err := r.get(ctx, "SELECT count(*) FROM (SELECT 1 FROM deliveries WHERE connection_id = ? AND product_id = ? AND event_id IS NOT NULL AND state IN "+openStates+" LIMIT 1) x",
		[]any{connectionID, productID}, &n)
	return n > 0, err
}

// Due is a delivery that may be claimed.
type Due struct {
	ID           int64
	ConnectionID int64
}

// DueDeliveries lists what is due, the longest due first, at most limit, none
// of the connections in except, and none whose lane has an earlier open one.
func (r reads) DueDeliveries(ctx context.Context, except []int64, limit int) ([]Due, error) {
	cond, args := "", []any{micro(r.Now())}
	if len(except) > 0 {
		cond, args = " AND d.connection_id NOT IN ("+marks(len(except))+")", append(args, anys(except)...)
	}
	var list []Due
	err := r.query(ctx, `SELECT d.id, d.connection_id FROM deliveries d WHERE d.state IN ('pending', 'retrying') AND d.next_at <= ?`+cond+`
		AND (d.event_id IS NULL OR NOT EXISTS (SELECT 1 FROM deliveries f WHERE f.connection_id = d.connection_id AND f.product_id = d.product_id
			AND f.id < d.id AND f.event_id IS NOT NULL AND f.state IN `+openStates+`))
		ORDER BY d.next_at, d.id LIMIT ?`, append(args, limit), collect(&list, func(d *Due) []any { return []any{&d.ID, &d.ConnectionID} }))
	return list, err
}

// Claim leases deliveries that are still waiting to a claim, and returns those
// it got.
func (tx *Tx) Claim(claim string, until time.Time, ids []int64) ([]Delivery, error) {
	lock := ""
	if tx.dialect == Postgres {
		lock = " FOR UPDATE SKIP LOCKED"
	}
	args := append(append([]any{micro(until), claim}, anys(ids)...), micro(tx.Now()))
	var list []Delivery
	err := tx.query(tx.Context(), `UPDATE deliveries SET state = 'sending', locked_until = ?, claim = ? WHERE id IN (
		SELECT d.id FROM deliveries d WHERE d.id IN (`+marks(len(ids))+`) AND d.state IN ('pending', 'retrying') AND d.next_at <= ? ORDER BY d.id`+lock+`)
		RETURNING `+claimColumns, args, collect(&list, (*Delivery).dst))
	return list, err
}

// SQLite's RETURNING knows no alias of the table.
const claimColumns = `id, uuid, coalesce(event_id, 0), connection_id, coalesce(product_id, 0), recipient, title,
	state, reason, attempts, next_at, locked_until, claim, created_at, finished_at`

// NextDue is when the next delivery falls due, zero when none waits.
func (r reads) NextDue(ctx context.Context) (time.Time, error) {
	var at time.Time
	err := r.get(ctx, "SELECT min(next_at) FROM deliveries WHERE state IN ('pending', 'retrying')", nil, timeTo(&at))
	return at, err
}

// HasExpiredLease reports whether an instance has kept a delivery for longer
// than its lease.
func (r reads) HasExpiredLease(ctx context.Context) (bool, error) {
	var n int
	err := r.get(ctx, "SELECT count(*) FROM (SELECT 1 FROM deliveries WHERE state = 'sending' AND locked_until <= ? LIMIT 1) x", []any{micro(r.Now())}, &n)
	return n > 0, err
}

// ReturnExpired makes deliveries due again whose lease has ended by a time,
// since the instance that had them is gone.
func (tx *Tx) ReturnExpired(by time.Time) (int64, error) {
	return tx.exec(`UPDATE deliveries SET state = CASE WHEN attempts = 0 THEN 'pending' ELSE 'retrying' END, next_at = ?, locked_until = NULL, claim = '',
		reason = 'The program stopped while it was sending this' WHERE state = 'sending' AND locked_until <= ?`, micro(tx.Now()), micro(by))
}

// Settle writes what came of an attempt: the delivery's new state and, where a
// try was made, the attempt. It reports false where the claim was lost
// meanwhile; the attempt is kept all the same.
func (tx *Tx) Settle(d Delivery, claim string, tried *Attempt) (bool, error) {
	if tx.dialect == Postgres { // a lost claim and its successor number their attempts one after the other
		if _, err := tx.exec("SELECT 1 FROM deliveries WHERE id = ? FOR UPDATE", d.ID); err != nil {
			return false, err
		}
	}
	n, err := tx.exec(`UPDATE deliveries SET state = ?, reason = ?, attempts = ?, next_at = ?, locked_until = NULL, claim = '', finished_at = ?
		WHERE id = ? AND claim = ? AND state = 'sending'`, d.State, d.Reason, d.Attempts, micro(d.NextAt), micro(d.FinishedAt), d.ID, claim)
	if err != nil || tried == nil {
		return n == 1, err
	}
	_, err = tx.exec(`INSERT INTO attempts (delivery_id, number, at, duration, result, status, reason, answer, private)
		SELECT d.id, (SELECT coalesce(max(a.number), 0) + 1 FROM attempts a WHERE a.delivery_id = d.id), `+attemptValues(tx.dialect)+` FROM deliveries d WHERE d.id = ?`,
		micro(tried.At), int64(tried.Duration), tried.Result, tried.Status, tried.Reason, tried.Answer, tried.Private, d.ID)
	return n == 1, err
}

func attemptValues(d Dialect) string {
	bigint, text, boolean := placeholder(d, "BIGINT"), placeholder(d, "TEXT"), placeholder(d, "BOOLEAN")
	return bigint + ", " + bigint + ", " + text + ", " + bigint + ", " + text + ", " + text + ", " + boolean
}
