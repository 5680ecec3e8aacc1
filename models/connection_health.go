package models

import (
	"context"
	"time"
)

// Health is the state of a connection's messages and of its breaker. Zero times are "not".
type Health struct {
	ConnectionID  int64
	Failures      int // in a row; they count for the breaker
	FailingSince  time.Time
	Rejected      int // in a row, by a receiver that answers
	Reason        string
	OpenedAt      time.Time // when the breaker opened
	ProbeAt       time.Time // when the next probe can be sent
	Probes        int       // failed probes since the breaker opened
	PausedAt      time.Time // since when no more probes are sent
	BrokenAt      time.Time // users were notified
	ClosedAt      time.Time // when the breaker closed last
	RecoverUpTo   int64     // the last delivery that waited then, 0 = all are sent
	LastSuccessAt time.Time
	SlotAt        time.Time // when the messages so far are sent, at the rate of the endpoint
	FreeAt        time.Time // when the next message can be sent
	BusySince     time.Time // since when messages wait for the rate
}

const healthColumns = `h.connection_id, h.failures, h.failing_since, h.rejected, h.reason, h.opened_at, h.probe_at,
	h.probes, h.paused_at, h.broken_at, h.closed_at, coalesce(h.recover_upto, 0), h.last_success_at,
	nullif(h.slot_at, 0), nullif(h.free_at, 0), h.busy_since`

func (h *Health) dst() []any {
	return []any{
		&h.ConnectionID, &h.Failures, timeTo(&h.FailingSince), &h.Rejected, &h.Reason, timeTo(&h.OpenedAt),
		timeTo(&h.ProbeAt), &h.Probes, timeTo(&h.PausedAt), timeTo(&h.BrokenAt), timeTo(&h.ClosedAt),
		&h.RecoverUpTo, timeTo(&h.LastSuccessAt), timeTo(&h.SlotAt), timeTo(&h.FreeAt), timeTo(&h.BusySince),
	}
}

// Open reports whether the breaker is open: only probes are sent.
func (h Health) Open() bool { return !h.OpenedAt.IsZero() }

// Clean reports whether nothing has failed and no recovery is left to report.
func (h Health) Clean() bool {
	return h.Failures == 0 && h.Rejected == 0 && !h.Open() && h.BrokenAt.IsZero() && h.RecoverUpTo == 0
}

// ConnectionWithHealth is a connection with its own health and that of its endpoint, as a send
// needs it.
type ConnectionWithHealth struct {
	Connection
	OwnHealth, Shared Health
}

// ConnectionWithHealth reads a connection for a send.
func (r queries) ConnectionWithHealth(ctx context.Context, id int64) (ConnectionWithHealth, error) {
	c, err := r.Connection(ctx, SystemScope("the outbox sends for all users"), id)
	if err != nil {
		return ConnectionWithHealth{}, err
	}
	list, err := r.Healths(ctx, []int64{c.ID, c.Endpoint()})
	return ConnectionWithHealth{c, list[c.ID], list[c.Endpoint()]}, err
}

// Healths reads the health of some connections, by connection. They must have come from a scoped
// read.
func (r queries) Healths(ctx context.Context, connections []int64) (map[int64]Health, error) {
	found := map[int64]Health{}
	if len(connections) == 0 {
		return found, nil
	}
	err := r.query(ctx, `
		SELECT `+healthColumns+`
		FROM connection_health h
		WHERE h.connection_id IN (`+placeholders(len(connections))+")", toAny(connections), func(rows scanner) error {
		var h Health
		if err := rows.Scan(h.dst()...); err != nil {
			return err
		}
		found[h.ConnectionID] = h
		return nil
	})
	return found, err
}

// LockHealth reads the health of a connection that is about to change, and locks it.
func (tx *Tx) LockHealth(id int64) (Health, error) {
	lock := ""
	if tx.dialect == Postgres {
		lock = " FOR UPDATE"
	}
	var h Health
	err := tx.get(tx.Context(), `
		SELECT `+healthColumns+`
		FROM connection_health h
		WHERE h.connection_id = ?`+lock, []any{id}, h.dst()...)
	if err != nil {
		return h, notFound(err, "target")
	}
	return h, nil
}

// SaveHealth writes what LockHealth has read, except the rate.
func (tx *Tx) SaveHealth(h Health) error {
	_, err := tx.exec(`
		UPDATE connection_health
		SET failures = ?, failing_since = ?, rejected = ?, reason = ?, opened_at = ?, probe_at = ?, probes = ?,
			paused_at = ?, broken_at = ?, closed_at = ?, recover_upto = ?, last_success_at = ?, free_at = ?
		WHERE connection_id = ?`,
		h.Failures, micro(h.FailingSince), h.Rejected, h.Reason, micro(h.OpenedAt), micro(h.ProbeAt), h.Probes,
		micro(h.PausedAt), micro(h.BrokenAt), micro(h.ClosedAt), nullID(h.RecoverUpTo), micro(h.LastSuccessAt),
		orZero(h.FreeAt), h.ConnectionID)
	return err
}

// orZero returns a time as it is stored in a column that is not NULL: 0 for the zero time.
func orZero(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// idleAfter is how long an endpoint can be idle before its waiting messages no longer count as
// waiting for its rate.
const idleAfter = 10 * time.Second

// TakeSlots takes up to want places in the rate of an endpoint, and returns how many it got. The
// endpoint sends one message per interval, and burst of them at once after a pause. All
// instances share the rate.
func (tx *Tx) TakeSlots(endpoint int64, want int, interval time.Duration, burst int) (int, error) {
	h, err := tx.LockHealth(endpoint)
	if err != nil {
		return 0, err
	}
	now := tx.Now()
	if h.FreeAt.After(now) {
		return 0, nil
	}
	slot, credit := h.SlotAt, time.Duration(burst-1)*interval
	busy := h.BusySince
	if now.Sub(slot) > idleAfter {
		busy = time.Time{}
	}
	if slot.Before(now) {
		slot = now
	}
	got := 0
	for got < want && !slot.Add(-credit).After(now) {
		slot = slot.Add(interval)
		got++
	}
	if got < want && busy.IsZero() {
		busy = now
	}
	free := slot.Add(-credit)
	_, err = tx.exec(`
		UPDATE connection_health
		SET slot_at = ?, free_at = ?, busy_since = ?
		WHERE connection_id = ?`, orZero(slot), orZero(free), micro(busy), endpoint)
	return got, err
}

// Probe leases the first message of an endpoint whose breaker is open and whose probe is due, to
// check whether the receiver is back. It returns nil if no message waits, or another instance
// has taken the probe.
func (tx *Tx) Probe(endpoint int64, claim string, until time.Time) (*Delivery, error) {
	n, err := tx.exec(`
		UPDATE connection_health
		SET probe_at = ?
		WHERE connection_id = ?
		AND opened_at IS NOT NULL
		AND paused_at IS NULL
		AND probe_at <= ?`, micro(until), endpoint, micro(tx.Now()))
	if err != nil || n == 0 {
		return nil, err
	}
	list, err := tx.claim(`d.id = (
		SELECT x.id
		FROM deliveries x
		WHERE x.endpoint_id = ?
		AND x.state IN ('pending', 'retrying')
		AND x.next_at IS NOT NULL`+firstOfQueue+`
		ORDER BY x.rank, x.turn, x.id
		LIMIT 1
	)`, []any{micro(until), claim, true, endpoint})
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return &list[0], nil
}

// Endpoint is an endpoint with the module that its rate comes from.
type Endpoint struct {
	ID     int64
	Module string
}

// EndpointsToProbe lists the endpoints for which Probe would find a message.
func (r queries) EndpointsToProbe(ctx context.Context, limit int) ([]Endpoint, error) {
	var list []Endpoint
	err := r.query(ctx, `
		SELECT h.connection_id, c.module
		FROM connection_health h
		JOIN connections c ON c.id = h.connection_id
		WHERE h.opened_at IS NOT NULL
		AND h.paused_at IS NULL
		AND h.probe_at <= ?
		AND (
			SELECT 1
			FROM deliveries d
			WHERE d.endpoint_id = h.connection_id
			AND d.state IN ('pending', 'retrying')
			AND d.next_at IS NOT NULL
			LIMIT 1
		) = 1
		ORDER BY h.probe_at
		LIMIT ?`,
		[]any{micro(r.Now()), limit}, collect(&list, func(l *Endpoint) []any { return []any{&l.ID, &l.Module} }))
	return list, err
}

// FailingEndpoints lists the endpoints to pause: their breaker is open, they have failed for
// this long and were probed until then. One that had no message to be probed with can be back,
// and is left out.
func (r queries) FailingEndpoints(ctx context.Context, long time.Duration, limit int) ([]int64, error) {
	var list []int64
	err := r.query(ctx, `
		SELECT connection_id
		FROM connection_health
		WHERE opened_at IS NOT NULL
		AND paused_at IS NULL
		AND failing_since <= ?
		AND probe_at - failing_since >= ?
		ORDER BY failing_since
		LIMIT ?`,
		[]any{micro(r.Now().Add(-long)), long.Microseconds(), limit},
		collect(&list, idDst))
	return list, err
}

// RetryNow makes all messages that wait for an endpoint due now: its receiver is back.
func (tx *Tx) RetryNow(endpoint int64) error {
	_, err := tx.exec(`
		UPDATE deliveries
		SET next_at = ?
		WHERE endpoint_id = ?
		AND state IN ('pending', 'retrying')
		AND next_at IS NOT NULL
		AND next_at > ?`, micro(tx.Now()), endpoint, micro(tx.Now()))
	return err
}

// EndpointBacklog is the messages that wait for an endpoint.
type EndpointBacklog struct {
	Last int64 // the newest delivery, 0 for none
	Open int
}

// BacklogOf counts the open messages of an endpoint, up to a delivery (0 = all).
func (r queries) BacklogOf(ctx context.Context, endpoint, upTo int64) (EndpointBacklog, error) {
	cond, args := "", []any{endpoint}
	if upTo > 0 {
		cond, args = " AND d.id <= ?", append(args, upTo)
	}
	var q EndpointBacklog
	err := r.get(ctx, `
		SELECT coalesce(max(d.id), 0), count(*)
		FROM deliveries d
		WHERE d.endpoint_id = ?
		AND d.state IN `+openStates+`
		AND d.origin <> 'test'`+cond, args, &q.Last, &q.Open)
	return q, err
}

// SentLate counts the messages of an endpoint up to one that were delivered since a time, more
// than a minute late.
func (r queries) SentLate(ctx context.Context, endpoint, upTo int64, since time.Time) (int, error) {
	var n int
	err := r.get(ctx, `
		SELECT count(*)
		FROM deliveries d
		WHERE d.connection_id IN (SELECT c.id FROM connections c WHERE c.id = ? OR c.endpoint_id = ?)
		AND d.id <= ?
		AND d.state = 'delivered'
		AND d.finished_at >= ?
		AND d.finished_at - d.due_since > 60000000
		AND d.origin <> 'test'`, []any{endpoint, endpoint, upTo, micro(since)}, &n)
	return n, err
}

// Recovering lists the endpoints that are back and whose late messages are not reported yet.
func (r queries) Recovering(ctx context.Context, limit int) ([]int64, error) {
	var list []int64
	err := r.query(ctx, `
		SELECT connection_id
		FROM connection_health
		WHERE recover_upto IS NOT NULL
		ORDER BY recover_upto
		LIMIT ?`,
		[]any{limit}, collect(&list, idDst))
	return list, err
}
