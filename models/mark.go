package models

import "time"

// MarkAs is a change of the read state of notifications, for one viewer.
type MarkAs string

// The marks. Archived notifications are viewed; marking one as not viewed takes it out of the
// archive. A snoozed one is not in the inbox until a time. Any other mark ends the snooze.
const (
	MarkViewed     MarkAs = "viewed"
	MarkUnviewed   MarkAs = "unviewed"
	MarkArchived   MarkAs = "archived"
	MarkUnarchived MarkAs = "unarchived"
	MarkSnoozed    MarkAs = "snoozed"
	MarkUnsnoozed  MarkAs = "unsnoozed"
)

// Marking is how notifications are marked.
type Marking struct {
	As    MarkAs
	Until time.Time // when they are back, with MarkSnoozed
}

// Valid reports whether m is one of the marks.
func (m MarkAs) Valid() bool {
	switch m {
	case MarkViewed, MarkUnviewed, MarkArchived, MarkUnarchived, MarkSnoozed, MarkUnsnoozed:
		return true
	}
	return false
}

// Mark marks notifications for a viewer. It leaves out ids that the viewer cannot see, and
// returns how many they can.
func (tx *Tx) Mark(viewer Viewer, eventIDs []int64, m Marking) (int64, error) {
	if len(eventIDs) == 0 {
		return 0, nil
	}
	ids, err := tx.visibleIDs(tx.Context(), viewer, eventIDs)
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	in := "(" + placeholders(len(ids)) + ")"
	switch m.As { //nolint:exhaustive // the others are rows with all marks, below
	case MarkUnarchived:
		err = tx.clearMark("archived = FALSE", "archived", viewer, ids)
		return int64(len(ids)), err
	case MarkUnsnoozed:
		err = tx.clearMark("snoozed_until = NULL", "snoozed_until IS NOT NULL", viewer, ids)
		return int64(len(ids)), err
	}
	update := "viewed = excluded.viewed, snoozed_until = excluded.snoozed_until"
	if m.As != MarkViewed {
		update += ", archived = excluded.archived"
	}
	var until any // no snooze
	if m.As == MarkSnoozed {
		until = micro(m.Until)
	}
	viewed := m.As == MarkViewed || m.As == MarkArchived
	args := append([]any{viewer.UserID, viewed, m.As == MarkArchived, until}, toAny(ids)...)
	_, err = tx.exec(`
		INSERT INTO marks (user_id, event_id, viewed, archived, snoozed_until)
		SELECT `+placeholder(tx.dialect, "BIGINT")+`, n.event_id,
			`+placeholder(tx.dialect, "BOOLEAN")+", "+placeholder(tx.dialect, "BOOLEAN")+`,
			`+placeholder(tx.dialect, "BIGINT")+`
		FROM notifications n
		WHERE n.event_id IN `+in+`
		ON CONFLICT (user_id, event_id) DO UPDATE SET `+update, args...)
	return int64(len(ids)), err
}

// clearMark sets a part of a viewer's marks back where cond holds.
func (tx *Tx) clearMark(set, cond string, viewer Viewer, ids []int64) error {
	_, err := tx.exec(`
		UPDATE marks
		SET `+set+`
		WHERE user_id = ?
		AND `+cond+`
		AND event_id IN (`+placeholders(len(ids))+")", append([]any{viewer.UserID}, toAny(ids)...)...)
	return err
}

// readMarks is the condition of the marks that MarkAll deletes: not those of archived rows, and
// of rows that are snoozed now. Its arguments are the user, the last event and the time.
const readMarks = "user_id = ? AND event_id <= ? AND NOT archived AND coalesce(snoozed_until, 0) <= ?"

// MarkAll marks all notifications of a user up to an event as read: their read position moves
// there, but never past the newest notification, and the marks up to there are deleted, except
// those of rows that are not in the inbox.
func (tx *Tx) MarkAll(userID, upTo int64) error {
	newest, err := tx.NewestNotification(tx.Context())
	if err != nil {
		return err
	}
	upTo = min(upTo, newest)
	if _, err := tx.exec(`
		INSERT INTO read_upto (user_id, event_id)
		VALUES (?, ?)
		ON CONFLICT (user_id) DO UPDATE SET event_id = excluded.event_id
		WHERE read_upto.event_id < excluded.event_id`, userID, upTo); err != nil {
		return err
	}
	_, err = tx.exec("DELETE FROM marks WHERE "+readMarks, userID, upTo, micro(tx.Now()))
	return err
}

// DeleteNotifications removes notifications from all inboxes, with their marks, and returns how
// many. Their events stay.
func (tx *Tx) DeleteNotifications(ids []int64) (int64, error) {
	return tx.exec("DELETE FROM notifications WHERE event_id IN ("+placeholders(len(ids))+")", toAny(ids)...)
}
