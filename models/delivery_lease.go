package models

import (
	"context"
	"time"
)

// maxLost bounds the leases that are returned in one transaction.
const maxLost = 500

// ResultLost is the result of an attempt whose instance is gone, ResultUnsure that of a message
// that was sent and got no answer. Either message might have arrived.
const (
	ResultLost   = "lost"
	ResultUnsure = "unsure"
)

// HasExpiredLease reports whether an instance has held a delivery for longer than its lease.
func (r queries) HasExpiredLease(ctx context.Context) (bool, error) {
	var n int
	err := r.get(ctx, `
		SELECT count(*)
		FROM (
			SELECT 1
			FROM deliveries
			WHERE state = 'sending'
			AND locked_until <= ?
			LIMIT 1
		) x`, []any{micro(r.Now())}, &n)
	return n > 0, err
}

// ReturnExpired makes some deliveries due again whose lease has ended by a time, since their
// instance is gone. Each gets an attempt that might have arrived; it does not count as one of the
// attempts that a message has.
func (tx *Tx) ReturnExpired(by time.Time) (int64, error) {
	return tx.returnSending("locked_until <= ?", micro(by))
}

// ReturnAll is ReturnExpired for all deliveries and emails that are being sent. It is for the start of a program
// that is the only instance.
func (tx *Tx) ReturnAll() (int64, error) {
	if _, err := tx.returnAccountMails("%"); err != nil {
		return 0, err
	}
	return tx.returnSending("locked_until IS NOT NULL")
}

// ReturnOfAbsent is ReturnExpired for the deliveries and emails of an instance that holds its presence no
// longer. If it holds it, nothing is returned.
func (tx *Tx) ReturnOfAbsent(instance string) (int64, error) {
	present, err := tx.tx.IsPresent(instance)
	if err != nil || present {
		return 0, err
	}
	if _, err := tx.returnAccountMails(presentClaim + instance + "/%"); err != nil {
		return 0, err
	}
	return tx.returnSending("claim LIKE ?", presentClaim+instance+"/%")
}

// returnSending makes some deliveries of a condition due again.
func (tx *Tx) returnSending(cond string, args ...any) (int64, error) {
	const reason = "The program stopped while it was sending this"
	lock := ""
	if tx.dialect == Postgres {
		lock = " FOR UPDATE SKIP LOCKED"
	}
	type lost struct {
		id    int64
		probe bool
		until time.Time
	}
	var list []lost
	err := tx.query(tx.Context(), `
		SELECT id, probe, locked_until
		FROM deliveries
		WHERE state = 'sending'
		AND `+cond+`
		ORDER BY locked_until
		LIMIT ?`+lock,
		append(args, maxLost),
		collect(&list, func(l *lost) []any { return []any{&l.id, &l.probe, timeTo(&l.until)} }))
	if err != nil {
		return 0, err
	}
	for _, l := range list {
		if _, err := tx.exec(`
			UPDATE deliveries
			SET state = CASE WHEN spent = 0 THEN 'pending' ELSE 'retrying' END, attempts = attempts + 1, next_at = ?,
				locked_until = NULL, claim = '', probe = FALSE, turn = 0, reason = ?
			WHERE id = ?`, micro(tx.Now()), reason, l.id); err != nil {
			return 0, err
		}
		at := tx.Now()
		if l.until.Before(at) {
			at = l.until
		}
		if err := tx.insertAttempt(l.id, Attempt{At: at, Result: ResultLost, Reason: reason, Probe: l.probe}); err != nil {
			return 0, err
		}
	}
	return int64(len(list)), nil
}

// ExpiredDeliveries lists some deliveries that have waited since a time or longer.
func (r queries) ExpiredDeliveries(ctx context.Context, since time.Time, limit int) ([]Delivery, error) {
	var list []Delivery
	err := r.query(ctx, `
		SELECT `+deliveryColumns+`
		FROM deliveries d
		WHERE d.state IN `+waitingStates+`
		AND d.due_since <= ?
		ORDER BY d.due_since
		LIMIT ?`, []any{micro(since), limit}, collect(&list, (*Delivery).dst))
	return list, err
}

// GiveUp makes deliveries that still wait dead.
func (tx *Tx) GiveUp(list []Delivery, reason func(Delivery) string) error {
	for _, d := range list {
		n, err := tx.exec(`
			UPDATE deliveries
			SET state = ?, reason = ?, next_at = NULL, finished_at = ?
			WHERE id = ?
			AND state IN `+waitingStates, DeliveryDead, reason(d), micro(tx.Now()), d.ID)
		if err == nil && n > 0 {
			err = tx.promote(d)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
