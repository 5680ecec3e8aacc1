package models

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"
)

// These are the statements of the outbox. A delivery is open while it is pending, retrying or
// sending. The open deliveries of one connection, product and recipient are a queue, in which
// only the first has a time to be sent; tests are in no queue. Connections that use one server
// share an endpoint: one breaker, one rate.

const (
	openStates    = "('pending', 'retrying', 'sending')"
	waitingStates = "('pending', 'retrying')"
	// dueSQL is the condition of the index deliveries_due, word for word.
	dueSQL = "state IN ('pending', 'retrying') AND next_at IS NOT NULL"
)

// InsertDelivery saves a delivery and sets its id. made is false if the event, connection and
// recipient have one already.
func (tx *Tx) InsertDelivery(d *Delivery) (made bool, err error) {
	if d.EndpointID == 0 {
		d.EndpointID = d.ConnectionID
	}
	if d.DueSince.IsZero() {
		d.DueSince = d.CreatedAt
	}
	d.ID, err = tx.insert(`
		INSERT INTO deliveries (uuid, event_id, connection_id, endpoint_id, product_id, recipient, title, state,
			reason, next_at, locked_until, claim, created_at, due_since, finished_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT DO NOTHING
		RETURNING id`,
		d.UUID, nullID(d.EventID), d.ConnectionID, d.EndpointID, nullID(d.ProductID), d.Recipient, d.Title, d.State,
		d.Reason, micro(d.NextAt), micro(d.LockedUntil), d.Claim, micro(d.CreatedAt), micro(d.DueSince),
		micro(d.FinishedAt))
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

// SendObstacle is what keeps a message from being sent at once; the zero value is nothing.
type SendObstacle struct {
	Busy    bool // an earlier one in its queue is open
	Stopped bool // its endpoint's breaker is open, or the endpoint waits for its rate
}

// SendObstacleOf reads the queue and the endpoint of a delivery that is about to be created.
func (r queries) SendObstacleOf(ctx context.Context, d Delivery) (SendObstacle, error) {
	var busy int
	var opened, free sql.NullInt64
	err := r.get(ctx, `
		SELECT (
			SELECT count(*)
			FROM (
				SELECT 1
				FROM deliveries
				WHERE connection_id = ?
				AND product_id = ?
				AND recipient = ?
				AND event_id IS NOT NULL
				AND state IN `+openStates+`
				LIMIT 1
			) x
		), h.opened_at, h.free_at
		FROM connection_health h
		WHERE h.connection_id = ?`,
		[]any{d.ConnectionID, d.ProductID, d.Recipient, d.EndpointID}, &busy, &opened, &free)
	return SendObstacle{Busy: busy > 0, Stopped: opened.Valid || free.Int64 > r.Now().UnixMicro()}, err
}

// Due is a delivery that can be claimed.
type Due struct {
	ID         int64
	EndpointID int64
	Module     string // of the endpoint
}

// endpointsWithDue steps from one endpoint with due rows to the next, so that its cost does not
// depend on how many rows each has.
const endpointsWithDue = `
	WITH RECURSIVE endpoints (id) AS (
		SELECT min(endpoint_id)
		FROM deliveries
		WHERE ` + dueSQL + `
		UNION ALL
		SELECT (
			SELECT min(d.endpoint_id)
			FROM deliveries d
			WHERE d.state IN ('pending', 'retrying')
			AND d.next_at IS NOT NULL
			AND d.endpoint_id > endpoints.id
		)
		FROM endpoints
		WHERE endpoints.id IS NOT NULL
	) `

// DueDeliveries lists the due deliveries of each endpoint, the longest due first and at most
// each of them. It leaves out the endpoints in except, those that are stopped or wait for their
// rate, and deliveries whose queue has an earlier open one.
func (r queries) DueDeliveries(ctx context.Context, except []int64, each int) ([]Due, error) {
	now := r.Now().UnixMicro()
	cond := ""
	if len(except) > 0 {
		cond = " AND l.id NOT IN (" + placeholders(len(except)) + ")"
	}
	const rows = `
		SELECT x.id, x.next_at, x.endpoint_id
		FROM deliveries x
		WHERE x.endpoint_id = l.id
		AND x.state IN ('pending', 'retrying')
		AND x.next_at IS NOT NULL
		AND x.next_at <= ?` + firstOfQueue + `
		ORDER BY x.next_at, x.id
		LIMIT ?`
	args := []any{now, each}
	join := " CROSS JOIN deliveries d WHERE d.id IN (SELECT y.id FROM (" + rows + ") y)"
	if r.dialect == Postgres {
		join = " CROSS JOIN LATERAL (" + rows + ") d WHERE TRUE"
	}
	args = append(append(args, now), toAny(except)...)
	var list []Due
	err := r.query(ctx, endpointsWithDue+`
		SELECT d.id, l.id, c.module
		FROM endpoints l
		JOIN connection_health h ON h.connection_id = l.id
		JOIN connections c ON c.id = l.id`+join+`
		AND h.opened_at IS NULL
		AND h.free_at <= ?`+cond+`
		ORDER BY d.next_at, d.id`,
		args, collect(&list, func(d *Due) []any { return []any{&d.ID, &d.EndpointID, &d.Module} }))
	return list, err
}

// firstOfQueue is the condition that x is the first open delivery of its queue.
const firstOfQueue = `
	AND (x.event_id IS NULL OR NOT EXISTS (
		SELECT 1
		FROM deliveries f
		WHERE f.connection_id = x.connection_id
		AND f.product_id = x.product_id
		AND f.recipient = x.recipient
		AND f.id < x.id
		AND f.event_id IS NOT NULL
		AND f.state IN ` + openStates + `
	))`

// Claim marks waiting deliveries as being sent until a time, under the name of a claim, and returns
// those that no other claim has taken.
func (tx *Tx) Claim(claim string, until time.Time, ids []int64) ([]Delivery, error) {
	args := append(append([]any{micro(until), claim, false}, toAny(ids)...), micro(tx.Now()))
	return tx.claim("d.id IN ("+placeholders(len(ids))+") AND d.next_at <= ?", args)
}

func (tx *Tx) claim(cond string, args []any) ([]Delivery, error) {
	lock := ""
	if tx.dialect == Postgres {
		lock = " FOR UPDATE SKIP LOCKED"
	}
	var list []Delivery
	err := tx.query(tx.Context(), `
		UPDATE deliveries
		SET state = 'sending', locked_until = ?, claim = ?, probe = ?
		WHERE id IN (
			SELECT d.id
			FROM deliveries d
			WHERE d.state IN `+waitingStates+`
			AND `+cond+`
			ORDER BY d.id`+lock+`
		)
		RETURNING `+claimColumns, args, collect(&list, (*Delivery).dst))
	return list, err
}

// claimColumns are deliveryColumns without the alias: SQLite's RETURNING knows none.
const claimColumns = `id, uuid, coalesce(event_id, 0), connection_id, endpoint_id, coalesce(product_id, 0),
	recipient, title, state, reason, attempts, spent, next_at, locked_until, claim, probe, by_hand,
	coalesce(resend_id, 0), created_at, due_since, finished_at`

// NextDue returns when the next delivery can be sent: when its own time and that of its endpoint
// has come. It is zero when none waits.
func (r queries) NextDue(ctx context.Context) (time.Time, error) {
	greatest := "max"
	if r.dialect == Postgres {
		greatest = "greatest"
	}
	var at time.Time
	err := r.get(ctx, endpointsWithDue+`
		SELECT min(CASE
			WHEN h.opened_at IS NULL THEN `+greatest+`((
				SELECT min(x.next_at)
				FROM deliveries x
				WHERE x.endpoint_id = l.id
				AND x.state IN ('pending', 'retrying')
				AND x.next_at IS NOT NULL
			), h.free_at)
			WHEN h.paused_at IS NULL THEN h.probe_at
		END)
		FROM endpoints l
		JOIN connection_health h ON h.connection_id = l.id`, nil, timeTo(&at))
	return at, err
}

// Settle writes the outcome of an attempt: the delivery's new state and, if tried is not nil,
// the attempt. It reports false if the claim was lost meanwhile; the attempt is saved all the
// same.
func (tx *Tx) Settle(d Delivery, claim string, tried *Attempt) (bool, error) {
	if tx.dialect == Postgres { // a lost claim and its successor number their attempts one after the other
		if _, err := tx.exec("SELECT 1 FROM deliveries WHERE id = ? FOR UPDATE", d.ID); err != nil {
			return false, err
		}
	}
	n, err := tx.exec(`
		UPDATE deliveries
		SET state = ?, reason = ?, attempts = ?, spent = ?, next_at = ?, locked_until = NULL, claim = '',
			probe = FALSE, finished_at = ?
		WHERE id = ?
		AND claim = ?
		AND state = 'sending'`,
		d.State, d.Reason, d.Attempts, d.Spent, micro(d.NextAt), micro(d.FinishedAt), d.ID, claim)
	if err == nil && n == 1 && !d.State.Open() {
		err = tx.promote(d)
	}
	if err != nil || tried == nil {
		return n == 1, err
	}
	return n == 1, tx.insertAttempt(d.ID, *tried)
}

func (tx *Tx) insertAttempt(id int64, a Attempt) error {
	_, err := tx.exec(`
		INSERT INTO attempts (delivery_id, number, at, duration, result, status, reason, answer, private, probe)
		SELECT d.id, (
			SELECT coalesce(max(a.number), 0) + 1
			FROM attempts a
			WHERE a.delivery_id = d.id
		), `+attemptValues(tx.dialect)+`
		FROM deliveries d
		WHERE d.id = ?`,
		micro(a.At), int64(a.Duration), a.Result, a.Status, a.Reason, a.Answer, a.Private, a.Probe, id)
	return err
}

func attemptValues(d Dialect) string {
	bigint, text, boolean := placeholder(d, "BIGINT"), placeholder(d, "TEXT"), placeholder(d, "BOOLEAN")
	return strings.Join([]string{bigint, bigint, text, bigint, text, text, boolean, boolean}, ", ")
}

// promote makes the next delivery of a queue due, once the one before it is final.
func (tx *Tx) promote(d Delivery) error {
	if d.EventID == 0 || d.ProductID == 0 {
		return nil
	}
	_, err := tx.exec(`
		UPDATE deliveries
		SET next_at = ?
		WHERE state = 'pending'
		AND next_at IS NULL
		AND id = (
			SELECT min(f.id)
			FROM deliveries f
			WHERE f.connection_id = ?
			AND f.product_id = ?
			AND f.recipient = ?
			AND f.event_id IS NOT NULL
			AND f.state IN `+openStates+`
		)`, micro(tx.Now()), d.ConnectionID, d.ProductID, d.Recipient)
	return err
}

// HasBlocked reports whether a delivery waits for its queue although nothing is before it. It
// looks at the newest deliveries that wait, up to newest: each costs a read of its queue.
func (r queries) HasBlocked(ctx context.Context, newest int) (bool, error) {
	var n int
	err := r.get(ctx, `
		SELECT count(*)
		FROM (
			SELECT 1
			FROM (
				SELECT b.id, b.event_id, b.connection_id, b.product_id, b.recipient
				FROM deliveries b
				WHERE b.state = 'pending'
				AND b.next_at IS NULL
				ORDER BY b.id DESC
				LIMIT ?
			) x
			WHERE 1 = 1`+firstOfQueue+`
			LIMIT 1
		) y`, []any{newest}, &n)
	return n > 0, err
}

// FreeBlocked makes due the deliveries that wait for their queue although nothing is before them: on
// PostgreSQL one can be inserted while the last of its queue is being settled.
func (tx *Tx) FreeBlocked() (int64, error) {
	return tx.exec(`
		UPDATE deliveries
		SET next_at = ?
		WHERE id IN (
			SELECT x.id
			FROM deliveries x
			WHERE x.state = 'pending'
			AND x.next_at IS NULL`+firstOfQueue+`
		)`, micro(tx.Now()))
}
