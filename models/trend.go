package models

import (
	"context"
	"time"
)

const daySpan = 24 * time.Hour

// DayCounts are a branch's counts at the end of a day. They apply until the next day that has
// counts.
type DayCounts struct {
	Day    time.Time // its beginning, UTC
	Counts Counts
}

// Recount gives a branch new counts. If the old ones are from an earlier day, they are stored as
// the counts of that day.
func (tx *Tx) Recount(b *Branch, active Breakdown) error {
	was, now := b.CountedAt, tx.Now()
	old := b.Counts
	b.Breakdown = active
	if b.Evaluated && active.Counts == old {
		return nil
	}
	b.CountedAt = now
	if was.IsZero() || dayOf(was) >= dayOf(now) {
		return nil
	}
	_, err := tx.exec(`
		INSERT INTO branch_days (branch_id, day, critical, high, medium, low, none, unknown)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (branch_id, day) DO NOTHING`, append([]any{b.ID, dayOf(was)}, old.args()...)...)
	return err
}

// Trend lists a branch's counts by day since a time, oldest first, preceded by the counts at
// that time and followed by the branch's current ones. The branch must have come from a scoped
// read.
func (r queries) Trend(ctx context.Context, b Branch, since time.Time) ([]DayCounts, error) {
	var list []DayCounts
	first := dayOf(since)
	err := r.query(ctx, `
		SELECT d.day, d.critical, d.high, d.medium, d.low, d.none, d.unknown
		FROM branch_days d
		WHERE d.branch_id = ?
		AND d.day >= COALESCE((SELECT max(e.day) FROM branch_days e WHERE e.branch_id = ? AND e.day < ?), ?)
		ORDER BY d.day`, []any{b.ID, b.ID, first, first}, func(rows scanner) error {
		var day int64
		var d DayCounts
		if err := rows.Scan(append([]any{&day}, d.Counts.dst()...)...); err != nil {
			return err
		}
		d.Day = time.Unix(0, 0).UTC().Add(time.Duration(day) * daySpan)
		list = append(list, d)
		return nil
	})
	if b.CountedAt.IsZero() || err != nil {
		return list, err
	}
	return append(list, DayCounts{b.CountedAt.UTC().Truncate(daySpan), b.Counts}), nil
}

// dayOf returns the number of a time's day since 1970.
func dayOf(t time.Time) int64 { return t.UTC().Unix() / int64(daySpan/time.Second) }

// HourTally is the number of messages created in an hour, by state.
type HourTally struct {
	Hour   time.Time // its beginning
	States map[DeliveryState]int
}

// DeliveriesByHour counts the deliveries in scope since a time, hours in order. Hours without
// deliveries are left out.
func (r queries) DeliveriesByHour(ctx context.Context, scope Scope, since time.Time) ([]HourTally, error) {
	const hour = int64(time.Hour / time.Microsecond)
	var list []HourTally
	cond, err := r.deliveriesSince(ctx, scope, since)
	if err != nil {
		return nil, err
	}
	err = r.query(ctx, `
		SELECT d.created_at / ? AS hour, d.state, count(*)
		FROM deliveries d
		WHERE `+cond.text+`
		GROUP BY 1, d.state
		ORDER BY 1`, append([]any{hour}, cond.args...), func(rows scanner) error {
		var at int64
		var state DeliveryState
		var n int
		if err := rows.Scan(&at, &state, &n); err != nil {
			return err
		}
		begin := time.UnixMicro(at * hour).UTC()
		if len(list) == 0 || !list[len(list)-1].Hour.Equal(begin) {
			list = append(list, HourTally{begin, map[DeliveryState]int{}})
		}
		list[len(list)-1].States[state] = n
		return nil
	})
	return list, err
}
