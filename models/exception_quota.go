package models

import (
	"context"
	"time"
)

// ExceptionQuota counts the notifications about the exceptions of an owner within an hour.
type ExceptionQuota struct {
	Owner   int64 // the product, 0 = Gatecrier itself
	BeganAt time.Time
	Sent    int64 // notifications
	Held    int64 // those left for the summary of the hour
}

// LockExceptionQuota reads the quota of an owner, and locks it. A new one begins now.
func (tx *Tx) LockExceptionQuota(owner int64) (ExceptionQuota, error) {
	q := ExceptionQuota{Owner: owner}
	err := tx.get(tx.Context(), `
		INSERT INTO exception_quotas (owner, product_id, began_at)
		VALUES (?, ?, ?)
		ON CONFLICT (owner) DO UPDATE SET owner = excluded.owner
		RETURNING began_at, sent, held`, []any{owner, nullID(owner), micro(tx.Now())},
		timeTo(&q.BeganAt), &q.Sent, &q.Held)
	return q, err
}

// SaveExceptionQuota writes what LockExceptionQuota has read.
func (tx *Tx) SaveExceptionQuota(q ExceptionQuota) error {
	_, err := tx.exec("UPDATE exception_quotas SET began_at = ?, sent = ?, held = ? WHERE owner = ?",
		micro(q.BeganAt), q.Sent, q.Held, q.Owner)
	return err
}

// EndedExceptionQuotas lists owners whose hour has ended with notifications left for its summary.
// An hour in the future has ended too: the clock was moved back.
func (r queries) EndedExceptionQuotas(ctx context.Context, hour time.Duration, limit int) ([]int64, error) {
	now := r.Now()
	var list []int64
	err := r.query(ctx, `
		SELECT owner
		FROM exception_quotas
		WHERE held > 0
		AND (began_at <= ? OR began_at > ?)
		ORDER BY owner
		LIMIT ?`, []any{micro(now.Add(-hour)), micro(now), limit}, collect(&list, idDst))
	return list, err
}

// HoldException leaves the notification that a group has just claimed for the summary of the hour
// that began at a time. It returns how often the group has occurred since its last notification.
func (tx *Tx) HoldException(groupID int64, began time.Time) (suppressed int64, err error) {
	err = tx.get(tx.Context(), `
		UPDATE exception_groups
		SET notified = notified - 1, notified_at = was_notified_at, suppressed = suppressed + 1,
			new_suppressed = was_suppressed + 1, held = CASE WHEN held_in = ? THEN held + 1 ELSE 1 END, held_in = ?
		WHERE id = ?
		RETURNING new_suppressed`, []any{micro(began), micro(began), groupID}, &suppressed)
	return suppressed, err
}

// HeldException is a group with notifications that were left for a summary.
type HeldException struct {
	ID        int64
	Kind      ExceptionKind
	Class     string
	Count     int64 // occurrences since its last notification
	Regressed bool  // it was resolved before
}

// HeldExceptions lists the groups of an owner that the summary of an hour names, and counts all
// that it is about: those that were resolved before come first, then the most frequent.
func (r queries) HeldExceptions(
	ctx context.Context, q ExceptionQuota, limit int,
) (list []HeldException, groups int64, err error) {
	err = r.get(ctx, "SELECT count(*) FROM exception_groups WHERE owner = ? AND held_in = ?",
		[]any{q.Owner, micro(q.BeganAt)}, &groups)
	if err != nil {
		return nil, 0, err
	}
	err = r.query(ctx, `
		SELECT id, kind, class, new_suppressed, CASE WHEN regressed_at >= held_in THEN 1 ELSE 0 END AS regressed
		FROM exception_groups
		WHERE owner = ?
		AND held_in = ?
		ORDER BY regressed DESC, new_suppressed DESC, id
		LIMIT ?`, []any{q.Owner, micro(q.BeganAt), limit}, collect(&list, func(h *HeldException) []any {
		return []any{&h.ID, &h.Kind, &h.Class, &h.Count, &h.Regressed}
	}))
	return list, groups, err
}
