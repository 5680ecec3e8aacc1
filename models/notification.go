package models

import (
	"context"
	"time"
)

// Notification is a row of the inbox: one per event, whoever may see it.
type Notification struct {
	EventID   int64
	ProductID int64 // 0 = none
	UserID    int64 // whom alone it is for, beside administrators; 0 = all who may see the product
	Product   string
	Type      string // the event's
	Tone      string // bad, good or plain: how loud it is
	Name      string // its heading
	Message   string
	At        time.Time
	Severity  *Severity // the worst of what it tells of, nil = it tells of none
	Subject   string    // what it is about, the same in all about that; "" = unknown
	SilenceID int64     // what held its messages back, 0 = nothing
	Targets   int       // how many connections were to be told when it was routed; -1 = not noted
	Viewed    bool      // by the reader who asked
	Archived  bool      // the same: he has put it away
}

const notificationColumns = "n.event_id, coalesce(n.product_id, 0), coalesce(p.name, ''), n.type, n.tone, n.name, n.message, n.at, n.severity, n.subject, coalesce(n.silence_id, 0), coalesce(n.targets, -1)"

func (n *Notification) dst() []any {
	return []any{
		&n.EventID, &n.ProductID, &n.Product, &n.Type, &n.Tone, &n.Name, &n.Message, timeTo(&n.At), &n.Severity,
		&n.Subject, &n.SilenceID, &n.Targets, &n.Viewed, &n.Archived,
	}
}

// InsertNotification saves a row of the inbox; a second one of the same event
// changes nothing.
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

// Viewer is who reads an inbox: administrators see all of it, others what
// belongs to products they may view.
type Viewer struct {
	UserID        int64
	Administrator bool
}

// upTo is the newest event that a user has marked together with all before.
const upTo = "coalesce((SELECT r.event_id FROM read_upto r WHERE r.user_id = ?), 0)"

// viewed is a reader's read state of a row: a mark of its own, else whether its
// messages were held back, or it is older than all he has marked, or than his
// coming to see the product. An administrator sees all from the beginning.
func (w Viewer) viewed() (string, []any) {
	mark := "coalesce((SELECT k.viewed FROM marks k WHERE k.user_id = ? AND k.event_id = n.event_id), n.silence_id IS NOT NULL OR n.event_id <= " + upTo
	if w.Administrator {
		return mark + ")", repeatArgs(2, w.UserID)
	}
	return mark + ` OR n.event_id <= coalesce((
			SELECT min(a.joined_event)
			FROM (` + roleUnionSQL("= ?", "= n.product_id", viewing) + `) a
		), 0))`, repeatArgs(6, w.UserID)
}

// archived is whether a reader has put a row away.
const archived = "coalesce((SELECT k.archived FROM marks k WHERE k.user_id = ? AND k.event_id = n.event_id), FALSE)"

// maskedType is the type whose messages only administrators read: they tell of
// Gatecrier's own insides.
const maskedType = "exception.task"

// mask hides what a reader may not read of a notification that he may see.
func (w Viewer) mask(n *Notification) {
	if !w.Administrator && n.Type == maskedType && n.Message != "" {
		n.Message = "…"
	}
}

// Notification finds one row of a reader's inbox.
func (r queries) Notification(ctx context.Context, who Viewer, eventID int64) (Notification, error) {
	viewed, args := who.viewed()
	cond, condArgs := who.where()
	args = append(append(args, who.UserID, eventID), condArgs...)
	var n Notification
	err := r.get(ctx, `
		SELECT `+notificationColumns+", "+viewed+", "+archived+`
		FROM notifications n
		LEFT JOIN products p ON p.id = n.product_id
		WHERE n.event_id = ?
		AND `+cond, args, n.dst()...)
	if err != nil {
		return Notification{}, notFound(err, "notification")
	}
	who.mask(&n)
	return n, nil
}

// where is what of n a reader may see.
func (w Viewer) where() (string, []any) {
	if w.Administrator {
		return "1 = 1", nil
	}
	cond, args := MemberScope(w.UserID).where("n.product_id")
	return "(" + cond + " OR n.user_id = ?)", append(args, w.UserID)
}
