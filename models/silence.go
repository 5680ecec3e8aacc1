package models

import (
	"context"
	"time"

	"gatecrier/app/fault"
)

// Silence holds messages back for a time: those of a product, of a group of
// products, or, with neither, of all. It is no stale product, which sends no
// reports.
type Silence struct {
	ID        int64
	ProductID int64
	GroupID   int64
	ScopeName string // the name of its product or group, "" where it is of all
	Type      string // of events, "" = every
	Text      string // part of the name or message, in any case, "" = every
	Reason    string
	UserID    int64 // who made it, 0 where he is gone or was none
	Author    string
	CreatedAt time.Time
	StartsAt  time.Time
	EndsAt    time.Time
	EndedAt   time.Time // its end was seen to, zero before
	EndedBy   string    // who ended it early, "" for nobody
	Version   int64
}

// SilenceState is where a silence stands.
type SilenceState string

// The states.
const (
	SilenceScheduled SilenceState = "scheduled" // it has not begun
	SilenceActive    SilenceState = "active"
	SilenceEnded     SilenceState = "ended"
)

// State is where the silence stands at a time.
func (s Silence) State(now time.Time) SilenceState {
	switch {
	case !s.EndedAt.IsZero() || !s.EndsAt.After(now):
		return SilenceEnded
	case s.StartsAt.After(now):
		return SilenceScheduled
	}
	return SilenceActive
}

const silenceSelect = `
	SELECT s.id, coalesce(s.product_id, 0), coalesce(s.group_id, 0), coalesce(p.name, g.name, ''), s.type, s.text,
		s.reason, coalesce(s.user_id, 0), s.author, s.created_at, s.starts_at, s.ends_at, s.ended_at, s.ended_by,
		s.version
	FROM silences s
	LEFT JOIN products p ON p.id = s.product_id
	LEFT JOIN product_groups g ON g.id = s.group_id `

func (s *Silence) dst() []any {
	return []any{
		&s.ID, &s.ProductID, &s.GroupID, &s.ScopeName, &s.Type, &s.Text, &s.Reason, &s.UserID, &s.Author,
		timeTo(&s.CreatedAt), timeTo(&s.StartsAt), timeTo(&s.EndsAt), timeTo(&s.EndedAt), &s.EndedBy, &s.Version,
	}
}

// SilenceFilter narrows a list of silences. Zero fields do not narrow.
type SilenceFilter struct {
	State     SilenceState
	Open      bool  // those that have not ended, whatever State is
	ProductID int64 // those that count for it: its own, its group's and those of all
	IDs       []int64
	Before    int64 // keyset: the last id of the page before
	Limit     int
}

// Silences lists the silences in scope, newest first.
func (r queries) Silences(ctx context.Context, scope Scope, f SilenceFilter) ([]Silence, error) {
	cond, args := scope.whereSilence()
	now := micro(r.Now())
	switch f.State {
	case SilenceScheduled:
		cond, args = cond+" AND s.ended_at IS NULL AND s.ends_at > ? AND s.starts_at > ?", append(args, now, now)
	case SilenceActive:
		cond, args = cond+" AND s.ended_at IS NULL AND s.ends_at > ? AND s.starts_at <= ?", append(args, now, now)
	case SilenceEnded:
		cond, args = cond+" AND (s.ended_at IS NOT NULL OR s.ends_at <= ?)", append(args, now)
	}
	if f.Open {
		cond, args = cond+" AND s.ended_at IS NULL AND s.ends_at > ?", append(args, now)
	}
	if len(f.IDs) > 0 {
		cond, args = cond+" AND s.id IN ("+placeholders(len(f.IDs))+")", append(args, toAny(f.IDs)...)
	}
	if f.ProductID != 0 {
		cond += ` AND (s.product_id = ?
			OR s.group_id = (SELECT q.group_id FROM products q WHERE q.id = ?)
			OR s.product_id IS NULL AND s.group_id IS NULL)`
		args = append(args, f.ProductID, f.ProductID)
	}
	if f.Before != 0 {
		cond, args = cond+" AND s.id < ?", append(args, f.Before)
	}
	var list []Silence
	err := r.query(ctx, silenceSelect+"WHERE "+cond+`
		ORDER BY s.id DESC
		LIMIT ?`, append(args, f.Limit), collect(&list, (*Silence).dst))
	return list, err
}

// Silence finds a silence in scope.
func (r queries) Silence(ctx context.Context, scope Scope, id int64) (Silence, error) {
	cond, args := scope.whereSilence()
	var s Silence
	err := r.get(ctx, silenceSelect+"WHERE s.id = ? AND "+cond, append([]any{id}, args...), s.dst()...)
	if err != nil {
		return Silence{}, notFound(err, "silence")
	}
	return s, nil
}

// SilencesWithin lists, the oldest first, the silences that may hold an event
// from first to last. Those that have ended since are among them: what happened
// before the end is held, whenever it is routed.
func (r queries) SilencesWithin(ctx context.Context, first, last time.Time) ([]Silence, error) {
	var list []Silence
	err := r.query(ctx, silenceSelect+`
		WHERE (s.ended_at IS NULL OR s.ended_at > ?)
		AND s.ends_at > ?
		AND s.starts_at <= ?
		ORDER BY s.id`,
		[]any{micro(first), micro(first), micro(last)}, collect(&list, (*Silence).dst))
	return list, err
}

// ProductGroups tells the group of those of some products that are in one.
func (r queries) ProductGroups(ctx context.Context, products []int64) (map[int64]int64, error) {
	groups := map[int64]int64{}
	if len(products) == 0 {
		return groups, nil
	}
	err := r.query(ctx, `
		SELECT id, group_id
		FROM products
		WHERE group_id IS NOT NULL
		AND id IN (`+placeholders(len(products))+")", toAny(products), func(rows scanner) error {
		var id, group int64
		err := rows.Scan(&id, &group)
		groups[id] = group
		return err
	})
	return groups, err
}

// SilencedCounts is how much a silence has held back.
type SilencedCounts struct {
	Rows     int // notifications
	Products int // that they are of
}

// HeldBy counts what silences have held back. They must have come from a scoped
// read.
func (r queries) HeldBy(ctx context.Context, silences []int64) (map[int64]SilencedCounts, error) {
	held := map[int64]SilencedCounts{}
	if len(silences) == 0 {
		return held, nil
	}
	err := r.query(ctx, `
		SELECT silence_id, count(*), count(DISTINCT product_id)
		FROM notifications
		WHERE silence_id IN (`+placeholders(len(silences))+`)
		GROUP BY silence_id`, toAny(silences), func(rows scanner) error {
		var id int64
		var h SilencedCounts
		err := rows.Scan(&id, &h.Rows, &h.Products)
		held[id] = h
		return err
	})
	return held, err
}

// FirstHeld lists what a silence has held back first.
func (r queries) FirstHeld(ctx context.Context, silence int64, limit int) ([]Notification, error) {
	var list []Notification
	err := r.query(ctx, `
		SELECT `+notificationColumns+`, TRUE, FALSE
		FROM notifications n
		LEFT JOIN products p ON p.id = n.product_id
		WHERE n.silence_id = ?
		ORDER BY n.event_id
		LIMIT ?`, []any{silence, limit}, collect(&list, (*Notification).dst))
	return list, err
}

// HeldRows lists what a silence has held back and a reader may see, newest
// first, below an id where one is given.
func (r queries) HeldRows(ctx context.Context, who Viewer, silence, before int64, limit int) ([]Notification, error) {
	cond, args := who.where()
	if before != 0 {
		cond, args = cond+" AND n.event_id < ?", append(args, before)
	}
	var ids []int64
	err := r.query(ctx, `
		SELECT n.event_id
		FROM notifications n
		WHERE n.silence_id = ?
		AND `+cond+`
		ORDER BY n.event_id DESC
		LIMIT ?`,
		append(append([]any{silence}, args...), limit), collect(&ids, idDst))
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	return r.inboxRows(ctx, who, ids, "")
}

// OpenSilences counts the silences of a place that have not ended; of all with
// neither a product nor a group.
func (r queries) OpenSilences(ctx context.Context, productID, groupID int64) (int, error) {
	cond, args := "product_id IS NULL AND group_id IS NULL", []any(nil)
	switch {
	case productID != 0:
		cond, args = "product_id = ?", []any{productID}
	case groupID != 0:
		cond, args = "group_id = ?", []any{groupID}
	}
	var n int
	err := r.get(ctx, "SELECT count(*) FROM silences WHERE ended_at IS NULL AND ends_at > ? AND "+cond,
		append([]any{micro(r.Now())}, args...), &n)
	return n, err
}

// SilenceCandidates lists the newest notifications since a time that are of a
// silence's place: those it might have held. Whoever calls has checked the right
// to the place; messages for administrators are shown to those of all alone.
func (r queries) SilenceCandidates(ctx context.Context, s Silence, since time.Time, limit int) ([]Notification, error) {
	cond, args := "1 = 1", []any(nil)
	switch {
	case s.ProductID != 0:
		cond, args = "n.product_id = ?", []any{s.ProductID}
	case s.GroupID != 0:
		cond, args = "n.product_id IN (SELECT q.id FROM products q WHERE q.group_id = ?)", []any{s.GroupID}
	}
	first, err := r.notificationAt(ctx, since.Add(-clockSkew)) // so that no more is read than those of that time
	if err != nil {
		return nil, err
	}
	var list []Notification
	err = r.query(ctx, `
		SELECT `+notificationColumns+`, TRUE, FALSE
		FROM (
			SELECT n.*
			FROM notifications n
			WHERE `+cond+`
			AND n.event_id >= ?
			ORDER BY n.event_id DESC
			LIMIT ?
		) n
		LEFT JOIN products p ON p.id = n.product_id
		WHERE n.at >= ?
		ORDER BY n.event_id DESC`,
		append(args, first, limit, micro(since)), collect(&list, (*Notification).dst))
	who := Viewer{Administrator: s.ProductID == 0 && s.GroupID == 0}
	for i := range list {
		who.mask(&list[i])
	}
	return list, err
}

// InsertSilence saves a new silence and sets its id.
func (tx *Tx) InsertSilence(s *Silence) (err error) {
	s.Version, s.CreatedAt = 1, tx.Now()
	s.ID, err = tx.insert(`
		INSERT INTO silences (product_id, group_id, type, text, reason, user_id, author, created_at, starts_at,
			ends_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		RETURNING id`,
		nullID(s.ProductID), nullID(s.GroupID), s.Type, s.Text, s.Reason, nullID(s.UserID), s.Author,
		micro(s.CreatedAt), micro(s.StartsAt), micro(s.EndsAt))
	return err
}

// SaveSilence writes what may be changed of a silence if its version is still
// the one that was read and its end was not seen to, else it is a conflict.
func (tx *Tx) SaveSilence(s *Silence) error {
	n, err := tx.exec(`
		UPDATE silences
		SET type = ?, text = ?, reason = ?, ends_at = ?, ended_by = ?, version = version + 1
		WHERE id = ?
		AND version = ?
		AND ended_at IS NULL`, s.Type, s.Text, s.Reason, micro(s.EndsAt), s.EndedBy, s.ID, s.Version)
	if err == nil && n == 0 {
		return fault.New(fault.Conflict, "Somebody else has changed this silence meanwhile, or it has ended")
	}
	s.Version++
	return err
}

// DueSilences lists silences that were over by a time and whose end was not seen
// to, the longest over first.
func (r queries) DueSilences(ctx context.Context, by time.Time, limit int) ([]Silence, error) {
	var list []Silence
	err := r.query(ctx, silenceSelect+`
		WHERE s.ended_at IS NULL
		AND s.ends_at <= ?
		ORDER BY s.ends_at, s.id
		LIMIT ?`, []any{micro(by), limit}, collect(&list, (*Silence).dst))
	return list, err
}

// UnroutedEvents reports whether a reader has events from before a time still before
// it. Those it has given up do not count.
func (r queries) UnroutedEvents(ctx context.Context, reader string, before time.Time) (bool, error) {
	var n int
	err := r.get(ctx, `
		SELECT count(*)
		FROM (
			SELECT 1
			FROM event_work w
			JOIN events e ON e.id = w.event_id
			WHERE w.reader = ?
			AND NOT w.parked
			AND e.at < ?
			LIMIT 1
		) x`, []any{reader, micro(before)}, &n)
	return n > 0, err
}

// EndSilence sees to the end of a silence whose time is over, and says whether
// this was the first to do so.
func (tx *Tx) EndSilence(id int64) (bool, error) {
	now := micro(tx.Now())
	n, err := tx.exec("UPDATE silences SET ended_at = ? WHERE id = ? AND ended_at IS NULL AND ends_at <= ?",
		now, id, now)
	return n == 1, err
}
