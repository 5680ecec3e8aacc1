package models

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// These reads explain what happened to one event. All but the first take an event that must have
// come from a scoped read.

// NotifiedEvent finds the event of a notification that a viewer can see.
func (r queries) NotifiedEvent(ctx context.Context, viewer Viewer, id int64) (Event, error) {
	cond, args := viewer.where()
	var e Event
	err := r.get(ctx, `
		SELECT `+eventColumns+`, coalesce(p.name, '')
		FROM notifications n
		JOIN events e ON e.id = n.event_id
		LEFT JOIN products p ON p.id = e.product_id
		WHERE n.event_id = ?
		AND `+cond, append([]any{id}, args...), append(e.dst(), &e.Product)...)
	if err != nil {
		return Event{}, notFound(err, "event")
	}
	return e, nil
}

// Routing is a row of work that a reader of events still has.
type Routing struct {
	Attempts int
	NextAt   time.Time
	Error    string // why the last try failed
	Behind   int64  // an earlier event of its product that must be processed first, 0 = none
}

// RoutingOf finds the work that a reader has with an event; ok is false if it has none any more.
func (r queries) RoutingOf(ctx context.Context, reader string, e Event) (work Routing, ok bool, err error) {
	err = r.get(ctx, `
		SELECT w.attempts, nullif(w.next_at, 0), w.error, coalesce((
			SELECT min(f.event_id)
			FROM event_work f
			WHERE `+behindSQL+`
		), 0)
		FROM event_work w
		WHERE w.reader = ?
		AND w.event_id = ?`,
		[]any{micro(r.Now()), reader, e.ID}, &work.Attempts, timeTo(&work.NextAt), &work.Error,
		&work.Behind)
	return found(work, err)
}

// Announcement is how users were notified of a gate change.
type Announcement struct {
	Change     int64     // the event of the change
	Announced  int64     // the event that notified users: the same, a later one if the change was on hold, 0 = none
	NotifiedAt time.Time // zero if none has
	Until      time.Time // when the change is announced if it is still on hold, else zero
}

// AnnouncementOf finds the gate change that an event is, or announces; ok is false if it is
// none, or its row of the history is deleted.
func (r queries) AnnouncementOf(ctx context.Context, e Event) (a Announcement, ok bool, err error) {
	err = r.get(ctx, `
		SELECT c.event_id, coalesce(c.announced_id, 0), t.at, (
			SELECT max(b.held_until)
			FROM branches b
			WHERE b.product_id = c.product_id
			AND b.held_event = c.event_id
		)
		FROM gate_changes c
		LEFT JOIN events t ON t.id = c.announced_id
		WHERE c.product_id = ?
		AND (c.event_id = ? OR c.announced_id = ?)`,
		[]any{e.ProductID, e.ID, e.ID}, &a.Change, &a.Announced, timeTo(&a.NotifiedAt), timeTo(&a.Until))
	return found(a, err)
}

// InboxEntry is an event's row of the inbox, without its texts.
type InboxEntry struct {
	UserID    int64  // the only user, beside administrators, who sees it; 0 = all who can view the product
	User      string // the user's name
	SilenceID int64  // the silence that held its messages back, 0 = none
	Targets   int    // how many connections were to be notified when it was routed; -1 = not recorded
}

// InboxEntryOf finds an event's row of the inbox; ok is false if it has none.
func (r queries) InboxEntryOf(ctx context.Context, e Event) (entry InboxEntry, ok bool, err error) {
	err = r.get(ctx, `
		SELECT coalesce(n.user_id, 0), coalesce(u.name, ''), coalesce(n.silence_id, 0), coalesce(n.targets, -1)
		FROM notifications n
		LEFT JOIN users u ON u.id = n.user_id
		WHERE n.event_id = ?`,
		[]any{e.ID}, &entry.UserID, &entry.User, &entry.SilenceID, &entry.Targets)
	return found(entry, err)
}

// found returns ok false for "no rows", and every other error.
func found[T any](row T, err error) (T, bool, error) {
	if errors.Is(err, sql.ErrNoRows) {
		return row, false, nil
	}
	return row, err == nil, err
}
