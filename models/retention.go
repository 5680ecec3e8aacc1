package models

import (
	"context"
	"time"
)

// Tables that grow with time lose their old rows. A run reads a table from its oldest row in the
// order of its key, a page at a time, until rows are young enough: that needs no index by time,
// and rows that must stay do not stop it. Pages are read outside of any transaction; a row is
// checked again when it is removed.

// RetentionTable is a table that grows with time, in the order of its key.
type RetentionTable struct {
	// page selects, after a key and up to a limit: the key, a time in the order of the key, the
	// time that counts, and whether the row can be removed.
	page   string
	remove string // the start of a DELETE by keys
	still  string // the condition that a row from before a time can still be removed
}

// The tables that grow with time.
var (
	// NotificationTable has the rows of the inbox, read or not. Their marks are removed with them.
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
	// DeliveryTable has the deliveries, by when they ended. Their attempts are removed with them.
	DeliveryTable = RetentionTable{
		page: `
			SELECT id, created_at, coalesce(finished_at, created_at), state NOT IN ` + unfinishedStates + `
			FROM deliveries
			WHERE id > ?
			ORDER BY id
			LIMIT ?`,
		remove: "DELETE FROM deliveries WHERE id IN ",
		still:  "coalesce(finished_at, created_at) < ? AND state NOT IN " + unfinishedStates,
	}
	// EventTable has the events that nothing refers to: no notification, no delivery, no row of a
	// gate's history, and no work of a reader.
	EventTable = RetentionTable{
		page:   "SELECT e.id, e.at, e.at, " + unreferencedSQL + " FROM events e WHERE e.id > ? ORDER BY e.id LIMIT ?",
		remove: "DELETE FROM events AS e WHERE e.id IN ",
		still:  "e.at < ? AND " + unreferencedSQL,
	}
	// AuditTable has the audit.
	AuditTable = RetentionTable{
		page:   "SELECT id, at, at, TRUE FROM audit WHERE id > ? ORDER BY id LIMIT ?",
		remove: "DELETE FROM audit WHERE id IN ",
		still:  "at < ?",
	}
	// RunTable has the runs of jobs, except the last one of each.
	RunTable = RetentionTable{
		page: `
			SELECT j.id, j.started_at, j.started_at, ` + supersededRunSQL + `
			FROM job_runs j
			WHERE j.id > ?
			ORDER BY j.id
			LIMIT ?`,
		remove: "DELETE FROM job_runs AS j WHERE j.id IN ",
		still:  "j.started_at < ? AND " + supersededRunSQL,
	}
)

const (
	unreferencedSQL = `(NOT EXISTS (SELECT 1 FROM notifications n WHERE n.event_id = e.id)
		AND NOT EXISTS (SELECT 1 FROM gate_changes g WHERE g.product_id = e.product_id AND g.event_id = e.id)
		AND NOT EXISTS (SELECT 1 FROM gate_changes h WHERE h.announced_id = e.id)
		AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.event_id = e.id)
		AND e.id NOT IN (SELECT w.event_id FROM event_work w))`
	supersededRunSQL = `(j.result <> 'running'
		AND EXISTS (SELECT 1 FROM job_runs l WHERE l.job = j.job AND l.id > j.id))`
)

// Old is a page of a table's old rows.
type Old struct {
	Keys []int64 // of the rows that can be removed
	Upto int64   // the last key of the page
	More bool    // there can be another page
}

// OldRows reads the page of a table that comes after a key, and finds the rows in it that are
// older than a time and can be removed.
func (r queries) OldRows(
	ctx context.Context, table RetentionTable, before time.Time, after int64, limit int,
) (Old, error) {
	old, n, young := Old{}, 0, false
	err := r.query(ctx, table.page, []any{after, limit}, func(rows scanner) error {
		var inOrder, at time.Time
		var removable bool
		if err := rows.Scan(&old.Upto, timeTo(&inOrder), timeTo(&at), &removable); err != nil {
			return err
		}
		n++
		young = !inOrder.Before(before)
		if removable && at.Before(before) {
			old.Keys = append(old.Keys, old.Upto)
		}
		return nil
	})
	old.More = n == limit && !young
	return old, err
}

// DeleteOld removes rows of a table from before a time that can still be removed, and returns
// how many.
func (tx *Tx) DeleteOld(table RetentionTable, before time.Time, keys []int64) (int64, error) {
	return tx.exec(table.remove+"("+placeholders(len(keys))+") AND "+table.still, append(toAny(keys), micro(before))...)
}

// NotificationsBeyond returns the newest notification that is not among the newest max, 0 for
// none. It reads max keys.
func (r queries) NotificationsBeyond(ctx context.Context, keep int64) (int64, error) {
	var id int64
	err := r.get(ctx, "SELECT n.event_id FROM notifications n ORDER BY n.event_id DESC LIMIT 1 OFFSET ?",
		[]any{keep}, &id)
	id, _, err = found(id, err)
	return id, err
}

// DeleteOldNotifications removes up to limit of the oldest notifications, up to an id, and
// returns how many.
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

// DeleteOldSilences removes up to limit silences that ended before a time, and returns how many.
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

// OldObservation is an observation that was resolved long ago.
type OldObservation struct {
	ID         int64
	SourceID   int64
	ResolvedAt time.Time
}

// OldObservations lists observations that were resolved before a time, the longest ago first,
// after one.
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

// DeleteOldObservations removes observations of a source that were resolved before a time,
// unless a large import of the source is in progress. The original of a duplicate stays. An import
// that has already compared its report with them must do so again. They are found by their keys, as by
// steps of removals.
func (tx *Tx) DeleteOldObservations(sourceID int64, before time.Time, ids []int64) (int64, error) {
	n, err := tx.exec("UPDATE sources SET version = version + 1 WHERE id = ? AND NOT unsettled", sourceID)
	if err != nil || n == 0 {
		return 0, err
	}
	return tx.exec(`
		DELETE FROM observations AS o
		WHERE o.source_id + 0 = ?
		AND NOT o.active
		AND o.resolved_at + 0 < ?
		AND NOT EXISTS (SELECT 1 FROM observations d WHERE d.duplicate_of = o.id)
		AND o.id IN (`+placeholders(len(ids))+")", append([]any{sourceID, micro(before)}, toAny(ids)...)...)
}

// OldGateChange is a row of a product's gate history that is not its last.
type OldGateChange struct{ ProductID, EventID int64 }

// OldGateChanges is OldRows for the gate history, whose key is the product and the event: it
// returns the rows of the page after a row that can be removed, and the last row of the page,
// zero at the end.
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
		var removable bool
		if err := rows.Scan(&upto.ProductID, &upto.EventID, &removable); err != nil {
			return err
		}
		n++
		if removable {
			old = append(old, upto)
		}
		return nil
	})
	if n < limit {
		upto = OldGateChange{}
	}
	return old, upto, err
}

// DeleteOldGateChanges removes rows of the gate history, and returns how many.
func (tx *Tx) DeleteOldGateChanges(list []OldGateChange) (int64, error) {
	var removed int64
	for _, c := range list {
		n, err := tx.exec("DELETE FROM gate_changes WHERE product_id = ? AND event_id = ?", c.ProductID, c.EventID)
		if err != nil {
			return removed, err
		}
		removed += n
	}
	return removed, nil
}
