package models

import (
	"context"
	"errors"
	"slices"
	"time"
)

// maxUndoMarks is how many marks a step that marks all as read can delete and still be undone.
const maxUndoMarks = 10_000

// InboxUndo is a step in a user's inbox that can be undone: until ExpiresAt, and once.
type InboxUndo struct {
	ID        int64
	Step      MarkAs
	Total     int   // how many notifications the user was shown as changed
	ReadFrom  int64 // the read position before the step, with All
	ReadTo    int64 // and after it
	All       bool  // the step has marked all as read
	ExpiresAt time.Time
	UndoneAt  time.Time // zero = not yet
}

// InboxUndo finds a step of a user.
func (r queries) InboxUndo(ctx context.Context, userID, id int64) (InboxUndo, error) {
	u := InboxUndo{ID: id}
	err := r.get(ctx, `
		SELECT step, total, coalesce(read_from, 0), coalesce(read_to, 0), read_to IS NOT NULL, expires_at, undone_at
		FROM inbox_undos
		WHERE id = ?
		AND user_id = ?`, []any{id, userID},
		&u.Step, &u.Total, &u.ReadFrom, &u.ReadTo, &u.All, timeTo(&u.ExpiresAt), timeTo(&u.UndoneAt))
	if err != nil {
		return InboxUndo{}, notFound(err, "undo step")
	}
	return u, nil
}

// ReadAllSince reports whether the user has marked all as read after a step, and not undone it.
func (r queries) ReadAllSince(ctx context.Context, userID, id int64) (bool, error) {
	var later bool
	err := r.get(ctx, `
		SELECT EXISTS (
			SELECT 1
			FROM inbox_undos u
			WHERE u.user_id = ?
			AND u.id > ?
			AND u.read_to IS NOT NULL
			AND u.undone_at IS NULL
		)`, []any{userID, id}, &later)
	return later, err
}

// StartUndo starts the record of a step.
func (tx *Tx) StartUndo(userID int64, step MarkAs, expiresAt time.Time) (id int64, err error) {
	err = tx.get(tx.Context(), `
		INSERT INTO inbox_undos (user_id, step, expires_at)
		VALUES (?, ?, ?)
		RETURNING id`, []any{userID, string(step), micro(expiresAt)}, &id)
	return id, err
}

// MarkUndoable is Mark, and adds what changes to the record of a step. It returns how many
// notifications the viewer can see.
func (tx *Tx) MarkUndoable(undo int64, viewer Viewer, eventIDs []int64, m Marking) (int64, error) {
	in := "event_id IN (" + placeholders(len(eventIDs)) + ")"
	if _, err := tx.exec(`
		INSERT INTO inbox_undo_rows (undo_id, event_id, old_viewed, old_archived, old_snoozed_until)
		SELECT `+placeholder(tx.dialect, "BIGINT")+`, n.event_id, k.viewed, k.archived, k.snoozed_until
		FROM notifications n
		LEFT JOIN marks k ON k.user_id = ? AND k.event_id = n.event_id
		WHERE n.`+in+`
		ON CONFLICT (undo_id, event_id) DO NOTHING`,
		append([]any{undo, viewer.UserID}, toAny(eventIDs)...)...); err != nil {
		return 0, err
	}
	n, err := tx.Mark(viewer, eventIDs, m)
	if err != nil {
		return 0, err
	}
	if _, err := tx.exec(`
		UPDATE inbox_undo_rows
		SET new_viewed = k.viewed, new_archived = k.archived, new_snoozed_until = k.snoozed_until
		FROM marks k
		WHERE inbox_undo_rows.undo_id = ?
		AND inbox_undo_rows.`+in+`
		AND k.user_id = ?
		AND k.event_id = inbox_undo_rows.event_id`,
		slices.Concat([]any{undo}, toAny(eventIDs), []any{viewer.UserID})...); err != nil {
		return 0, err
	}
	// Rows that the viewer cannot see, or that were like this before, are not part of the step.
	if _, err := tx.exec(`
		DELETE FROM inbox_undo_rows
		WHERE undo_id = ?
		AND `+in+`
		AND old_viewed IS NOT DISTINCT FROM new_viewed
		AND old_archived IS NOT DISTINCT FROM new_archived
		AND old_snoozed_until IS NOT DISTINCT FROM new_snoozed_until`,
		append([]any{undo}, toAny(eventIDs)...)...); err != nil {
		return 0, err
	}
	_, err = tx.exec("UPDATE inbox_undos SET total = total + ? WHERE id = ?", n, undo)
	return n, err
}

// MarkAllUndoable is MarkAll with a record of the step, whose total is given. undo is 0 if the
// step deletes too many marks to be undone.
func (tx *Tx) MarkAllUndoable(userID, upTo int64, total int, expiresAt time.Time) (undo int64, err error) {
	ctx := tx.Context()
	var marks int
	now := micro(tx.Now())
	if err := tx.get(ctx, "SELECT count(*) FROM (SELECT 1 FROM marks WHERE "+readMarks+" LIMIT ?) m",
		[]any{userID, upTo, now, maxUndoMarks + 1}, &marks); err != nil {
		return 0, err
	}
	undoable := marks <= maxUndoMarks
	if !undoable {
		expiresAt = tx.Now() // but earlier steps see that it was done
	}
	if undo, err = tx.StartUndo(userID, MarkViewed, expiresAt); err != nil {
		return 0, err
	}
	if undoable {
		if _, err := tx.exec(`
			INSERT INTO inbox_undo_rows (undo_id, event_id, old_viewed, old_archived, old_snoozed_until)
			SELECT `+placeholder(tx.dialect, "BIGINT")+`, event_id, viewed, archived, snoozed_until
			FROM marks
			WHERE `+readMarks, undo, userID, upTo, now); err != nil {
			return 0, err
		}
	}
	from, err := tx.readPosition(userID)
	if err == nil {
		err = tx.MarkAll(userID, upTo)
	}
	if err != nil {
		return 0, err
	}
	to, err := tx.readPosition(userID)
	if err == nil {
		_, err = tx.exec("UPDATE inbox_undos SET total = ?, read_from = ?, read_to = ? WHERE id = ?", total, from, to, undo)
	}
	if !undoable {
		undo = 0
	}
	return undo, err
}

// readPosition returns the newest event that a user has marked as read together with all before.
func (tx *Tx) readPosition(userID int64) (id int64, err error) {
	err = tx.get(tx.Context(), "SELECT "+readUpTo, []any{userID}, &id)
	return id, err
}

// UndoReadPosition sets a user's read position back to where it was before a step.
func (tx *Tx) UndoReadPosition(userID int64, u InboxUndo) error {
	if u.ReadFrom == 0 {
		_, err := tx.exec("DELETE FROM read_upto WHERE user_id = ? AND event_id = ?", userID, u.ReadTo)
		return err
	}
	_, err := tx.exec("UPDATE read_upto SET event_id = ? WHERE user_id = ? AND event_id = ?",
		u.ReadFrom, userID, u.ReadTo)
	return err
}

// UndoMarks restores up to limit marks of a step, except those that the user has changed since,
// and removes them from its record. It returns how many it has removed.
func (tx *Tx) UndoMarks(userID, undo int64, limit int) (int, error) {
	var ids []int64
	if err := tx.query(tx.Context(), "SELECT event_id FROM inbox_undo_rows WHERE undo_id = ? ORDER BY event_id LIMIT ?",
		[]any{undo, limit}, collect(&ids, idDst)); err != nil || len(ids) == 0 {
		return 0, err
	}
	in := "r.undo_id = ? AND r.event_id IN (" + placeholders(len(ids)) + ")"
	args := append([]any{undo}, toAny(ids)...)
	const unchanged = `
		AND r.new_viewed = marks.viewed
		AND r.new_archived = marks.archived
		AND r.new_snoozed_until IS NOT DISTINCT FROM marks.snoozed_until`
	for _, s := range []sqlFragment{
		{`
			UPDATE marks
			SET viewed = r.old_viewed, archived = r.old_archived, snoozed_until = r.old_snoozed_until
			FROM inbox_undo_rows r
			WHERE ` + in + `
			AND marks.user_id = ?
			AND marks.event_id = r.event_id
			AND r.old_viewed IS NOT NULL` + unchanged, append(slices.Clone(args), userID)},
		{`
			DELETE FROM marks
			WHERE user_id = ?
			AND event_id IN (` + placeholders(len(ids)) + `)
			AND EXISTS (
				SELECT 1
				FROM inbox_undo_rows r
				WHERE r.undo_id = ?
				AND r.event_id = marks.event_id
				AND r.old_viewed IS NULL` + unchanged + `
			)`, slices.Concat([]any{userID}, toAny(ids), []any{undo})},
		{`
			INSERT INTO marks (user_id, event_id, viewed, archived, snoozed_until)
			SELECT ` + placeholder(tx.dialect, "BIGINT") + `, r.event_id, r.old_viewed, r.old_archived, r.old_snoozed_until
			FROM inbox_undo_rows r
			JOIN notifications n ON n.event_id = r.event_id
			WHERE ` + in + `
			AND r.new_viewed IS NULL
			ON CONFLICT (user_id, event_id) DO NOTHING`, append([]any{userID}, args...)},
		{"DELETE FROM inbox_undo_rows AS r WHERE " + in, args},
	} {
		if _, err := tx.exec(s.text, s.args...); err != nil {
			return 0, err
		}
	}
	return len(ids), nil
}

// FinishUndo records that a step is undone. Of two concurrent calls one returns a conflict.
func (tx *Tx) FinishUndo(undo int64) error {
	n, err := tx.exec("UPDATE inbox_undos SET undone_at = ? WHERE id = ? AND undone_at IS NULL", micro(tx.Now()), undo)
	if err == nil && n == 0 {
		err = ErrUndone
	}
	return err
}

// ErrUndone is the error of a step that is already undone.
var ErrUndone = errors.New("the step is already undone")

// undoMemory is how long an expired step is known.
const undoMemory = 30 * 24 * time.Hour

// DeleteExpiredUndos removes up to limit marks of expired steps and up to limit steps that
// expired long ago, and returns how many.
func (tx *Tx) DeleteExpiredUndos(limit int) (int64, error) {
	rows, err := tx.exec(`
		DELETE FROM inbox_undo_rows
		WHERE (undo_id, event_id) IN (
			SELECT r.undo_id, r.event_id
			FROM inbox_undos u
			JOIN inbox_undo_rows r ON r.undo_id = u.id
			WHERE u.expires_at <= ?
			LIMIT ?
		)`, micro(tx.Now()), limit)
	if err != nil || rows == int64(limit) {
		return rows, err
	}
	steps, err := tx.exec(`
		DELETE FROM inbox_undos
		WHERE id IN (SELECT id FROM inbox_undos WHERE expires_at <= ? LIMIT ?)`,
		micro(tx.Now().Add(-undoMemory)), limit)
	return max(rows, steps), err
}
