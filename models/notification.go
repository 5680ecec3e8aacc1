package models

import (
	"context"
	"slices"
	"strings"
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
}

const notificationColumns = "n.event_id, coalesce(n.product_id, 0), coalesce(p.name, ''), n.type, n.tone, n.name, n.message, n.at, n.severity, n.subject, coalesce(n.silence_id, 0), coalesce(n.targets, -1)"

func (n *Notification) dst() []any {
	return []any{&n.EventID, &n.ProductID, &n.Product, &n.Type, &n.Tone, &n.Name, &n.Message, timeTo(&n.At), &n.Severity, &n.Subject, &n.SilenceID, &n.Targets, &n.Viewed}
}

// InsertNotification saves a row of the inbox; a second one of the same event
// changes nothing.
func (tx *Tx) InsertNotification(n Notification) error {
	_, err := tx.exec(`INSERT INTO notifications (event_id, product_id, user_id, type, tone, name, message, at, severity, subject, silence_id, targets)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (event_id) DO NOTHING`,
		n.EventID, some(n.ProductID), some(n.UserID), n.Type, n.Tone, n.Name, n.Message, micro(n.At), n.Severity, n.Subject, some(n.SilenceID), n.Targets)
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

// upTo is the newest event that a user has marked together with all before.
const upTo = "coalesce((SELECT r.event_id FROM read_upto r WHERE r.user_id = ?), 0)"

// viewed is a reader's read state of a row: a mark of its own, else whether it
// is older than all he has marked, or than his coming to see the product. An
// administrator sees all from the beginning.
func (w Reader) viewed() (string, []any) {
	mark := "coalesce((SELECT k.viewed FROM marks k WHERE k.user_id = ? AND k.event_id = n.event_id), n.event_id <= " + upTo
	if w.Administrator {
		return mark + ")", times(2, w.UserID)
	}
	return mark + " OR n.event_id <= coalesce((SELECT min(a.joined_event) FROM (" + holders("= ?", "= n.product_id", viewing) + ") a), 0))", times(6, w.UserID)
}

// Inbox lists a reader's notifications, newest first.
func (r reads) Inbox(ctx context.Context, who Reader, f InboxFilter) ([]Notification, error) {
	viewed, args := who.viewed()
	page, pageArgs := r.inboxPage(who, f)
	var list []Notification
	err := r.query(ctx, "SELECT "+notificationColumns+", "+viewed+" FROM ("+page+") page JOIN notifications n ON n.event_id = page.id LEFT JOIN products p ON p.id = n.product_id ORDER BY n.event_id DESC",
		append(args, pageArgs...), collect(&list, (*Notification).dst))
	for i := range list {
		who.mask(&list[i])
	}
	return list, err
}

// maskedType is the type whose messages only administrators read: they tell of
// Gatecrier's own insides.
const maskedType = "exception.task"

// mask hides what a reader may not read of a notification that he may see.
func (w Reader) mask(n *Notification) {
	if !w.Administrator && n.Type == maskedType && n.Message != "" {
		n.Message = "…"
	}
}

// inboxPage selects the ids of one page.
func (r reads) inboxPage(who Reader, f InboxFilter) (string, []any) {
	var parts []string
	var args []any
	for _, s := range r.sources(who, f) {
		parts = append(parts, "SELECT a.id FROM (SELECT s.id FROM ("+s.query+") s ORDER BY s.id DESC LIMIT ?) a")
		args = append(append(args, s.args...), f.Limit)
	}
	return "SELECT u.id FROM (" + strings.Join(parts, " UNION ALL ") + ") u ORDER BY u.id DESC LIMIT ?", append(args, f.Limit)
}

// CountUnread counts a reader's unread notifications, up to a limit: a badge
// needs no more. It takes them as they come and stops there.
func (r reads) CountUnread(ctx context.Context, who Reader, limit int) (int, error) {
	var parts []string
	var args []any
	for _, s := range r.sources(who, InboxFilter{Unread: true, Limit: limit}) {
		parts = append(parts, "SELECT a.id FROM (SELECT s.id FROM ("+s.query+") s LIMIT ?) a")
		args = append(append(args, s.args...), limit)
	}
	var n int
	err := r.get(ctx, "SELECT count(*) FROM (SELECT u.id FROM ("+strings.Join(parts, " UNION ALL ")+") u LIMIT ?) page", append(args, limit), &n)
	return n, err
}

// source selects the ids of some notifications. A reader's are those of all his
// sources, each in one of them.
type source struct {
	query string
	args  []any
}

// sources are where a reader's notifications come from: his products, what is
// for him alone and has no product, or, for administrators, everywhere. Unread
// are those of after what he has marked, and those marked as unread.
func (r reads) sources(who Reader, f InboxFilter) []source {
	cond, args := inboxCondition(who, f)
	var list []source
	if f.Unread {
		visible, visibleArgs := who.where()
		list = append(list, source{
			"SELECT n.event_id AS id FROM marks k JOIN notifications n ON n.event_id = k.event_id WHERE k.user_id = ? AND NOT k.viewed AND " + cond + " AND " + visible,
			append(append([]any{who.UserID}, args...), visibleArgs...),
		})
		cond += " AND n.event_id > " + upTo + " AND (SELECT 1 FROM marks k WHERE k.user_id = ? AND k.event_id = n.event_id) IS NULL"
		args = append(args, who.UserID, who.UserID)
	}
	if who.Administrator {
		return append(list, source{"SELECT n.event_id AS id FROM notifications n WHERE " + cond, args})
	}
	return append(list, r.ofProducts(who, f, cond, args),
		source{"SELECT n.event_id AS id FROM notifications n WHERE n.user_id = ? AND n.product_id IS NULL AND " + cond, append([]any{who.UserID}, args...)})
}

// ofProducts are those of a reader's products, each read newest first by its own
// index: on SQLite a CROSS JOIN pins that order, on PostgreSQL a LATERAL join
// does.
func (r reads) ofProducts(who Reader, f InboxFilter, cond string, args []any) source {
	product, some := "", []any{who.UserID}
	if f.ProductID != 0 {
		product, some = "= ?", []any{who.UserID, f.ProductID}
	}
	vis := "(SELECT w.product_id, min(w.joined_event) AS since FROM (" + holders("= ?", product, viewing) + ") w GROUP BY w.product_id) vis"
	cond = "n.product_id = vis.product_id AND " + cond
	if f.Unread {
		cond += " AND n.event_id > vis.since"
	}
	mine := times(4, some...)
	if r.dialect == Postgres { // the newest of each product tells which of them can be on the page
		newest := " CROSS JOIN LATERAL (SELECT n.event_id AS id FROM notifications n WHERE " + cond + " ORDER BY n.event_id DESC LIMIT ?) h"
		best := "(SELECT vis.product_id, vis.since FROM " + vis + newest + " ORDER BY h.id DESC LIMIT ?) vis"
		args = slices.Concat(mine, args, []any{1, f.Limit}, args, []any{f.Limit})
		return source{"SELECT h.id FROM " + best + newest, args}
	}
	return source{"SELECT n.event_id AS id FROM " + vis + " CROSS JOIN notifications n WHERE " + cond, append(mine, args...)}
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
	if f.Text != "" {
		like, readable := contains(f.Text), "n.type <> '"+maskedType+"' AND " // what is masked is not found either
		if who.Administrator {
			readable = ""
		}
		cond += ` AND (lower(n.name) LIKE lower(?) ESCAPE '\' OR ` + readable + `lower(n.message) LIKE lower(?) ESCAPE '\'
			OR (SELECT lower(q.name) LIKE lower(?) ESCAPE '\' FROM products q WHERE q.id = n.product_id))`
		args = append(args, like, like, like)
	}
	return cond, args
}

// Notification finds one row of a reader's inbox.
func (r reads) Notification(ctx context.Context, who Reader, eventID int64) (Notification, error) {
	viewed, args := who.viewed()
	cond, condArgs := who.where()
	args = append(append(args, eventID), condArgs...)
	var n Notification
	err := r.get(ctx, "SELECT "+notificationColumns+", "+viewed+" FROM notifications n LEFT JOIN products p ON p.id = n.product_id WHERE n.event_id = ? AND "+cond, args, n.dst()...)
	if err != nil {
		return Notification{}, missingRow(err, "notification")
	}
	who.mask(&n)
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
