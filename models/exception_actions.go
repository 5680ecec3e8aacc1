package models

import (
	"context"
	"time"

	"gatecrier/app/fault"
)

// ResolveException marks an open group as resolved.
func (tx *Tx) ResolveException(id int64, by string) error {
	_, err := tx.exec(`
		UPDATE exception_groups
		SET state = 'resolved', resolved_at = ?, resolved_by = ?, version = version + 1
		WHERE id = ?
		AND state = 'open'`, micro(tx.Now()), by, id)
	return err
}

// UnresolveException opens a group again, without a notification.
func (tx *Tx) UnresolveException(id int64) error {
	_, err := tx.exec(`
		UPDATE exception_groups
		SET state = 'open', resolved_at = NULL, resolved_by = '', version = version + 1
		WHERE id = ?`, id)
	return err
}

// MuteException mutes a group until a time; the zero time ends that.
func (tx *Tx) MuteException(id int64, until time.Time) error {
	_, err := tx.exec("UPDATE exception_groups SET muted_until = ?, version = version + 1 WHERE id = ?",
		micro(until), id)
	return err
}

// ExceptionMerge is a key that a user has merged into a group.
type ExceptionMerge struct {
	Key, Class, Message, By string
	At                      time.Time
}

// ExceptionMerges lists the keys that were merged into a group, newest first. The group must
// have come from a scoped read.
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

// MergeExceptions merges groups into another one of the same product, or of none, and kind:
// their counts move to it, and later reports with their keys count there.
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
		// The kind decides who can read a group.
		if g.ID == into || g.ProductID != target.ProductID || g.Kind != target.Kind {
			return fault.BadField("groups", "Only other groups of the same product and kind are merged into one")
		}
		if err := tx.mergeException(into, g, by); err != nil {
			return err
		}
	}
	return nil
}

// mergeException moves what a group has counted into another one, and its keys.
func (tx *Tx) mergeException(into int64, g ExceptionGroup, by string) error {
	first, last := micro(g.FirstAt), micro(g.LastAt)
	for _, step := range []struct {
		query string
		args  []any
	}{
		{"UPDATE exception_merges SET group_id = ? WHERE group_id = ?", []any{into, g.ID}},
		{`
			INSERT INTO exception_merges (owner, key, group_id, class, message, by_name, at)
			VALUES (?, ?, ?, ?, ?, ?, ?)`, []any{g.ProductID, g.Key, into, g.Class, g.Message, by, micro(tx.Now())}},
		{
			`
			INSERT INTO exception_hours (group_id, hour, count)
			SELECT CAST(? AS BIGINT), hour, count
			FROM exception_hours
			WHERE group_id = ?
			ON CONFLICT (group_id, hour) DO UPDATE SET count = exception_hours.count + excluded.count`,
			[]any{into, g.ID},
		},
		{`
			INSERT INTO exception_releases (group_id, name, first_at, last_at)
			SELECT CAST(? AS BIGINT), name, first_at, last_at
			FROM exception_releases
			WHERE group_id = ?
			ORDER BY last_at DESC, name
			LIMIT ?
			ON CONFLICT (group_id, name) DO NOTHING`, []any{into, g.ID, maxReleases}},
		{`
			UPDATE exception_groups
			SET count = count + ?, suppressed = suppressed + ?, new_suppressed = new_suppressed + ?,
				first_at = CASE WHEN first_at > CAST(? AS BIGINT) THEN CAST(? AS BIGINT) ELSE first_at END,
				last_at = CASE WHEN last_at < CAST(? AS BIGINT) THEN CAST(? AS BIGINT) ELSE last_at END,
				version = version + 1
			WHERE id = ?`, []any{g.Count, g.Suppressed, g.SuppressedSince, first, first, last, last, into}},
		{"DELETE FROM exception_groups WHERE id = ?", []any{g.ID}},
	} {
		if _, err := tx.exec(step.query, step.args...); err != nil {
			return err
		}
	}
	return nil
}

// SplitException removes a key from a group: its next report starts a group of its own.
func (tx *Tx) SplitException(groupID int64, key string) error {
	n, err := tx.exec("DELETE FROM exception_merges WHERE group_id = ? AND key = ?", groupID, key)
	if err == nil && n == 0 {
		return fault.NewNotFound("merged exception")
	}
	return err
}

// DeleteException removes a group with its counts.
func (tx *Tx) DeleteException(id int64) error {
	_, err := tx.exec("DELETE FROM exception_groups WHERE id = ?", id)
	return err
}
