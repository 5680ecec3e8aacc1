package models

import (
	"context"
	"time"
)

// What grows without end is removed after a time. Each trail is walked from its
// oldest row by its key, a page at a time, until rows are young enough: that
// costs no index by time, and what cannot go does not stop the walk. Pages are
// read outside of any transaction; what is removed is looked at once more.

// RetentionTable is a table that grows with time, in the order of its key.
type RetentionTable struct {
	page   string // key, time in the key's order, time that counts, whether the row may go; after a key, so many
	remove string // by keys
	still  string // whether one still may go, before a time
}

// The trails.
var (
	// NotificationTable has the rows of the inbox, read or not. Their marks go
	// with them.
	NotificationTable = RetentionTable{
		page: `
			SELECT event_id, at, at, TRUE
			FROM notifications
			WHERE event_id > ?
			ORDER BY event_id
			LIMIT ?`,
		remove: "DELETE FROM notifications WHERE event_id IN ",
		still:  "at < ?",
	}
	// DeliveryTable has the deliveries, by when they ended; their attempts go
	// with them.
	DeliveryTable = RetentionTable{
		page: `
			SELECT id, created_at, coalesce(finished_at, created_at), state NOT IN ` + openStates + `
			FROM deliveries
			WHERE id > ?
			ORDER BY id
			LIMIT ?`,
		remove: "DELETE FROM deliveries WHERE id IN ",
		still:  "coalesce(finished_at, created_at) < ? AND state NOT IN " + openStates,
	}
	// EventTable has the events that nothing refers to: no notification, no
	// delivery, no row of a gate's history, and nobody's work.
	EventTable = RetentionTable{
		page:   "SELECT e.id, e.at, e.at, " + unreferred + " FROM events e WHERE e.id > ? ORDER BY e.id LIMIT ?",
		remove: "DELETE FROM events AS e WHERE e.id IN ",
		still:  "e.at < ? AND " + unreferred,
	}
	// AuditTable has who changed what.
	AuditTable = RetentionTable{
		page:   "SELECT id, at, at, TRUE FROM audit WHERE id > ? ORDER BY id LIMIT ?",
		remove: "DELETE FROM audit WHERE id IN ",
		still:  "at < ?",
	}
	// RunTable has the runs of jobs, but the last one of each.
	RunTable = RetentionTable{
		page: `
			SELECT j.id, j.started_at, j.started_at, ` + overrun + `
			FROM job_runs j
			WHERE j.id > ?
			ORDER BY j.id
			LIMIT ?`,
		remove: "DELETE FROM job_runs AS j WHERE j.id IN ",
		still:  "j.started_at < ? AND " + overrun,
	}
)

const (
	unreferred = `(NOT EXISTS (SELECT 1 FROM notifications n WHERE n.event_id = e.id)
		AND NOT EXISTS (SELECT 1 FROM gate_changes g WHERE g.product_id = e.product_id AND g.event_id = e.id)
		AND NOT EXISTS (SELECT 1 FROM gate_changes h WHERE h.announced_id = e.id)
		AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.event_id = e.id)
		AND e.id NOT IN (SELECT w.event_id FROM event_work w))`
	overrun = `(j.result <> 'running'
		AND EXISTS (SELECT 1 FROM job_runs l WHERE l.job = j.job AND l.id > j.id))`
)

// Old is a page of a trail.
type Old struct {
	Keys []int64 // of the rows that may go
	Upto int64   // the last key of the page
	More bool    // there may be another page
}

// OldRows reads the page of a trail that comes after a key: what of it is older
// than a time and may go.
func (r queries) OldRows(
	ctx context.Context, table RetentionTable, before time.Time, after int64, limit int,
) (Old, error) {
	old, n, young := Old{}, 0, false
	err := r.query(ctx, table.page, []any{after, limit}, func(rows scanner) error {
		var inOrder, at time.Time
		var may bool
		if err := rows.Scan(&old.Upto, timeTo(&inOrder), timeTo(&at), &may); err != nil {
			return err
		}
		n++
		young = !inOrder.Before(before)
		if may && at.Before(before) {
			old.Keys = append(old.Keys, old.Upto)
		}
		return nil
	})
	old.More = n == limit && !young
	return old, err
}

// DeleteOld removes rows of a trail from before a time, as far as they still may
// go, and says how many did.
func (tx *Tx) DeleteOld(table RetentionTable, before time.Time, keys []int64) (int64, error) {
	return tx.exec(table.remove+"("+placeholders(len(keys))+") AND "+table.still, append(toAny(keys), micro(before))...)
}

// NotificationsBeyond is the newest notification beyond so many of the newest, 0
// where there are no more than these. It reads so many keys.
func (r queries) NotificationsBeyond(ctx context.Context, most int64) (int64, error) {
	var id int64
	err := r.get(ctx, "SELECT n.event_id FROM notifications n ORDER BY n.event_id DESC LIMIT 1 OFFSET ?",
		[]any{most}, &id)
	id, _, err = found(id, err)
	return id, err
}

// DeleteOldNotifications removes the oldest notifications up to one, so many at
// once, and says how many went.
func (tx *Tx) DeleteOldNotifications(upto int64, limit int) (int64, error) {
	return tx.exec(`
		DELETE FROM notifications
		WHERE event_id IN (
			SELECT event_id
			FROM notifications
			WHERE event_id <= ?
			ORDER BY event_id
			LIMIT ?
		)`, upto, limit)
}

// DeleteOldSilences removes silences that ended before a time, so many at once, and
// says how many went.
func (tx *Tx) DeleteOldSilences(before time.Time, limit int) (int64, error) {
	return tx.exec(`
		DELETE FROM silences
		WHERE id IN (
			SELECT id
			FROM silences
			WHERE ended_at IS NOT NULL
			AND ended_at < ?
			ORDER BY ended_at, id
			LIMIT ?
		)`, micro(before), limit)
}

// OldObservation is one that was resolved long ago.
type OldObservation struct {
	ID         int64
	SourceID   int64
	ResolvedAt time.Time
}

// OldObservations lists observations that were resolved before a time, the
// longest ago first, after one.
func (r queries) OldObservations(
	ctx context.Context, before time.Time, after OldObservation, limit int,
) ([]OldObservation, error) {
	var list []OldObservation
	err := r.query(ctx, `
		SELECT id, source_id, resolved_at
		FROM observations
		WHERE resolved_at IS NOT NULL
		AND resolved_at < ?
		AND (resolved_at, id) > (?, ?)
		ORDER BY resolved_at, id
		LIMIT ?`,
		[]any{micro(before), after.ResolvedAt.UnixMicro(), after.ID, limit},
		collect(&list, func(o *OldObservation) []any { return []any{&o.ID, &o.SourceID, timeTo(&o.ResolvedAt)} }))
	return list, err
}

// DeleteOldObservations removes observations of a source that were resolved before
// a time, unless a large import is at work on it. An import that has already
// compared its report with them has to do so once more.
func (tx *Tx) DeleteOldObservations(sourceID int64, before time.Time, ids []int64) (int64, error) {
	n, err := tx.exec("UPDATE sources SET version = version + 1 WHERE id = ? AND NOT unsettled", sourceID)
	if err != nil || n == 0 {
		return 0, err
	}
	return tx.exec(`
		DELETE FROM observations
		WHERE source_id = ?
		AND NOT active
		AND resolved_at < ?
		AND id IN (`+placeholders(len(ids))+")", append([]any{sourceID, micro(before)}, toAny(ids)...)...)
}

// OldGateChange is a row of a product's gate history that is not its last.
type OldGateChange struct{ ProductID, EventID int64 }

// OldGateChanges is OldRows for the history of the gates, which is by product:
// a page after a row, what of it may go, and its last row, zero at the end.
func (r queries) OldGateChanges(
	ctx context.Context, before time.Time, after OldGateChange, limit int,
) (old []OldGateChange, upto OldGateChange, err error) {
	n := 0
	err = r.query(ctx, `
		SELECT g.product_id, g.event_id, e.at < ? AND EXISTS (
			SELECT 1
			FROM gate_changes l
			WHERE l.product_id = g.product_id
			AND l.event_id > g.event_id
		)
		FROM gate_changes g
		JOIN events e ON e.id = g.event_id
		WHERE (g.product_id, g.event_id) > (?, ?)
		ORDER BY g.product_id, g.event_id
		LIMIT ?`, []any{micro(before), after.ProductID, after.EventID, limit}, func(rows scanner) error {
		var may bool
		if err := rows.Scan(&upto.ProductID, &upto.EventID, &may); err != nil {
			return err
		}
		n++
		if may {
			old = append(old, upto)
		}
		return nil
	})
	if n < limit {
		upto = OldGateChange{}
	}
	return old, upto, err
}

// DeleteOldGateChanges removes rows of the gates' history.
func (tx *Tx) DeleteOldGateChanges(list []OldGateChange) (int64, error) {
	var gone int64
	for _, c := range list {
		n, err := tx.exec("DELETE FROM gate_changes WHERE product_id = ? AND event_id = ?", c.ProductID, c.EventID)
		if err != nil {
			return gone, err
		}
		gone += n
	}
	return gone, nil
}
