package models

import (
	"context"
	"database/sql"
)

// A delivery is open while it is pending, retrying or sending. The open deliveries of one
// connection, product, recipient and rank are a queue, in which only the first has a time to be
// sent; those of tests and runs are in no queue. Connections that use one server share an endpoint:
// one breaker, one rate.

const (
	openStates    = "('pending', 'retrying', 'sending')"
	waitingStates = "('pending', 'retrying')"
	// unfinishedStates are those of deliveries that have not ended. One that is held is in no queue.
	unfinishedStates = "('pending', 'retrying', 'sending', 'held')"
	// dueSQL is the condition of the indexes deliveries_due, _turn and _share, word for word.
	dueSQL = "state IN " + waitingStates + " AND next_at IS NOT NULL"
)

// SendObstacle is what keeps a message from being sent at once; the zero value is nothing.
type SendObstacle struct {
	Busy    bool // an earlier one in its queue is open
	Stopped bool // its endpoint's breaker is open, or the endpoint waits for its rate
	Waits   bool // another message of its endpoint is due before it
}

// SendObstacleOf reads the queue and the endpoint of a delivery that is about to be created.
func (r queries) SendObstacleOf(ctx context.Context, d Delivery) (SendObstacle, error) {
	var busy, before int
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
				AND rank = ?
				AND origin = 'event'
				AND state IN `+openStates+`
				LIMIT 1
			) x
		), (
			SELECT count(*)
			FROM (
				SELECT 1
				FROM deliveries
				WHERE endpoint_id = ?
				AND rank <= ?
				AND `+dueSQL+`
				AND +next_at <= ?
				LIMIT 1
			) x
		), h.opened_at, h.free_at
		FROM connection_health h
		WHERE h.connection_id = ?`,
		[]any{d.ConnectionID, d.ProductID, d.Recipient, d.Rank, d.EndpointID, d.Rank, micro(r.Now()), d.EndpointID},
		&busy, &before, &opened, &free)
	stopped := opened.Valid || free.Int64 > r.Now().UnixMicro()
	return SendObstacle{Busy: busy > 0, Stopped: stopped, Waits: before > 0}, err
}

// firstOfQueue is the condition that x is the first open delivery of its queue.
const firstOfQueue = `
	AND (x.origin <> 'event' OR NOT EXISTS (
		SELECT 1
		FROM deliveries f
		WHERE f.connection_id = x.connection_id
		AND f.product_id = x.product_id
		AND f.recipient = x.recipient
		AND f.rank = x.rank
		AND f.id < x.id
		AND f.origin = 'event'
		AND f.state IN ` + openStates + `
	))`

// promote makes the next delivery of a queue due, once the one before it is final.
func (tx *Tx) promote(d Delivery) error {
	if !d.Queues() {
		return nil
	}
	turn, args := tx.turnSQL(d.Turn + 1)
	_, err := tx.exec(`
		UPDATE deliveries
		SET next_at = ?, turn = `+turn+`
		WHERE state = 'pending'
		AND next_at IS NULL
		AND id = (
			SELECT min(f.id)
			FROM deliveries f
			WHERE f.connection_id = ?
			AND f.product_id = ?
			AND f.recipient = ?
			AND f.rank = ?
			AND f.origin = 'event'
			AND f.state IN `+openStates+`
		)`, append(append([]any{micro(tx.Now())}, args...), d.ConnectionID, d.ProductID, d.Recipient, d.Rank)...)
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
				SELECT b.id, b.origin, b.connection_id, b.product_id, b.recipient, b.rank
				FROM deliveries b
				WHERE b.state = 'pending'
				AND b.next_at IS NULL
				ORDER BY b.id DESC
				LIMIT ?
			) x
			WHERE 1 = 1`+notKept+firstOfQueue+`
			LIMIT 1
		) y`, []any{newest}, &n)
	return n > 0, err
}

// notKept is the condition that x is not kept by a connection that is off.
const notKept = `
	AND NOT EXISTS (
		SELECT 1
		FROM connections k
		WHERE k.id = x.connection_id
		AND k.keeps_waiting
	)`

// FreeBlocked makes due the deliveries that wait for their queue although nothing is before them: on
// PostgreSQL one can be inserted while the last of its queue is being settled, and a connection that
// was off can have kept some.
func (tx *Tx) FreeBlocked() (int64, error) { return tx.free("") }

// FreeKept makes due the first deliveries of the queues of a connection that was turned on.
func (tx *Tx) FreeKept(connectionID int64) error {
	_, err := tx.free("AND x.connection_id = ?", connectionID)
	return err
}

// free makes due up to maxAtOnce deliveries that wait although nothing is before them.
func (tx *Tx) free(cond string, of ...any) (int64, error) {
	turn, args := tx.turnSQL(0)
	args = append(append(append([]any{micro(tx.Now())}, args...), of...), maxAtOnce)
	return tx.exec(`
		UPDATE deliveries
		SET next_at = ?, turn = `+turn+`
		WHERE id IN (
			SELECT x.id
			FROM deliveries x
			WHERE x.state = 'pending'
			AND x.next_at IS NULL
			`+cond+notKept+firstOfQueue+`
			ORDER BY x.id
			LIMIT ?
		)`, args...)
}
