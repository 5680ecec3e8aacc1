package models

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// Event is an immutable record that something happened.
type Event struct {
	ID        int64
	UUID      string // version 7, for the outside
	Type      string
	Version   int
	ProductID int64  // 0 = none
	Product   string // its name, if the read includes it
	Actor     string // the user or program that caused it, "" = Gatecrier itself
	At        time.Time
	Payload   []byte // JSON
	Source    string // who sent it from outside, "" = Gatecrier itself
	SourceID  string // its id at the source, "" = none
	RunID     int64  // the run that caused it, 0 = none
}

const eventColumns = `e.id, e.uuid, e.type, e.version, coalesce(e.product_id, 0), e.actor, e.at, e.payload,
	e.source, e.source_id, coalesce(e.run_id, 0)`

func (e *Event) dst() []any {
	return []any{
		&e.ID, &e.UUID, &e.Type, &e.Version, &e.ProductID, &e.Actor, timeTo(&e.At), &e.Payload,
		&e.Source, &e.SourceID, &e.RunID,
	}
}

// InsertEvent appends an event, sets its id, and adds a row of work for each reader.
func (tx *Tx) InsertEvent(e *Event, readers ...string) error {
	return tx.insertEvent(e, "", readers)
}

// InsertEventOnce is InsertEvent for an event with a source and an id there. made is false if that
// event is stored already; then it changes nothing.
func (tx *Tx) InsertEventOnce(e *Event, readers ...string) (made bool, err error) {
	err = tx.insertEvent(e, "ON CONFLICT (source, source_id) WHERE source_id <> '' DO NOTHING", readers)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

func (tx *Tx) insertEvent(e *Event, conflict string, readers []string) error {
	id, err := tx.insert(`
		INSERT INTO events (uuid, type, version, product_id, actor, at, payload, source, source_id, run_id)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		`+conflict+`
		RETURNING id`,
		e.UUID, e.Type, e.Version, nullID(e.ProductID), e.Actor, micro(e.At), string(e.Payload), e.Source, e.SourceID,
		nullID(e.RunID))
	if err != nil {
		return err
	}
	e.ID = id
	for _, reader := range readers {
		// It is due at once, whatever the clock says.
		if _, err := tx.exec("INSERT INTO event_work (reader, event_id, product_id, next_at) VALUES (?, ?, ?, 0)",
			reader, id, e.ProductID); err != nil {
			return err
		}
	}
	return nil
}

// Work is an event that a reader of events has yet to process.
type Work struct {
	Event    Event
	Attempts int
}

// BlockingTries is how many tries of an event keep the later events of its product waiting. After
// that they go on, so that one event that cannot be routed stops no product forever.
const BlockingTries = 5

// behindSQL is a condition of an event f that keeps a later event w of its product waiting.
const behindSQL = `f.reader = w.reader
			AND f.product_id = w.product_id
			AND w.product_id <> 0
			AND f.event_id < w.event_id
			AND f.attempts < 5
			AND f.next_at > ?`

// EventWork reads the work that is due for a reader, in order. While an event of a product waits
// for another try, later ones of that product wait too, for BlockingTries.
func (r queries) EventWork(ctx context.Context, reader string, limit int) ([]Work, error) {
	now := micro(r.Now())
	var list []Work
	err := r.query(ctx, `
		SELECT `+eventColumns+`, coalesce(p.name, ''), w.attempts
		FROM event_work w
		JOIN events e ON e.id = w.event_id
		LEFT JOIN products p ON p.id = e.product_id
		WHERE w.reader = ?
		AND w.next_at <= ?
		AND NOT EXISTS (
			SELECT 1
			FROM event_work f
			WHERE `+behindSQL+`
		)
		ORDER BY w.event_id
		LIMIT ?`,
		[]any{reader, now, now, limit},
		collect(&list, func(w *Work) []any { return append(w.Event.dst(), &w.Event.Product, &w.Attempts) }))
	return list, err
}

// FailedWork is a row of work that has failed and waits for another try.
type FailedWork struct {
	Event    Event
	Attempts int
	NextAt   time.Time // zero: at once
	Error    string    // why the last try failed
}

// FailedWork lists the work in scope that a reader has failed to do, oldest first. after is the
// keyset: the last event of the page before, 0 for the first page.
func (r queries) FailedWork(
	ctx context.Context, scope Scope, reader string, after int64, limit int,
) ([]FailedWork, error) {
	cond, args := scope.where("e.product_id")
	var list []FailedWork
	err := r.query(ctx, `
		SELECT `+eventColumns+`, coalesce(p.name, ''), w.attempts, nullif(w.next_at, 0), w.error
		FROM event_work w
		JOIN events e ON e.id = w.event_id
		LEFT JOIN products p ON p.id = e.product_id
		WHERE w.reader = ?
		AND w.attempts > 0
		AND w.event_id > ?
		AND `+cond+`
		ORDER BY w.event_id
		LIMIT ?`,
		append(append([]any{reader, after}, args...), limit),
		collect(&list, func(w *FailedWork) []any {
			return append(w.Event.dst(), &w.Event.Product, &w.Attempts, timeTo(&w.NextAt), &w.Error)
		}))
	return list, err
}

// WorkTally counts the work that a reader has to do.
type WorkTally struct {
	Failed  int64 // failed and waits for another try
	Waiting int64 // waits for its turn
}

// WorkTally counts the work of a reader.
func (r queries) WorkTally(ctx context.Context, reader string) (t WorkTally, err error) {
	err = r.get(ctx, `
		SELECT coalesce(sum(CASE WHEN attempts > 0 THEN 1 ELSE 0 END), 0),
			coalesce(sum(CASE WHEN attempts > 0 THEN 0 ELSE 1 END), 0)
		FROM event_work
		WHERE reader = ?`, []any{reader}, &t.Failed, &t.Waiting)
	return t, err
}

// Event finds an event by its id, with its product's name.
func (r queries) Event(ctx context.Context, scope Scope, id int64) (Event, error) {
	cond, args := scope.where("e.product_id")
	var e Event
	err := r.get(ctx, `
		SELECT `+eventColumns+`, coalesce(p.name, '')
		FROM events e
		LEFT JOIN products p ON p.id = e.product_id
		WHERE e.id = ?
		AND `+cond, append([]any{id}, args...), append(e.dst(), &e.Product)...)
	if err != nil {
		return Event{}, notFound(err, "event")
	}
	return e, nil
}

// FinishWork deletes a row of work, and reports whether it existed.
func (tx *Tx) FinishWork(reader string, eventID int64) (bool, error) {
	n, err := tx.exec("DELETE FROM event_work WHERE reader = ? AND event_id = ?", reader, eventID)
	return n > 0, err
}

// DelayWork records that a reader failed to process an event. It is tried again at next, or at once if
// that is zero. announced says that users are notified of it, or of an earlier failure that still lasts.
func (tx *Tx) DelayWork(reader string, eventID int64, reason string, next time.Time, announced bool) error {
	_, err := tx.exec(`
		UPDATE event_work
		SET attempts = attempts + 1, error = ?, next_at = ?, announced = ?
		WHERE reader = ?
		AND event_id = ?`, reason, orZero(next), announced, reader, eventID)
	return err
}

// HasAnnouncedWork reports whether users are notified of a failure of a reader that still lasts.
func (r queries) HasAnnouncedWork(ctx context.Context, reader string) (bool, error) {
	var n int
	err := r.get(ctx, "SELECT count(*) FROM event_work WHERE reader = ? AND announced", []any{reader}, &n)
	return n > 0, err
}

// RetryWork makes work due that a reader failed to do: that of an event, or with 0 of all. It returns
// how much.
func (tx *Tx) RetryWork(reader string, eventID int64) (int64, error) {
	cond, args := "reader = ? AND attempts > 0", []any{reader}
	if eventID != 0 {
		cond, args = cond+" AND event_id = ?", append(args, eventID)
	}
	return tx.exec("UPDATE event_work SET next_at = 0 WHERE "+cond, args...)
}

// TakeLease makes holder the only one that can do a work until a time, and reports whether it
// succeeded. It is taken in the transaction of the work itself, so that an idle program writes
// nothing.
func (tx *Tx) TakeLease(name, holder string, until time.Time) (bool, error) {
	n, err := tx.exec(`
		INSERT INTO leases (name, holder, until)
		VALUES (?, ?, ?)
		ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until
		WHERE leases.holder = excluded.holder OR leases.until < ?`, name, holder, micro(until), micro(tx.Now()))
	return n == 1, err
}

// DropLease ends a lease of a holder.
func (tx *Tx) DropLease(name, holder string) error {
	_, err := tx.exec("DELETE FROM leases WHERE name = ? AND holder = ?", name, holder)
	return err
}

// DropLeases ends all leases. It is for the start of a program that is the only instance.
func (tx *Tx) DropLeases() error {
	_, err := tx.exec("DELETE FROM leases")
	return err
}
