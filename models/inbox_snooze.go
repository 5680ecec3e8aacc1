package models

import (
	"context"
	"slices"
	"time"
)

// maxOnTop is how many rows are on top of an inbox because their snooze has ended. Others are at
// their place.
const maxOnTop = 20

// FindInboxOnTop is FindInboxPage with the rows whose snooze has ended on top of the first page,
// the last one first, and on no other. They are less than half of a page, so that its last row is
// the keyset of the next page.
func (r queries) FindInboxOnTop(ctx context.Context, viewer Viewer, f InboxFilter) (InboxPage, error) {
	var ids []int64
	if !f.Archived && !f.Snoozed {
		var err error
		if ids, err = r.endedSnoozes(ctx, viewer.UserID, min(maxOnTop, (f.Limit-1)/2)); err != nil {
			return InboxPage{}, err
		}
	}
	var top []Notification
	if len(ids) > 0 && f.Before == 0 && f.After == 0 {
		page, err := r.onTop(ctx, viewer, f, ids)
		if err != nil {
			return InboxPage{}, err
		}
		top = page.Rows
	}
	f.without, f.Limit = ids, f.Limit-len(top)
	page, err := r.FindInboxPage(ctx, viewer, f)
	page.Rows, page.OnTop = append(top, page.Rows...), len(top)
	return page, err
}

// RowsOnTop finds the rows that FindInboxOnTop has on top of a large page.
func (r queries) RowsOnTop(ctx context.Context, viewer Viewer, f InboxFilter) ([]Notification, error) {
	if f.Archived || f.Snoozed {
		return nil, nil
	}
	ids, err := r.endedSnoozes(ctx, viewer.UserID, maxOnTop)
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	page, err := r.onTop(ctx, viewer, f, ids)
	return page.Rows, err
}

// onTop finds those of some rows that the viewer can see and the filter lets through, the one
// whose snooze ended last first.
func (r queries) onTop(ctx context.Context, viewer Viewer, f InboxFilter, ids []int64) (InboxPage, error) {
	f.only, f.Before, f.After, f.Limit = ids, 0, 0, len(ids)
	page, err := r.FindInboxPage(ctx, viewer, f)
	slices.SortStableFunc(page.Rows, func(a, b Notification) int { return b.SnoozedUntil.Compare(a.SnoozedUntil) })
	return page, err
}

// endedSnoozes returns the rows of a user whose snooze has ended and that they have not marked
// since, the last ones.
func (r queries) endedSnoozes(ctx context.Context, userID int64, limit int) ([]int64, error) {
	var ids []int64
	if limit < 1 {
		return nil, nil
	}
	err := r.query(ctx, `
		SELECT event_id
		FROM marks
		WHERE user_id = ?
		AND snoozed_until <= ?
		ORDER BY snoozed_until DESC, event_id DESC
		LIMIT ?`, []any{userID, micro(r.Now()), limit}, collect(&ids, idDst))
	return ids, err
}

// SnoozesEnded returns the users with a row whose snooze has ended after a time, up to another. It
// shows that something is back, to readers who cannot see what.
func (r queries) SnoozesEnded(ctx context.Context, after, upTo time.Time) ([]int64, error) {
	var users []int64
	err := r.query(ctx, `
		SELECT DISTINCT user_id
		FROM marks
		WHERE snoozed_until > ?
		AND snoozed_until <= ?`, []any{micro(after), micro(upTo)}, collect(&users, idDst))
	return users, err
}
