package models

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// between turns times into event ids, as far as ids follow time: two instances'
// clocks may differ, so that some more are looked at.
func (r queries) between(ctx context.Context, f InboxFilter) (InboxFilter, error) {
	if !f.Since.IsZero() {
		id, err := r.notificationAt(ctx, f.Since.Add(-clocksDiffer))
		if err != nil {
			return f, err
		}
		f.After = max(f.After, id-1)
	}
	if !f.Until.IsZero() {
		id, err := r.notificationAt(ctx, f.Until.Add(clocksDiffer))
		if err != nil {
			return f, err
		}
		if f.Before == 0 || f.Before > id {
			f.Before = id
		}
	}
	return f, nil
}

// clocksDiffer is how much clocks of instances may differ.
const clocksDiffer = time.Hour

// notificationAt is the first event id of a notification from a time on, or one
// more than the last.
func (r queries) notificationAt(ctx context.Context, at time.Time) (int64, error) {
	var low, high int64
	if err := r.get(
		ctx,
		"SELECT coalesce(min(event_id), 0), coalesce(max(event_id), 0) + 1 FROM notifications",
		nil,
		&low,
		&high,
	); err != nil {
		return 0, err
	}
	for low < high {
		middle := low + (high-low)/2
		var id, stamp int64
		err := r.get(
			ctx,
			"SELECT event_id, at FROM notifications WHERE event_id >= ? ORDER BY event_id LIMIT 1",
			[]any{middle},
			&id,
			&stamp,
		)
		switch {
		case errors.Is(err, sql.ErrNoRows): // there are none, or they went meanwhile
			high = middle
		case err != nil:
			return 0, err
		case stamp < at.UnixMicro():
			low = id + 1
		default:
			high = middle
		}
	}
	return high, nil
}
