package models

import (
	"cmp"
	"context"
	"slices"
	"time"
)

// How many rows of an inbox are read.
const (
	fewProducts = 400    // a viewer of more products gets the newest rows of all, as far as they see them
	firstScan   = 200    // rows that such a scan reads at first
	maxScan     = 2_000  // rows that it reads at most
	firstChunk  = 500    // rows that a search reads at once; four times more each time
	maxSearch   = 20_500 // rows that a search reads before the viewer is asked whether to go on
	quickSearch = 2_000  // rows that a quick search reads
)

// InboxFilter narrows an inbox. Zero fields do not narrow.
type InboxFilter struct {
	Unread    bool
	Archived  bool   // the viewer's archived rows, instead of all others
	Snoozed   bool   // the viewer's snoozed rows, instead of all others
	Type      string // one type, or a family such as exception
	ProductID int64
	GroupID   int64     // of the product
	Severity  *Severity // this one or worse
	Since     time.Time
	Until     time.Time // and not later
	Text      string    // part of the name, message or product, in any case
	Before    int64     // keyset: the last event id of the page before
	After     int64     // only newer than this event
	Limit     int
	Quick     bool // a search reads few rows, for what is found while a user types

	only, without []int64 // see FindInboxOnTop
}

// searches reports whether the rows themselves must be read to apply the filter.
func (f InboxFilter) searches() bool {
	return f.Type != "" || f.Severity != nil || f.Text != "" || !f.Since.IsZero() || !f.Until.IsZero()
}

// IsFiltered reports whether the filter leaves out rows of the inbox that are not on another
// page.
func (f InboxFilter) IsFiltered() bool {
	return f.searches() || f.Unread || f.Archived || f.Snoozed || f.ProductID != 0 || f.GroupID != 0
}

// InboxPage is a page of an inbox, newest first.
type InboxPage struct {
	Rows    []Notification
	OnTop   int   // how many of the first rows are on top, because their snooze has ended
	Further int64 // the id where the search stopped, with a page that is perhaps not full; 0 = at the end
}

// Inbox lists a viewer's notifications, newest first. It searches to the end, however long
// that takes.
func (r queries) Inbox(ctx context.Context, viewer Viewer, f InboxFilter) ([]Notification, error) {
	var list []Notification
	for {
		page, err := r.FindInboxPage(ctx, viewer, f)
		if list = append(list, page.Rows...); err != nil || page.Further == 0 || len(list) >= f.Limit {
			return list, err
		}
		f.Before = page.Further
	}
}

// FindInboxPage finds a page of a viewer's notifications, newest first. A filter that must read
// the rows themselves gives up after maxSearch of them, and says where.
func (r queries) FindInboxPage(ctx context.Context, viewer Viewer, f InboxFilter) (InboxPage, error) {
	q, ids, further, err := r.findPage(ctx, viewer, f)
	if err != nil || len(ids) == 0 {
		return InboxPage{Further: further}, err
	}
	rows, err := r.inboxRows(ctx, viewer, ids, q.joined)
	return InboxPage{Rows: rows, Further: further}, err
}

// inboxRows reads rows that the viewer can see, newest first, with what is known of their
// products.
func (r queries) inboxRows(
	ctx context.Context, viewer Viewer, ids []int64, known joinedEvents,
) ([]Notification, error) {
	list := make([]Notification, 0, len(ids))
	var undecided []int // indexes of rows whose read state depends on when the viewer joined
	args := append([]any{viewer.UserID, viewer.UserID}, toAny(ids)...)
	err := r.query(ctx, `
		SELECT `+notificationColumns+`,
			coalesce(k.viewed, n.silence_id IS NOT NULL OR n.event_id <= `+readUpTo+`),
			coalesce(k.archived, FALSE), k.snoozed_until, k.viewed IS NULL
		FROM notifications n
		LEFT JOIN products p ON p.id = n.product_id
		LEFT JOIN marks k ON k.user_id = ? AND k.event_id = n.event_id
		WHERE n.event_id IN (`+placeholders(len(ids))+`)
		ORDER BY n.event_id DESC`, args, func(rows scanner) error {
		var n Notification
		var unmarked bool
		if err := rows.Scan(append(n.dst(), &unmarked)...); err != nil {
			return err
		}
		if unmarked && !n.Viewed && n.ProductID != 0 && !viewer.Administrator {
			undecided = append(undecided, len(list))
		}
		viewer.redact(&n)
		list = append(list, n)
		return nil
	})
	if err != nil || len(undecided) == 0 {
		return list, err
	}
	joined, err := r.joinedEventsOf(ctx, viewer, known, list, undecided)
	for _, i := range undecided { // what is older than the viewer's joining counts as read
		list[i].Viewed = list[i].EventID <= joined[list[i].ProductID]
	}
	return list, err
}

// joinedEventsOf returns the viewer's joined event for the products of some rows of list:
// from what is known, else from one read of the viewer's roles in all of them.
func (r queries) joinedEventsOf(
	ctx context.Context, viewer Viewer, known joinedEvents, list []Notification, rows []int,
) (map[int64]int64, error) {
	if known != "" {
		return known.parse()
	}
	var products []int64
	for _, i := range rows {
		products = append(products, list[i].ProductID)
	}
	slices.Sort(products)
	products = slices.Compact(products)
	roles := roleUnionSQL("= ?", "IN ("+placeholders(len(products))+")", viewing)
	args := repeatArgs(roleSelects, append([]any{viewer.UserID}, toAny(products)...)...)
	joined := map[int64]int64{}
	err := r.query(ctx, `
		SELECT a.product_id, min(a.joined_event)
		FROM (`+roles+`) a
		GROUP BY a.product_id`, args, func(rows scanner) error {
		var product, event int64
		err := rows.Scan(&product, &event)
		joined[product] = event
		return err
	})
	return joined, err
}

// ReadStates finds rows of a viewer's inbox by their ids, newest first. It leaves out rows
// that the viewer cannot see or that are deleted.
func (r queries) ReadStates(ctx context.Context, viewer Viewer, ids []int64) ([]Notification, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	visible, err := r.visibleIDs(ctx, viewer, ids)
	if err != nil || len(visible) == 0 {
		return nil, err
	}
	return r.inboxRows(ctx, viewer, visible, "")
}

// visibleIDs returns those of the ids that the viewer can see.
func (r queries) visibleIDs(ctx context.Context, viewer Viewer, ids []int64) ([]int64, error) {
	cond, args := viewer.where()
	var list []int64
	err := r.query(ctx, `
		SELECT n.event_id
		FROM notifications n
		WHERE n.event_id IN (`+placeholders(len(ids))+`)
		AND `+cond, append(toAny(ids), args...), collect(&list, idDst))
	return list, err
}

// InboxIDs is FindInboxPage for the ids alone.
func (r queries) InboxIDs(
	ctx context.Context, viewer Viewer, f InboxFilter,
) (ids []int64, further int64, err error) {
	_, ids, further, err = r.findPage(ctx, viewer, f)
	return ids, further, err
}

func (r queries) findPage(
	ctx context.Context, viewer Viewer, f InboxFilter,
) (q inboxQuery, ids []int64, further int64, err error) {
	if f, err = r.timesToIDs(ctx, f); err != nil {
		return q, nil, 0, err
	}
	if q, err = r.newInboxQuery(ctx, viewer, f); err != nil {
		return q, nil, 0, err
	}
	if f.searches() {
		ids, further, err = r.search(ctx, q)
		return q, ids, further, err
	}
	if q.wide {
		for _, size := range []int{firstScan, maxScan} {
			ids, last, err := r.searchChunk(ctx, q, size)
			if err != nil || len(ids) == f.Limit || last == 0 {
				return q, ids, 0, err
			}
		}
		q.wide = false
	}
	page := q.newestIDs()
	err = r.query(ctx, page.text, page.args, collect(&ids, idDst))
	return q, ids, 0, err
}

// search reads rows in larger and larger chunks, until a page is full, no rows are left, or
// it has read maxSearch rows: further is the last of them, else 0.
func (r queries) search(ctx context.Context, q inboxQuery) (ids []int64, further int64, err error) {
	limit, most := q.filter.Limit, maxSearch
	if q.filter.Quick {
		most = quickSearch
	}
	for size, read := firstChunk, 0; ; size *= 4 {
		size = min(size, most-read)
		found, last, err := r.searchChunk(ctx, q, size)
		if err != nil {
			return nil, 0, err
		}
		ids, read = append(ids, found...), read+size
		if len(ids) >= limit || last == 0 {
			return ids, 0, nil
		}
		if read >= most {
			return ids, last, nil
		}
		q.filter.Before, q.filter.Limit = last, limit-len(ids)
	}
}

// searchChunk reads the next size rows of the sources, and returns those that pass the row
// filter, newest first, and the last row read: 0 where no more are left.
func (r queries) searchChunk(ctx context.Context, q inboxQuery, size int) (ids []int64, last int64, err error) {
	chunk := q
	chunk.filter.Limit = size
	newest := chunk.newestIDs()
	cond := q.rowFilter()
	var n int
	err = r.query(ctx, `
		WITH d AS MATERIALIZED (`+newest.text+`)
		SELECT (SELECT count(*) FROM d), coalesce((SELECT min(d.id) FROM d), 0), coalesce(m.id, 0)
		FROM (SELECT 1 AS one) o
		LEFT JOIN (
			SELECT n.event_id AS id
			FROM d
			CROSS JOIN `+q.joinRow()+`
			WHERE n.event_id = d.id`+cond.text+`
			ORDER BY n.event_id DESC
			LIMIT ?
		) m ON 1 = 1`, slices.Concat(newest.args, cond.args, []any{q.filter.Limit}), func(rows scanner) error {
		var id int64
		err := rows.Scan(&n, &last, &id)
		if id != 0 {
			ids = append(ids, id)
		}
		return err
	})
	slices.SortFunc(ids, func(a, b int64) int { return cmp.Compare(b, a) })
	if n < size {
		last = 0
	}
	return ids, last, err
}

// CountInbox counts a viewer's notifications up to a limit. whole is false where a filter
// that must read the rows themselves has given up before the end.
func (r queries) CountInbox(
	ctx context.Context, viewer Viewer, f InboxFilter, limit int,
) (n int, whole bool, err error) {
	f.Limit = limit
	ids, further, err := r.InboxIDs(ctx, viewer, f)
	return len(ids), further == 0, err
}

// CountUnread counts a viewer's unread notifications, in any order and up to a limit: a
// badge needs no more.
func (r queries) CountUnread(ctx context.Context, viewer Viewer, limit int) (int, error) {
	q, err := r.newInboxQuery(ctx, viewer, InboxFilter{Unread: true})
	if err != nil {
		return 0, err
	}
	if q.wide {
		n, whole, err := r.countWide(ctx, q, limit)
		if whole || err != nil {
			return n, err
		}
		q.wide = false
	}
	return r.countSources(ctx, q.sources(), limit)
}

// countWide counts among the newest maxScan rows. whole reports whether these are all rows
// that can be unread, or hold as many as the limit.
func (r queries) countWide(ctx context.Context, q inboxQuery, limit int) (n int, whole bool, err error) {
	var unreadAtMost int
	if err := r.get(ctx, `
		SELECT count(*)
		FROM (
			SELECT 1
			FROM notifications n
			WHERE n.event_id > `+readUpTo+`
			LIMIT ?
		) a`, []any{q.viewer.UserID, maxScan + 1}, &unreadAtMost); err != nil {
		return 0, false, err
	}
	q.filter.Limit = maxScan
	sources := q.sources()
	cond := q.rowFilter()
	newest := &sources[len(sources)-1]
	*newest = sqlFragment{`
		SELECT n.event_id AS id
		FROM (` + newest.text + `
			ORDER BY n.event_id DESC
			LIMIT ?
		) d
		CROSS JOIN ` + q.joinRow() + `
		WHERE n.event_id = d.id` + cond.text, slices.Concat(newest.args, []any{maxScan}, cond.args)}
	n, err = r.countSources(ctx, sources, limit)
	return n, unreadAtMost <= maxScan || n == limit, err
}

// countSources counts the rows of sources, up to a limit.
func (r queries) countSources(ctx context.Context, sources []sqlFragment, limit int) (int, error) {
	all := union(sources, "", limit)
	var n int
	err := r.get(ctx, "SELECT count(*) FROM ("+all.text+") page", all.args, &n)
	return n, err
}

// NewestNotification returns the id of the newest notification of all users, 0 for none. It
// shows that something is new, to readers who cannot see what.
func (r queries) NewestNotification(ctx context.Context) (int64, error) {
	var id int64
	err := r.get(ctx, "SELECT coalesce(max(event_id), 0) FROM notifications", nil, &id)
	return id, err
}
