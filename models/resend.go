package models

import (
	"context"
	"time"
)

// Resend is a set of deliveries that a user has requeued together.
type Resend struct {
	ID        int64
	UserID    int64 // 0 = a deleted user, or a product's token
	By        string
	What      string // in words
	Total     int
	CreatedAt time.Time
	StoppedAt time.Time
}

const resendColumns = "id, coalesce(user_id, 0), by_name, what, total, created_at, stopped_at"

func (r *Resend) dst() []any {
	return []any{&r.ID, &r.UserID, &r.By, &r.What, &r.Total, timeTo(&r.CreatedAt), timeTo(&r.StoppedAt)}
}

// CreateResend saves a resend and sets its id.
func (tx *Tx) CreateResend(s *Resend) (err error) {
	s.CreatedAt = tx.Now()
	s.ID, err = tx.insert(`
		INSERT INTO resends (user_id, by_name, what, total, created_at)
		VALUES (?, ?, ?, ?, ?)
		RETURNING id`, nullID(s.UserID), s.By, s.What, s.Total, micro(s.CreatedAt))
	return err
}

// ExtendResend adds to the number of a resend's deliveries.
func (tx *Tx) ExtendResend(id int64, n int) error {
	_, err := tx.exec("UPDATE resends SET total = total + ? WHERE id = ?", n, id)
	return err
}

// Resend finds a resend of a user; with userID 0, for administrators, of any user.
func (r queries) Resend(ctx context.Context, id, userID int64) (Resend, error) {
	var s Resend
	err := r.get(ctx, `
		SELECT `+resendColumns+`
		FROM resends
		WHERE id = ?
		AND (CAST(? AS BIGINT) = 0 OR user_id = ?)`, []any{id, userID, userID}, s.dst()...)
	if err != nil {
		return s, notFound(err, "resend")
	}
	return s, nil
}

// ResendStates counts a resend's deliveries by state. The resend must have come from Resend.
func (r queries) ResendStates(ctx context.Context, id int64) (map[DeliveryState]int, error) {
	tally := map[DeliveryState]int{}
	err := r.query(ctx, "SELECT state, count(*) FROM deliveries WHERE resend_id = ? GROUP BY state",
		[]any{id}, func(rows scanner) error {
			var s DeliveryState
			var n int
			if err := rows.Scan(&s, &n); err != nil {
				return err
			}
			tally[s] = n
			return nil
		})
	return tally, err
}

// Requeue makes final deliveries due again, as part of a resend (0 = none), and returns how
// many. Their earlier attempts stay.
func (tx *Tx) Requeue(ids []int64, resendID int64, reason string) (int, error) {
	now, sent := micro(tx.Now()), 0
	turn, turnArgs := tx.turnSQL(0)
	for _, id := range ids {
		n, err := tx.exec(`
			UPDATE deliveries
			SET state = 'pending', reason = ?, spent = 0, by_hand = TRUE, due_since = ?, finished_at = NULL,
				resend_id = ?, turn = `+turn+`, next_at = CASE
					WHEN origin = 'event' AND (
						SELECT count(*)
						FROM deliveries f
						WHERE f.connection_id = deliveries.connection_id
						AND f.product_id = deliveries.product_id
						AND f.recipient = deliveries.recipient
						AND f.rank = deliveries.rank
						AND f.origin = 'event'
						AND f.state IN `+openStates+`
					) > 0 THEN NULL
					ELSE `+placeholder(tx.dialect, "BIGINT")+`
				END
			WHERE id = ?
			AND state NOT IN `+unfinishedStates,
			append(append([]any{reason, now, nullID(resendID)}, turnArgs...), now, id)...)
		if err != nil {
			return sent, err
		}
		sent += int(n)
	}
	return sent, nil
}

// ProbeNow makes the endpoints of deliveries due for a probe, also paused ones, because a user
// asked for it. It leaves out shared endpoints: only administrators can probe these.
func (tx *Tx) ProbeNow(ids []int64) error {
	_, err := tx.exec(`
		UPDATE connection_health
		SET probe_at = ?, `+tx.unpause()+`
		WHERE opened_at IS NOT NULL
		AND connection_id IN (
			SELECT d.endpoint_id
			FROM deliveries d
			WHERE d.endpoint_id = d.connection_id
			AND d.id IN (`+placeholders(len(ids))+`)
		)`, append([]any{micro(tx.Now()), micro(tx.Now())}, toAny(ids)...)...)
	return err
}

// unpause restarts the time after which an endpoint is paused, if it was paused.
func (tx *Tx) unpause() string {
	now := placeholder(tx.dialect, "BIGINT")
	return "paused_at = NULL, failing_since = CASE WHEN paused_at IS NULL THEN failing_since ELSE " + now + " END"
}

// Resume makes an endpoint due for a probe, and counts its probes from zero.
func (tx *Tx) Resume(endpoint int64) error {
	now := micro(tx.Now())
	_, err := tx.exec(`
		UPDATE connection_health
		SET probe_at = ?, probes = 0, `+tx.unpause()+`
		WHERE connection_id = ?
		AND opened_at IS NOT NULL`, now, now, endpoint)
	return err
}

// StopResend gives up the waiting deliveries of a resend.
func (tx *Tx) StopResend(id int64, reason string) error {
	var list []Delivery
	err := tx.query(tx.Context(), `
		SELECT `+deliveryColumns+`
		FROM deliveries d
		WHERE d.resend_id = ?
		AND d.state IN `+waitingStates+`
		ORDER BY d.id`, []any{id}, collect(&list, (*Delivery).dst))
	if err != nil {
		return err
	}
	if err := tx.GiveUp(list, func(Delivery) string { return reason }); err != nil {
		return err
	}
	_, err = tx.exec("UPDATE resends SET stopped_at = ? WHERE id = ? AND stopped_at IS NULL", micro(tx.Now()), id)
	return err
}

// DeleteOldResends removes some resends from before a time.
func (tx *Tx) DeleteOldResends(before time.Time, limit int) (int64, error) {
	return tx.exec("DELETE FROM resends WHERE id IN (SELECT id FROM resends WHERE created_at < ? LIMIT ?)",
		micro(before), limit)
}

// ConnectionTally is a number of deliveries of a connection.
type ConnectionTally struct {
	ConnectionID int64
	Connection   string
	Module       string
	Enabled      bool
	Owner        Owner
	N            int
}

// ConnectionTally counts the deliveries of a filter in scope by connection, the most first.
func (r queries) ConnectionTally(ctx context.Context, scope Scope, f DeliveryFilter) ([]ConnectionTally, error) {
	f, err := r.timesOfDeliveries(ctx, f)
	if err != nil {
		return nil, err
	}
	cond, args := deliveryCondition(scope, f)
	var list []ConnectionTally
	err = r.query(ctx, `
		SELECT c.id, c.name, c.module, c.enabled, coalesce(c.product_id, 0), coalesce(c.group_id, 0),
			coalesce(c.user_id, 0), t.n
		FROM (
			SELECT d.connection_id, count(*) AS n
			FROM deliveries d
			WHERE `+cond+`
			GROUP BY d.connection_id
		) t
		JOIN connections c ON c.id = t.connection_id
		ORDER BY t.n DESC, c.id`, args, collect(&list, func(t *ConnectionTally) []any {
		return []any{
			&t.ConnectionID, &t.Connection, &t.Module, &t.Enabled, &t.Owner.ProductID, &t.Owner.GroupID,
			&t.Owner.UserID, &t.N,
		}
	}))
	return list, err
}

// DeliveryIDs lists the ids of the deliveries of a filter in scope, oldest first, after one.
func (r queries) DeliveryIDs(ctx context.Context, scope Scope, f DeliveryFilter, after int64) ([]int64, error) {
	f, err := r.timesOfDeliveries(ctx, f)
	if err != nil {
		return nil, err
	}
	cond, args := deliveryCondition(scope, f)
	var list []int64
	err = r.query(ctx, "SELECT d.id FROM deliveries d WHERE "+cond+" AND d.id > ? ORDER BY d.id LIMIT ?",
		append(args, after, f.Limit), collect(&list, idDst))
	return list, err
}
