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
// more than the last id.
func (r queries) notificationAt(ctx context.Context, at time.Time) (int64, error) {
	return r.idAt(ctx, "notifications", "event_id", "at", at)
}

// idAt returns the first id of a table whose rows have a time at or after one, or one more than the
// last id. It is a binary search over the ids.
func (r queries) idAt(ctx context.Context, table, id, stamp string, at time.Time) (int64, error) {
	var low, high int64
	if err := r.get(ctx, "SELECT coalesce((SELECT min("+id+") FROM "+table+"), 0), coalesce((SELECT max("+id+") FROM "+
		table+"), 0) + 1", nil, &low, &high); err != nil {
		return 0, err
	}
	for low < high {
		middle := low + (high-low)/2
		var found, when int64
		err := r.get(ctx, "SELECT "+id+", "+stamp+" FROM "+table+" WHERE "+id+" >= ? ORDER BY "+id+" LIMIT 1",
			[]any{middle}, &found, &when)
		switch {
		case errors.Is(err, sql.ErrNoRows): // the rows from middle on were deleted meanwhile
			high = middle
		case err != nil:
			return 0, err
		case when < at.UnixMicro():
			low = found + 1
		default:
			high = middle
		}
	}
	return high, nil
}
