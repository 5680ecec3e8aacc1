package models

import (
	"context"
	"time"
)

// Notification is a row of the inbox: one per event, for all users who can see it.
type Notification struct {
	EventID   int64
	ProductID int64 // 0 = none
	UserID    int64 // the only user, beside administrators, who sees it; 0 = all who can view the product
	Product   string
	Type      string // the event's
	Tone      string // bad, good or plain: how loud it is
	Name      string // its heading
	Message   string
	At        time.Time
	Severity  *Severity // the worst of the observations that it reports, nil = none
	Subject   string    // the same in all notifications of one thing; "" = unknown
	SilenceID int64     // the silence that held its messages back, 0 = none
	Targets   int       // how many connections were to be notified when it was routed; -1 = not recorded
	Viewed    bool      // by the viewer who asked
	Archived  bool      // by the viewer who asked

	// SnoozedUntil is when it comes back to the inbox of the viewer who asked. A time in the past:
	// it is back, and not read since.
	SnoozedUntil time.Time
}

const notificationColumns = `n.event_id, coalesce(n.product_id, 0), coalesce(n.user_id, 0),
	coalesce(p.name, ''), n.type, n.tone, n.name,
	n.message, n.at, n.severity, n.subject, coalesce(n.silence_id, 0), coalesce(n.targets, -1)`

func (n *Notification) dst() []any {
	return []any{
		&n.EventID, &n.ProductID, &n.UserID, &n.Product, &n.Type, &n.Tone, &n.Name, &n.Message, timeTo(&n.At),
		&n.Severity, &n.Subject, &n.SilenceID, &n.Targets, &n.Viewed, &n.Archived, timeTo(&n.SnoozedUntil),
	}
}

// InsertNotification saves a row of the inbox; a second one of the same event changes
// nothing.
func (tx *Tx) InsertNotification(n Notification) error {
	_, err := tx.exec(`
		INSERT INTO notifications (event_id, product_id, user_id, type, tone, name, message, at, severity, subject,
			silence_id, targets)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (event_id) DO NOTHING`,
		n.EventID, nullID(n.ProductID), nullID(n.UserID), n.Type, n.Tone, n.Name, n.Message, micro(n.At), n.Severity,
		n.Subject, nullID(n.SilenceID), n.Targets)
	return err
}

// readUpTo is the newest event that a user has marked as read together with all before.
const readUpTo = "coalesce((SELECT r.event_id FROM read_upto r WHERE r.user_id = ?), 0)"

// viewedSQL returns the viewer's read state of the row n, with its arguments: its mark, else
// whether its messages were silenced, or it is not newer than the viewer's read position or
// than their joining its product. An administrator has joined all products from the
// beginning.
func (v Viewer) viewedSQL() (string, []any) {
	state := `coalesce((
		SELECT k.viewed
		FROM marks k
		WHERE k.user_id = ?
		AND k.event_id = n.event_id
	), n.silence_id IS NOT NULL OR n.event_id <= ` + readUpTo
	if v.Administrator {
		return state + ")", repeatArgs(2, v.UserID)
	}
	return state + ` OR n.event_id <= coalesce((
		SELECT min(a.joined_event)
		FROM (` + roleUnionSQL("= ?", "= n.product_id", viewing) + `) a
	), 0))`, repeatArgs(2+roleSelects, v.UserID)
}

// archivedSQL is whether a user has archived the row n.
const archivedSQL = `coalesce((
	SELECT k.archived
	FROM marks k
	WHERE k.user_id = ?
	AND k.event_id = n.event_id
), FALSE)`

// snoozedSQL is until when a user has snoozed the row n.
const snoozedSQL = `(
	SELECT k.snoozed_until
	FROM marks k
	WHERE k.user_id = ?
	AND k.event_id = n.event_id
)`

// redactedType is the type whose messages only administrators can read: they contain internals
// of Gatecrier.
const redactedType = "exception.task"

// Redacted replaces a text that a viewer cannot read.
const Redacted = "…"

// Redacts reports whether a user cannot read the words of the events of a type.
func Redacts(administrator bool, eventType string) bool {
	return !administrator && eventType == redactedType
}

// redact hides what the viewer cannot read of a notification that they can see.
func (v Viewer) redact(n *Notification) {
	if Redacts(v.Administrator, n.Type) && n.Message != "" {
		n.Message = Redacted
	}
}

// Notification finds one row of a viewer's inbox.
func (r queries) Notification(ctx context.Context, viewer Viewer, eventID int64) (Notification, error) {
	viewed, args := viewer.viewedSQL()
	cond, condArgs := viewer.where()
	args = append(append(args, viewer.UserID, viewer.UserID, eventID), condArgs...)
	var n Notification
	err := r.get(ctx, `
		SELECT `+notificationColumns+", "+viewed+", "+archivedSQL+", "+snoozedSQL+`
		FROM notifications n
		LEFT JOIN products p ON p.id = n.product_id
		WHERE n.event_id = ?
		AND `+cond, args, n.dst()...)
	if err != nil {
		return Notification{}, notFound(err, "notification")
	}
	viewer.redact(&n)
	return n, nil
}
