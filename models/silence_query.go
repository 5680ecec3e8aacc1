package models

import (
	"context"
	"time"
)

// SilenceFilter narrows a list of silences. Zero fields do not narrow.
type SilenceFilter struct {
	Place
	State     SilenceState
	Open      bool  // those that have not ended, in addition to State
	ProductID int64 // those that apply to it: its own, its group's and those of all products
	IDs       []int64
	Limit     int
}

// SilencesByEnd is the order of a list of silences by their end, the first one first.
const SilencesByEnd = "end"

var silenceID = orderColumn[Silence]{sql: "s.id", value: func(s Silence) any { return s.ID }}

// SilenceOrders are the orders of a list of silences. The usual one is newest first.
var SilenceOrders = Orders[Silence]{
	"": {desc: true, columns: []orderColumn[Silence]{silenceID}},
	SilencesByEnd: {columns: []orderColumn[Silence]{
		{sql: "coalesce(s.ended_at, s.ends_at)", value: func(s Silence) any {
			if !s.EndedAt.IsZero() {
				return s.EndedAt.UnixMicro()
			}
			return s.EndsAt.UnixMicro()
		}}, silenceID,
	}},
}

func (f SilenceFilter) where(scope Scope, at time.Time) sqlFragment {
	cond, now := conditionOf(scope.whereSilence()), micro(at)
	switch f.State {
	case SilenceScheduled:
		cond.and("s.ended_at IS NULL AND s.ends_at > ? AND s.starts_at > ?", now, now)
	case SilenceActive:
		cond.and("s.ended_at IS NULL AND s.ends_at > ? AND s.starts_at <= ?", now, now)
	case SilenceEnded:
		cond.and("(s.ended_at IS NOT NULL OR s.ends_at <= ?)", now)
	}
	if f.Open {
		cond.and("s.ended_at IS NULL AND s.ends_at > ?", now)
	}
	if len(f.IDs) > 0 {
		cond.and("s.id IN ("+placeholders(len(f.IDs))+")", toAny(f.IDs)...)
	}
	if f.ProductID != 0 {
		cond.and(`(s.product_id = ?
			OR s.group_id = (SELECT q.group_id FROM products q WHERE q.id = ?)
			OR s.product_id IS NULL AND s.group_id IS NULL)`, f.ProductID, f.ProductID)
	}
	return cond
}

// Silences lists the silences in scope, newest first unless the place has another order.
func (r queries) Silences(ctx context.Context, scope Scope, f SilenceFilter) ([]Silence, error) {
	cond := f.where(scope, r.Now())
	SilenceOrders.where(&cond, f.Place)
	var list []Silence
	err := r.query(ctx, silenceSelect+"WHERE "+cond.text+`
		ORDER BY `+SilenceOrders.by(f.Place)+`
		LIMIT ?`, append(cond.args, f.Limit), collect(&list, (*Silence).dst))
	inOrder(f.Place, list)
	return list, err
}

// CountSilences counts the silences in scope, up to one more than MaxCounted.
func (r queries) CountSilences(ctx context.Context, scope Scope, f SilenceFilter) (int, error) {
	return r.countUpTo(ctx, "FROM silences s", f.where(scope, r.Now()))
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

// SilencesWithin lists, oldest first, the silences that can apply to an event from first to
// last. It includes silences whose time is over and whose end is not announced: that waits for the events
// from before it. An event that is routed later, as after a jump of the clock, would be in no announcement.
func (r queries) SilencesWithin(ctx context.Context, first, last time.Time) ([]Silence, error) {
	var list []Silence
	err := r.query(ctx, silenceSelect+`
		WHERE s.ended_at IS NULL
		AND s.ends_at > ?
		AND s.starts_at <= ?
		ORDER BY s.id`,
		[]any{micro(first), micro(last)}, collect(&list, (*Silence).dst))
	return list, err
}

// ProductGroups returns the group of those products that are in one, by product.
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

// SilencedCounts is how much a silence has silenced.
type SilencedCounts struct {
	Rows     int // notifications
	Products int // the products that they belong to
}

// SilencedBy counts what silences have silenced, by silence. They must have come from a scoped
// read.
func (r queries) SilencedBy(ctx context.Context, silences []int64) (map[int64]SilencedCounts, error) {
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

// FirstSilenced lists the first notifications that a silence has silenced. The silence must
// have come from a scoped read.
func (r queries) FirstSilenced(ctx context.Context, silence int64, limit int) ([]Notification, error) {
	var list []Notification
	err := r.query(ctx, `
		SELECT `+notificationColumns+`, TRUE, FALSE, CAST(NULL AS BIGINT)
		FROM notifications n
		LEFT JOIN products p ON p.id = n.product_id
		WHERE n.silence_id = ?
		ORDER BY n.event_id
		LIMIT ?`, []any{silence, limit}, collect(&list, (*Notification).dst))
	return list, err
}

// SilencedRows lists the notifications that a silence has silenced and a viewer can see, newest
// first. before is the keyset: the last event id of the page before, 0 for the first page.
func (r queries) SilencedRows(
	ctx context.Context, viewer Viewer, silence, before int64, limit int,
) ([]Notification, error) {
	cond := conditionOf(viewer.where())
	if before != 0 {
		cond.and("n.event_id < ?", before)
	}
	var ids []int64
	err := r.query(ctx, `
		SELECT n.event_id
		FROM notifications n
		WHERE n.silence_id = ?
		AND `+cond.text+`
		ORDER BY n.event_id DESC
		LIMIT ?`,
		append(append([]any{silence}, cond.args...), limit), collect(&ids, idDst))
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	return r.inboxRows(ctx, viewer, ids, "")
}

// OpenSilences counts the silences of a product or a group that have not ended; with neither,
// those of all products.
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

// SilenceCandidates lists the newest notifications since a time that a silence of this product,
// group or all products could have silenced. The caller must have checked the right to these.
// Messages for administrators are shown only with a silence of all products.
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
		SELECT `+notificationColumns+`, TRUE, FALSE, CAST(NULL AS BIGINT)
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
	viewer := Viewer{Administrator: s.ProductID == 0 && s.GroupID == 0}
	for i := range list {
		viewer.redact(&list[i])
	}
	return list, err
}

// DueSilences lists silences that were over by a time and whose end is not processed, the
// longest over first.
func (r queries) DueSilences(ctx context.Context, by time.Time, limit int) ([]Silence, error) {
	var list []Silence
	err := r.query(ctx, silenceSelect+`
		WHERE s.ended_at IS NULL
		AND s.ends_at <= ?
		ORDER BY s.ends_at, s.id
		LIMIT ?`, []any{micro(by), limit}, collect(&list, (*Silence).dst))
	return list, err
}

// UnroutedEvents reports whether a reader has yet to process events from before a time. Those
// that have failed BlockingTries times do not count.
func (r queries) UnroutedEvents(ctx context.Context, reader string, before time.Time) (bool, error) {
	var n int
	err := r.get(ctx, `
		SELECT count(*)
		FROM (
			SELECT 1
			FROM event_work w
			JOIN events e ON e.id = w.event_id
			WHERE w.reader = ?
			AND w.attempts < ?
			AND e.at < ?
			LIMIT 1
		) x`, []any{reader, BlockingTries, micro(before)}, &n)
	return n > 0, err
}
