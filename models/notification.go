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
	Viewed    bool // by the reader who asked
}

const notificationColumns = "n.event_id, coalesce(n.product_id, 0), coalesce(p.name, ''), n.type, n.tone, n.name, n.message, n.at"

func (n *Notification) dst() []any {
	return []any{&n.EventID, &n.ProductID, &n.Product, &n.Type, &n.Tone, &n.Name, &n.Message, timeTo(&n.At), &n.Viewed}
}

// InsertNotification saves a row of the inbox; a second one of the same event
// changes nothing.
func (tx *Tx) InsertNotification(n Notification) error {
	_, err := tx.exec(`INSERT INTO notifications (event_id, product_id, user_id, type, tone, name, message, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (event_id) DO NOTHING`, n.EventID, some(n.ProductID), some(n.UserID), n.Type, n.Tone, n.Name, n.Message, micro(n.At))
	return err
}

// Reader is who reads an inbox: administrators see all of it, others what
// belongs to products they may view.
type Reader struct {
	UserID        int64
	Administrator bool
}

// InboxFilter narrows an inbox. Zero fields do not narrow.
type InboxFilter struct {
	Unread    bool
	Type      string
	ProductID int64
	Text      string // part of the name, message or product, in any case
	Before    int64  // keyset: the last event id of the page before
	Limit     int
}

// viewed is a reader's read state of a row: a mark of its own, else whether it
// is older than all he has marked, or than his membership.
var viewedExpr = `coalesce((SELECT k.viewed FROM marks k WHERE k.user_id = ? AND k.event_id = n.event_id),
	n.event_id <= coalesce((SELECT r.event_id FROM read_upto r WHERE r.user_id = ?), 0)
	OR n.event_id <= coalesce((SELECT min(a.joined_event) FROM (` + holders("= ?", "= n.product_id", viewing) + `) a), 0))`

func viewedArgs(user int64) []any { return times(6, user) }

// Inbox lists a reader's notifications, newest first.
func (r reads) Inbox(ctx context.Context, who Reader, f InboxFilter) ([]Notification, error) {
	page, args := r.inboxPage(who, f)
	args = append(viewedArgs(who.UserID), args...)
	var list []Notification
	err := r.query(ctx, "SELECT "+notificationColumns+", "+viewedExpr+" FROM ("+page+") page JOIN notifications n ON n.event_id = page.id LEFT JOIN products p ON p.id = n.product_id ORDER BY n.event_id DESC",
		args, collect(&list, (*Notification).dst))
	return list, err
}

// inboxPage selects the ids of one page. For members the outer loop is over
// their products, each read newest first by its own index: on SQLite a CROSS
// JOIN pins that order, on PostgreSQL a LATERAL join does.
func (r reads) inboxPage(who Reader, f InboxFilter) (string, []any) {
	cond, args := inboxCondition(who, f)
	if who.Administrator {
		return "SELECT n.event_id AS id FROM notifications n WHERE " + cond + " ORDER BY n.event_id DESC LIMIT ?", append(args, f.Limit)
	}
	// What is for this reader alone has no product, so that nothing comes twice.
	own := "SELECT n.event_id AS id FROM notifications n WHERE n.user_id = ? AND n.product_id IS NULL AND " + cond + " ORDER BY n.event_id DESC LIMIT ?"
	var member string
	memberArgs := append(times(4, who.UserID), args...)
	if r.dialect == Postgres {
		memberArgs = append(memberArgs, f.Limit, f.Limit)
		member = `SELECT h.id FROM (SELECT DISTINCT product_id FROM (` + holders("= ?", "", viewing) + `) w) vis CROSS JOIN LATERAL (
			SELECT n.event_id AS id FROM notifications n WHERE n.product_id = vis.product_id AND ` + cond + ` ORDER BY n.event_id DESC LIMIT ?) h
			ORDER BY h.id DESC LIMIT ?`
	} else {
		memberArgs = append(memberArgs, f.Limit)
		member = `SELECT n.event_id AS id FROM (SELECT DISTINCT product_id FROM (` + holders("= ?", "", viewing) + `) w) vis CROSS JOIN notifications n
			WHERE n.product_id = vis.product_id AND ` + cond + " ORDER BY n.event_id DESC LIMIT ?"
	}
	args = append(append(append(memberArgs, who.UserID), args...), f.Limit, f.Limit)
	return "SELECT u.id FROM (SELECT a.id FROM (" + member + ") a UNION ALL SELECT b.id FROM (" + own + ") b) u ORDER BY u.id DESC LIMIT ?", args
}

func inboxCondition(who Reader, f InboxFilter) (string, []any) {
	cond, args := "1 = 1", []any(nil)
	if f.Before != 0 {
		cond, args = cond+" AND n.event_id < ?", append(args, f.Before)
	}
	if f.Type != "" {
		cond, args = cond+" AND n.type = ?", append(args, f.Type)
	}
	if f.ProductID != 0 {
		cond, args = cond+" AND n.product_id = ?", append(args, f.ProductID)
	}
	if f.Unread {
		cond, args = cond+" AND NOT "+viewedExpr, append(args, viewedArgs(who.UserID)...)
	}
	if f.Text != "" {
		like := contains(f.Text)
		cond += ` AND (lower(n.name) LIKE lower(?) ESCAPE '\' OR lower(n.message) LIKE lower(?) ESCAPE '\'
			OR (SELECT lower(q.name) LIKE lower(?) ESCAPE '\' FROM products q WHERE q.id = n.product_id))`
		args = append(args, like, like, like)
	}
	return cond, args
}

// Notification finds one row of a reader's inbox.
func (r reads) Notification(ctx context.Context, who Reader, eventID int64) (Notification, error) {
	cond, args := who.where()
	args = append(append(viewedArgs(who.UserID), eventID), args...)
	var n Notification
	err := r.get(ctx, "SELECT "+notificationColumns+", "+viewedExpr+" FROM notifications n LEFT JOIN products p ON p.id = n.product_id WHERE n.event_id = ? AND "+cond, args, n.dst()...)
	if err != nil {
		return Notification{}, missingRow(err, "notification")
	}
	return n, nil
}

// where is what of n a reader may see.
func (w Reader) where() (string, []any) {
	if w.Administrator {
		return "1 = 1", nil
	}
	cond, args := MemberScope(w.UserID).where("n.product_id")
	return "(" + cond + " OR n.user_id = ?)", append(args, w.UserID)
}

// CountUnread counts a reader's unread notifications, up to a limit: a badge
// needs no more.
func (r reads) CountUnread(ctx context.Context, who Reader, limit int) (int, error) {
	page, args := r.inboxPage(who, InboxFilter{Unread: true, Limit: limit})
	var n int
	err := r.get(ctx, "SELECT count(*) FROM ("+page+") page", args, &n)
	return n, err
}

// Mark sets the read state of notifications of a reader. Ids that he may not
// see are left out; it says how many were marked.
func (tx *Tx) Mark(who Reader, eventIDs []int64, viewed bool) (int64, error) {
	var done int64
	cond, scopeArgs := who.where()
	for _, id := range eventIDs {
		n, err := tx.exec("INSERT INTO marks (user_id, event_id, viewed) SELECT "+placeholder(tx.dialect, "BIGINT")+", n.event_id, "+placeholder(tx.dialect, "BOOLEAN")+
			" FROM notifications n WHERE n.event_id = ? AND "+cond+" ON CONFLICT (user_id, event_id) DO UPDATE SET viewed = excluded.viewed",
			append([]any{who.UserID, viewed, id}, scopeArgs...)...)
		if err != nil {
			return done, err
		}
		done += n
	}
	return done, nil
}

// placeholder is a parameter in a select list, whose type PostgreSQL cannot guess.
func placeholder(d Dialect, kind string) string {
	if d == Postgres {
		return "CAST(? AS " + kind + ")"
	}
	return "?"
}

// MarkAll marks everything up to an event as viewed by a user: his watermark
// moves there, though never into the future, and the marks below it go.
func (tx *Tx) MarkAll(userID, upTo int64) error {
	var newest int64
	if err := tx.get(tx.Context(), "SELECT coalesce(max(event_id), 0) FROM notifications", nil, &newest); err != nil {
		return err
	}
	upTo = min(upTo, newest)
	if _, err := tx.exec(`INSERT INTO read_upto (user_id, event_id) VALUES (?, ?)
		ON CONFLICT (user_id) DO UPDATE SET event_id = excluded.event_id WHERE read_upto.event_id < excluded.event_id`, userID, upTo); err != nil {
		return err
	}
	_, err := tx.exec("DELETE FROM marks WHERE user_id = ? AND event_id <= ?", userID, upTo)
	return err
}
