package models

// MarkAs is a change of the read state of notifications, for one viewer.
type MarkAs string

// The marks. Archived notifications are viewed; marking one as not viewed takes it out of the
// archive.
const (
	MarkViewed     MarkAs = "viewed"
	MarkUnviewed   MarkAs = "unviewed"
	MarkArchived   MarkAs = "archived"
	MarkUnarchived MarkAs = "unarchived"
)

// Valid reports whether m is one of the marks.
func (m MarkAs) Valid() bool {
	switch m {
	case MarkViewed, MarkUnviewed, MarkArchived, MarkUnarchived:
		return true
	}
	return false
}

// Mark marks notifications for a viewer. It leaves out ids that the viewer cannot see, and
// returns how many they can.
func (tx *Tx) Mark(viewer Viewer, eventIDs []int64, as MarkAs) (int64, error) {
	if len(eventIDs) == 0 {
		return 0, nil
	}
	ids, err := tx.visibleIDs(tx.Context(), viewer, eventIDs)
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	in := "(" + placeholders(len(ids)) + ")"
	if as == MarkUnarchived {
		_, err := tx.exec(`
			UPDATE marks
			SET archived = FALSE
			WHERE user_id = ?
			AND archived
			AND event_id IN `+in, append([]any{viewer.UserID}, toAny(ids)...)...)
		return int64(len(ids)), err
	}
	viewed, update := as != MarkUnviewed, "viewed = excluded.viewed"
	if as != MarkViewed {
		update += ", archived = excluded.archived"
	}
	args := append([]any{viewer.UserID, viewed, as == MarkArchived}, toAny(ids)...)
	_, err = tx.exec(`
		INSERT INTO marks (user_id, event_id, viewed, archived)
		SELECT `+placeholder(tx.dialect, "BIGINT")+`, n.event_id,
			`+placeholder(tx.dialect, "BOOLEAN")+", "+placeholder(tx.dialect, "BOOLEAN")+`
		FROM notifications n
		WHERE n.event_id IN `+in+`
		ON CONFLICT (user_id, event_id) DO UPDATE SET `+update, args...)
	return int64(len(ids)), err
}

// MarkAll marks all notifications of a user up to an event as read: their read position moves
// there, but never past the newest notification, and the marks up to there are deleted, except
// those of archived rows.
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
	_, err = tx.exec("DELETE FROM marks WHERE user_id = ? AND event_id <= ? AND NOT archived", userID, upTo)
	return err
}

// DeleteNotifications removes notifications from all inboxes, with their marks, and returns how
// many. Their events stay.
func (tx *Tx) DeleteNotifications(ids []int64) (int64, error) {
	return tx.exec("DELETE FROM notifications WHERE event_id IN ("+placeholders(len(ids))+")", toAny(ids)...)
}
