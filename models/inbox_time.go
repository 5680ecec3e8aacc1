package models

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// clockSkew is how far the clocks of two instances can differ.
const clockSkew = time.Hour

// timesToIDs narrows a filter with times by event ids too, since an index covers these. Ids
// follow time only within clockSkew, so that the filter still checks the times of the rows.
func (r queries) timesToIDs(ctx context.Context, f InboxFilter) (InboxFilter, error) {
	if !f.Since.IsZero() {
		id, err := r.notificationAt(ctx, f.Since.Add(-clockSkew))
		if err != nil {
			return f, err
		}
		f.After = max(f.After, id-1)
	}
	if !f.Until.IsZero() {
		id, err := r.notificationAt(ctx, f.Until.Add(clockSkew))
		if err != nil {
			return f, err
		}
		if f.Before == 0 || f.Before > id {
			f.Before = id
		}
	}
	return f, nil
}

// notificationAt returns the event id of the first notification at or after a time, or one
// more than the last id. It is a binary search over the ids.
func (r queries) notificationAt(ctx context.Context, at time.Time) (int64, error) {
	var low, high int64
	if err := r.get(ctx, `
		SELECT coalesce(min(event_id), 0), coalesce(max(event_id), 0) + 1
		FROM notifications`, nil, &low, &high); err != nil {
		return 0, err
	}
	for low < high {
		middle := low + (high-low)/2
		var id, stamp int64
		err := r.get(ctx, `
			SELECT event_id, at
			FROM notifications
			WHERE event_id >= ?
			ORDER BY event_id
			LIMIT 1`, []any{middle}, &id, &stamp)
		switch {
		case errors.Is(err, sql.ErrNoRows): // the notifications from middle on were deleted meanwhile
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
