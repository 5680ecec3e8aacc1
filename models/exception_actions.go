package models

import (
	"context"
	"time"

	"gatecrier/app/fault"
)

// ResolveException says that a group is done with.
func (tx *Tx) ResolveException(id int64, by string) error {
	_, err := tx.exec(`
		UPDATE exception_groups
		SET state = 'resolved', resolved_at = ?, resolved_by = ?, version = version + 1
		WHERE id = ?
		AND state = 'open'`, micro(tx.Now()), by, id)
	return err
}

// UnresolveException takes that back, without telling anybody.
func (tx *Tx) UnresolveException(id int64) error {
	_, err := tx.exec(`
		UPDATE exception_groups
		SET state = 'open', resolved_at = NULL, resolved_by = '', version = version + 1
		WHERE id = ?`, id)
	return err
}

// MuteException has nobody told of a group until a time; the zero time ends
// that.
func (tx *Tx) MuteException(id int64, until time.Time) error {
	_, err := tx.exec("UPDATE exception_groups SET muted_until = ?, version = version + 1 WHERE id = ?",
		micro(until), id)
	return err
}

// ExceptionMerge is a key that somebody has put into a group.
type ExceptionMerge struct {
	Key, Class, Message, By string
	At                      time.Time
}

// ExceptionMerges lists the keys that were put into a group that was read in
// scope, the newest first.
func (r queries) ExceptionMerges(ctx context.Context, groupID int64, limit int) ([]ExceptionMerge, error) {
	var list []ExceptionMerge
	err := r.query(ctx, `
		SELECT key, class, message, by_name, at
		FROM exception_merges
		WHERE group_id = ?
		ORDER BY at DESC, key
		LIMIT ?`,
		[]any{groupID, limit},
		collect(&list, func(m *ExceptionMerge) []any { return []any{&m.Key, &m.Class, &m.Message, &m.By, timeTo(&m.At)} }))
	return list, err
}

// MergeExceptions puts groups of one product, or of none, into another one of
// it: what they have counted is its, and what has their keys from now on too.
func (tx *Tx) MergeExceptions(into int64, from []int64, by string) error {
	all := SystemScope("the right to merge was checked")
	target, err := tx.ExceptionGroup(tx.Context(), all, into)
	if err != nil {
		return err
	}
	for _, id := range from {
		g, err := tx.ExceptionGroup(tx.Context(), all, id)
		if err != nil {
			return err
		}
		if g.ID == into || g.ProductID != target.ProductID ||
			g.Kind != target.Kind { // by the kind it is decided who reads what
			return fault.BadField("groups", "Only other groups of the same product and kind are merged into one")
		}
		for _, step := range []struct {
			query string
			args  []any
		}{
			{"UPDATE exception_merges SET group_id = ? WHERE group_id = ?", []any{into, id}},
			{"INSERT INTO exception_merges (owner, key, group_id, class, message, by_name, at) VALUES (?, ?, ?, ?, ?, ?, ?)", []any{g.ProductID, g.Key, into, g.Class, g.Message, by, micro(tx.Now())}},
			{`INSERT INTO exception_hours (group_id, hour, count) SELECT CAST(? AS BIGINT), hour, count FROM exception_hours WHERE group_id = ?
				ON CONFLICT (group_id, hour) DO UPDATE SET count = exception_hours.count + excluded.count`, []any{into, id}},
			{`INSERT INTO exception_releases (group_id, name, first_at, last_at) SELECT CAST(? AS BIGINT), name, first_at, last_at FROM exception_releases WHERE group_id = ?
				ON CONFLICT (group_id, name) DO NOTHING`, []any{into, id}},
			{
				`UPDATE exception_groups SET count = count + ?, suppressed = suppressed + ?, held = held + ?, first_at = CASE WHEN first_at > CAST(? AS BIGINT) THEN CAST(? AS BIGINT) ELSE first_at END,
				last_at = CASE WHEN last_at < CAST(? AS BIGINT) THEN CAST(? AS BIGINT) ELSE last_at END, version = version + 1 WHERE id = ?`,
				[]any{g.Count, g.Suppressed, g.Held, micro(g.FirstAt), micro(g.FirstAt), micro(g.LastAt), micro(g.LastAt), into},
			},
			{"DELETE FROM exception_groups WHERE id = ?", []any{id}},
		} {
			if _, err := tx.exec(step.query, step.args...); err != nil {
				return err
			}
		}
	}
	return nil
}

// SplitException gives a key back a group of its own, from its next report on.
func (tx *Tx) SplitException(groupID int64, key string) error {
	n, err := tx.exec("DELETE FROM exception_merges WHERE group_id = ? AND key = ?", groupID, key)
	if err == nil && n == 0 {
		return fault.NewNotFound("merged exception")
	}
	return err
}

// DeleteException removes a group with what was counted.
func (tx *Tx) DeleteException(id int64) error {
	_, err := tx.exec("DELETE FROM exception_groups WHERE id = ?", id)
	return err
}
