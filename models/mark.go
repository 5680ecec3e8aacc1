package models

// MarkAs is what becomes of notifications for one reader.
type MarkAs string

// The marks. What is put away is viewed; what is marked as not viewed comes
// back.
const (
	MarkViewed     MarkAs = "viewed"
	MarkUnviewed   MarkAs = "unviewed"
	MarkArchived   MarkAs = "archived"
	MarkUnarchived MarkAs = "unarchived"
)

// Valid reports whether there is such a mark.
func (m MarkAs) Valid() bool {
	switch m {
	case MarkViewed, MarkUnviewed, MarkArchived, MarkUnarchived:
		return true
	}
	return false
}

// Mark marks notifications for a reader. Ids that he may not see are left out;
// it says how many he may.
func (tx *Tx) Mark(who Viewer, eventIDs []int64, as MarkAs) (int64, error) {
	if len(eventIDs) == 0 {
		return 0, nil
	}
	ids, err := tx.visibleIDs(tx.Context(), who, eventIDs)
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
			AND event_id IN `+in, append([]any{who.UserID}, toAny(ids)...)...)
		return int64(len(ids)), err
	}
	viewed, update := as != MarkUnviewed, "viewed = excluded.viewed"
	if as != MarkViewed {
		update += ", archived = excluded.archived"
	}
	args := append([]any{who.UserID, viewed, as == MarkArchived}, toAny(ids)...)
	_, err = tx.exec(`
		INSERT INTO marks (user_id, event_id, viewed, archived)
		SELECT `+placeholder(tx.dialect, "BIGINT")+`, n.event_id,
			`+placeholder(tx.dialect, "BOOLEAN")+", "+placeholder(tx.dialect, "BOOLEAN")+`
		FROM notifications n
		WHERE n.event_id IN `+in+`
		ON CONFLICT (user_id, event_id) DO UPDATE SET `+update, args...)
	return int64(len(ids)), err
}

// MarkAll marks everything up to an event as viewed by a user: his watermark
// moves there, though never into the future, and the marks below it go, but of
// what he has put away.
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

// DeleteNotifications removes rows of everybody's inbox, and their marks. Their
// events stay. It says how many there were.
func (tx *Tx) DeleteNotifications(ids []int64) (int64, error) {
	return tx.exec("DELETE FROM notifications WHERE event_id IN ("+placeholders(len(ids))+")", toAny(ids)...)
}
