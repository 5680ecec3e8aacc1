package models

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// RestoreDecision is what an administrator decided about the deliveries of a backup that waited.
type RestoreDecision string

// The decisions. The deliveries are held until there is one.
const (
	RestoreUndecided RestoreDecision = ""
	RestoreSend      RestoreDecision = "send"
	RestoreCancel    RestoreDecision = "cancel"
)

// Restore is the last restore of a backup into this database.
type Restore struct {
	BackupAt   time.Time // when the backup was made
	RestoredAt time.Time
	EventID    int64 // the last event of the backup: deliveries of events up to it are held
	Decision   RestoreDecision
	Reason     string // of a cancellation
	DecidedBy  string
	DecidedAt  time.Time
}

// Restore reads the last restore; ok is false if there was none.
func (r queries) Restore(ctx context.Context) (s Restore, ok bool, err error) {
	err = r.get(ctx, `
		SELECT backup_at, restored_at, event_id, decision, reason, decided_by, decided_at
		FROM restores`, nil, timeTo(&s.BackupAt), timeTo(&s.RestoredAt), &s.EventID, &s.Decision, &s.Reason,
		&s.DecidedBy, timeTo(&s.DecidedAt))
	if errors.Is(err, sql.ErrNoRows) {
		return s, false, nil
	}
	return s, err == nil, err
}

// Installation returns a text that differs from that of any other installation, also of one that was
// restored from a backup of this one, and the time of the last restore, zero for none.
func (r queries) Installation(ctx context.Context) (text string, restored time.Time, err error) {
	var name string
	var created time.Time
	err = r.get(ctx, "SELECT name, created_at FROM users ORDER BY id LIMIT 1", nil, &name, timeTo(&created))
	if err != nil {
		return "", restored, err
	}
	restore, _, err := r.Restore(ctx)
	return fmt.Sprintf("%s %d %d", name, micro(created), restore.RestoredAt.UnixMicro()), restore.RestoredAt, err
}

// HeldTarget counts the held deliveries of a connection.
type HeldTarget struct {
	ConnectionID int64 // 0 for emails about accounts, which have none
	Connection   string
	Module       string
	Owner        string // the product, the group or the user that the connection belongs to, "" for the system
	Count        int
	Oldest       time.Time
}

// HeldTargets counts the held deliveries by connection, the most first, and then the held emails
// about accounts.
func (r queries) HeldTargets(ctx context.Context) ([]HeldTarget, error) {
	var list []HeldTarget
	err := r.query(ctx, `
		SELECT t.connection_id, c.name, c.module, coalesce(p.name, g.name, u.name, ''), t.n, t.oldest
		FROM (
			SELECT connection_id, count(*) AS n, min(created_at) AS oldest
			FROM deliveries
			WHERE state = 'held'
			GROUP BY connection_id
		) t
		JOIN connections c ON c.id = t.connection_id
		LEFT JOIN products p ON p.id = c.product_id
		LEFT JOIN product_groups g ON g.id = c.group_id
		LEFT JOIN users u ON u.id = c.user_id
		ORDER BY t.n DESC, c.id`, nil, collect(&list, func(t *HeldTarget) []any {
		return []any{&t.ConnectionID, &t.Connection, &t.Module, &t.Owner, &t.Count, timeTo(&t.Oldest)}
	}))
	if err != nil {
		return nil, err
	}
	mails := HeldTarget{Connection: "Emails about accounts", Module: "email"}
	if mails.Count, mails.Oldest, err = r.heldAccountMails(ctx); mails.Count > 0 {
		list = append(list, mails)
	}
	return list, err
}

// CountGateChangesOnHold counts the gate changes up to an event that are on hold and not announced yet.
func (r queries) CountGateChangesOnHold(ctx context.Context, upTo int64) (int, error) {
	var n int
	err := r.get(ctx, `
		SELECT count(*)
		FROM branches
		WHERE held_until IS NOT NULL
		AND held_event <= ?
		AND is_default`, []any{upTo}, &n)
	return n, err
}

// CountHeld counts the held deliveries and emails about accounts, up to a limit.
func (r queries) CountHeld(ctx context.Context, limit int) (int, error) {
	var n int
	err := r.get(ctx, `
		SELECT count(*)
		FROM (
			SELECT 1
			FROM deliveries
			WHERE state = 'held'
			UNION ALL
			SELECT 1
			FROM account_mails
			WHERE next_at IS NULL
			LIMIT ?
		) x`, []any{limit}, &n)
	return n, err
}

// HoldDeliveries holds some deliveries that wait or are being sent. The caller repeats it until it
// returns less than limit.
func (tx *Tx) HoldDeliveries(limit int, reason string) (int64, error) {
	return tx.exec(`
		UPDATE deliveries
		SET state = 'held', reason = CASE WHEN reason = '' THEN `+placeholder(tx.dialect, "TEXT")+` ELSE reason END,
			next_at = NULL, locked_until = NULL, claim = '', probe = FALSE
		WHERE id IN (
			SELECT id
			FROM deliveries
			WHERE state IN `+openStates+`
			ORDER BY id
			LIMIT ?
		)`, reason, limit)
}

// SaveRestore records a restore that just took place, in place of an earlier one.
func (tx *Tx) SaveRestore(backupAt time.Time) error {
	_, err := tx.exec(`
		INSERT INTO restores (id, backup_at, restored_at, event_id)
		VALUES (1, ?, ?, (SELECT coalesce(max(id), 0) FROM events))
		ON CONFLICT (id) DO UPDATE SET backup_at = excluded.backup_at, restored_at = excluded.restored_at,
			event_id = excluded.event_id, decision = '', reason = '', decided_by = '', decided_at = NULL`,
		micro(backupAt), micro(tx.Now()))
	return err
}

// DropCredentials ends all sessions and removes all links that were sent by email: what was ended or
// used after a backup must not work again. It holds the emails about accounts that have no link, and
// returns how many others it removed with their links.
func (tx *Tx) DropCredentials() (mails int64, err error) {
	err = tx.get(tx.Context(), "SELECT count(*) FROM account_mails WHERE link IS NOT NULL OR user_id IS NULL", nil, &mails)
	if err != nil {
		return 0, err
	}
	for _, table := range []string{"sessions", "user_links"} {
		if _, err := tx.exec("DELETE FROM " + table); err != nil {
			return 0, err
		}
	}
	return mails, tx.holdAccountMails()
}

// DecideRestore records a decision; ok is false if there is one already, or nothing to decide.
func (tx *Tx) DecideRestore(decision RestoreDecision, reason, by string) (ok bool, err error) {
	n, err := tx.exec(`
		UPDATE restores
		SET decision = ?, reason = ?, decided_by = ?, decided_at = ?
		WHERE decision = ''`, decision, reason, by, micro(tx.Now()))
	return n == 1, err
}

// ReleaseHeld makes the held emails about accounts and some held deliveries due, the oldest first, and
// returns how many deliveries. Those of one queue keep their order.
func (tx *Tx) ReleaseHeld(limit int) (int, error) {
	if err := tx.releaseAccountMails(); err != nil {
		return 0, err
	}
	var ids []int64
	lock := ""
	if tx.dialect == Postgres {
		lock = " FOR UPDATE SKIP LOCKED"
	}
	err := tx.query(tx.Context(), "SELECT id FROM deliveries WHERE state = 'held' ORDER BY id LIMIT ?"+lock,
		[]any{limit}, collect(&ids, idDst))
	if err != nil {
		return 0, err
	}
	now := micro(tx.Now())
	turn, turnArgs := tx.turnSQL(0)
	for _, id := range ids {
		_, err := tx.exec(`
			UPDATE deliveries
			SET state = 'pending', reason = '', spent = 0, due_since = ?, turn = `+turn+`, next_at = CASE
				WHEN origin = 'event' AND EXISTS (
					SELECT 1
					FROM deliveries f
					WHERE f.connection_id = deliveries.connection_id
					AND f.product_id = deliveries.product_id
					AND f.recipient = deliveries.recipient
					AND f.rank = deliveries.rank
					AND f.origin = 'event'
					AND f.id < deliveries.id
					AND f.state IN `+openStates+`
				) THEN NULL
				ELSE `+placeholder(tx.dialect, "BIGINT")+`
			END
			WHERE id = ?
			AND state = 'held'`, append(append([]any{now}, turnArgs...), now, id)...)
		if err != nil {
			return 0, err
		}
	}
	return len(ids), nil
}

// CancelHeld deletes the held emails about accounts, cancels some held deliveries, and returns how
// many deliveries.
func (tx *Tx) CancelHeld(limit int, reason string) (int, error) {
	if err := tx.cancelAccountMails(); err != nil {
		return 0, err
	}
	n, err := tx.exec(`
		UPDATE deliveries
		SET state = 'cancelled', reason = ?, finished_at = ?
		WHERE id IN (SELECT id FROM deliveries WHERE state = 'held' ORDER BY id LIMIT ?)
		AND state = 'held'`, reason, micro(tx.Now()), limit)
	return int(n), err
}
