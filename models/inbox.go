package models

import (
	"cmp"
	"context"
	"slices"
	"time"
)

// How much of an inbox is looked at.
const (
	fewProducts = 400    // a reader of more is looked for among the newest rows of all first
	scanFirst   = 200    // how many of these, at first
	maxScan     = 2_000  // and at most
	firstChunk  = 500    // rows that are searched at once, four times more each time
	maxLook     = 20_500 // rows that are searched before the reader is asked whether to go on
)

// InboxFilter narrows an inbox. Zero fields do not narrow.
type InboxFilter struct {
	Unread    bool
	Archived  bool   // what the reader has put away, instead of all else
	Type      string // one, or a family: exception
	ProductID int64
	GroupID   int64     // of the product
	Severity  *Severity // this one or worse
	Since     time.Time
	Until     time.Time // and not later
	Text      string    // part of the name, message or product, in any case
	Before    int64     // keyset: the last event id of the page before
	After     int64     // only newer than this event
	Limit     int
}

// searches reports whether rows must be read to see whether they are meant.
func (f InboxFilter) searches() bool {
	return f.Type != "" || f.Severity != nil || f.Text != "" || !f.Since.IsZero() || !f.Until.IsZero()
}

// IsFiltered reports whether a filter leaves anything out that is not put away or
// on another page.
func (f InboxFilter) IsFiltered() bool {
	return f.searches() || f.Unread || f.Archived || f.ProductID != 0 || f.GroupID != 0
}

// InboxPage is a page of an inbox, newest first.
type InboxPage struct {
	Rows    []Notification
	Further int64 // the search came to this id and stopped, the page may not be full; 0 = it went through
}

// Inbox lists a reader's notifications, newest first, however long it takes to
// find them.
func (r queries) Inbox(ctx context.Context, who Viewer, f InboxFilter) ([]Notification, error) {
	var list []Notification
	for {
		page, err := r.InboxPage(ctx, who, f)
		if list = append(list, page.Rows...); err != nil || page.Further == 0 || len(list) >= f.Limit {
			return list, err
		}
		f.Before = page.Further
	}
}

// InboxPage finds a page of a reader's notifications, newest first. A filter
// that must look into rows gives up after some, and says where.
func (r queries) InboxPage(ctx context.Context, who Viewer, f InboxFilter) (InboxPage, error) {
	v, ids, further, err := r.inboxIDs(ctx, who, f)
	if err != nil || len(ids) == 0 {
		return InboxPage{Further: further}, err
	}
	rows, err := r.inboxRows(ctx, who, ids, v.joined)
	return InboxPage{rows, further}, err
}

// inboxRows reads rows that the reader may see, newest first, with what is
// known of his products.
func (r queries) inboxRows(ctx context.Context, who Viewer, ids []int64, known joinedEvents) ([]Notification, error) {
	list, open := make(
		[]Notification, 0, len(ids),
	), []int{} // those that neither a mark nor what he has marked together tells of
	args := append([]any{who.UserID, who.UserID}, toAny(ids)...)
	err := r.query(
		ctx,
		"SELECT "+notificationColumns+", coalesce(k.viewed, n.silence_id IS NOT NULL OR n.event_id <= "+upTo+`), coalesce(k.archived, FALSE), k.viewed IS NULL
		FROM notifications n LEFT JOIN products p ON p.id = n.product_id LEFT JOIN marks k ON k.user_id = ? AND k.event_id = n.event_id
		WHERE n.event_id IN (`+placeholders(
			len(ids),
		)+") ORDER BY n.event_id DESC",
		args,
		func(rows scanner) error {
			var n Notification
			var unmarked bool
			if err := rows.Scan(append(n.dst(), &unmarked)...); err != nil {
				return err
			}
			if unmarked && !n.Viewed && n.ProductID != 0 && !who.Administrator {
				open = append(open, len(list))
			}
			who.mask(&n)
			list = append(list, n)
			return nil
		},
	)
	if err != nil || len(open) == 0 {
		return list, err
	}
	joined, err := r.sinceOf(ctx, who, known, list, open)
	for _, i := range open { // older than his coming to see their product
		list[i].Viewed = list[i].EventID <= joined[list[i].ProductID]
	}
	return list, err
}

// sinceOf tells after which event the reader came to see the products of some
// rows: by what is known, else with one look at his roles for all.
func (r queries) sinceOf(
	ctx context.Context, who Viewer, known joinedEvents, list []Notification, some []int,
) (map[int64]int64, error) {
	if known != "" {
		return known.parse()
	}
	var products []int64
	for _, i := range some {
		products = append(products, list[i].ProductID)
	}
	slices.Sort(products)
	products = slices.Compact(products)
	joined := map[int64]int64{}
	err := r.query(
		ctx,
		"SELECT a.product_id, min(a.joined_event) FROM ("+roleUnionSQL(
			"= ?", "IN ("+placeholders(len(products))+")", viewing,
		)+") a GROUP BY a.product_id",
		repeatArgs(4, append([]any{who.UserID}, toAny(products)...)...),
		func(rows scanner) error {
			var product, event int64
			err := rows.Scan(&product, &event)
			joined[product] = event
			return err
		},
	)
	return joined, err
}

// ReadStates finds rows of a reader's inbox by their ids, newest first; what
// he may not see, or is no more, is left out.
func (r queries) ReadStates(ctx context.Context, who Viewer, ids []int64) ([]Notification, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	visible, err := r.visible(ctx, who, ids)
	if err != nil || len(visible) == 0 {
		return nil, err
	}
	return r.inboxRows(ctx, who, visible, "")
}

// visible are those of some ids that a reader may see.
func (r queries) visible(ctx context.Context, who Viewer, ids []int64) ([]int64, error) {
	cond, args := who.where()
	var list []int64
	err := r.query(
		ctx,
		"SELECT n.event_id FROM notifications n WHERE n.event_id IN ("+placeholders(len(ids))+") AND "+cond,
		append(toAny(ids), args...),
		collect(&list, func(id *int64) []any { return []any{id} }),
	)
	return list, err
}

// InboxIDs is InboxPage for the ids alone.
func (r queries) InboxIDs(ctx context.Context, who Viewer, f InboxFilter) (ids []int64, further int64, err error) {
	_, ids, further, err = r.inboxIDs(ctx, who, f)
	return ids, further, err
}

func (r queries) inboxIDs(
	ctx context.Context, who Viewer, f InboxFilter,
) (v inboxScope, ids []int64, further int64, err error) {
	if f, err = r.between(ctx, f); err != nil {
		return v, nil, 0, err
	}
	if v, err = r.inboxScopeOf(ctx, who, f); err != nil {
		return v, nil, 0, err
	}
	if f.searches() {
		ids, further, err = r.search(ctx, v, f)
		return v, ids, further, err
	}
	if v.wide {
		for _, size := range []int{scanFirst, maxScan} {
			ids, last, err := r.chunk(ctx, v, f, size)
			if err != nil || len(ids) == f.Limit || last == 0 {
				return v, ids, 0, err
			}
		}
		v.wide = false
	}
	page := v.newestIDs(f)
	err = r.query(ctx, page.text, page.args, collect(&ids, func(id *int64) []any { return []any{id} }))
	return v, ids, 0, err
}

// search reads rows, in larger and larger chunks, until a page is full, there
// are no more, or it has been at it for long.
func (r queries) search(ctx context.Context, v inboxScope, f InboxFilter) (ids []int64, further int64, err error) {
	limit := f.Limit
	for size, seen := firstChunk, 0; ; size *= 4 {
		size = min(size, maxLook-seen)
		found, last, err := r.chunk(ctx, v, f, size)
		if err != nil {
			return nil, 0, err
		}
		ids, seen = append(ids, found...), seen+size
		if len(ids) >= limit || last == 0 {
			return ids, 0, nil
		}
		if seen >= maxLook {
			return ids, last, nil
		}
		f.Before, f.Limit = last, limit-len(ids)
	}
}

// chunk looks at so many rows, and says which of them are meant and which was
// the last, 0 where there were no more.
func (r queries) chunk(
	ctx context.Context, v inboxScope, f InboxFilter, size int,
) (ids []int64, last int64, err error) {
	all := f
	all.Limit = size
	look := v.newestIDs(all)
	meant := v.rowFilter(f)
	var n int
	err = r.query(
		ctx,
		"WITH d AS MATERIALIZED ("+look.text+") SELECT (SELECT count(*) FROM d), coalesce((SELECT min(d.id) FROM d), 0), coalesce(m.id, 0) FROM (SELECT 1 AS one) o LEFT JOIN ("+
			"SELECT n.event_id AS id FROM d CROSS JOIN "+v.joinRow()+" WHERE n.event_id = d.id"+meant.text+" ORDER BY n.event_id DESC LIMIT ?) m ON 1 = 1",
		slices.Concat(look.args, meant.args, []any{f.Limit}),
		func(rows scanner) error {
			var id int64
			err := rows.Scan(&n, &last, &id)
			if id != 0 {
				ids = append(ids, id)
			}
			return err
		},
	)
	slices.SortFunc(ids, func(a, b int64) int { return cmp.Compare(b, a) })
	if n < size {
		last = 0
	}
	return ids, last, err
}

// CountInbox counts a reader's notifications up to a limit. Where a filter must
// look into many rows it stops there, and the count is not whole.
func (r queries) CountInbox(ctx context.Context, who Viewer, f InboxFilter, limit int) (n int, whole bool, err error) {
	f.Limit = limit
	ids, further, err := r.InboxIDs(ctx, who, f)
	return len(ids), further == 0, err
}

// CountUnread counts a reader's unread notifications, up to a limit: a badge
// needs no more. It takes them as they come and stops there.
func (r queries) CountUnread(ctx context.Context, who Viewer, limit int) (int, error) {
	f := InboxFilter{Unread: true}
	v, err := r.inboxScopeOf(ctx, who, f)
	if err != nil {
		return 0, err
	}
	if v.wide {
		n, whole, err := r.countWide(ctx, v, f, limit)
		if whole || err != nil {
			return n, err
		}
		v.wide = false
	}
	return r.countOf(ctx, v.sources(f), limit)
}

// countWide counts among the newest rows, where these are all that may be
// unread or hold as many as are asked for.
func (r queries) countWide(ctx context.Context, v inboxScope, f InboxFilter, limit int) (n int, whole bool, err error) {
	var more int
	if err := r.get(
		ctx,
		"SELECT count(*) FROM (SELECT 1 FROM notifications n WHERE n.event_id > "+upTo+" LIMIT ?) a",
		[]any{v.viewer.UserID, maxScan + 1},
		&more,
	); err != nil {
		return 0, false, err
	}
	f.Limit = maxScan
	list := v.sources(f)
	meant := v.rowFilter(f)
	newest := &list[len(list)-1]
	*newest = sqlFragment{
		"SELECT n.event_id AS id FROM (" + newest.text + " ORDER BY n.event_id DESC LIMIT ?) d CROSS JOIN " + v.joinRow() + " WHERE n.event_id = d.id" + meant.text,
		slices.Concat(newest.args, []any{maxScan}, meant.args),
	}
	n, err = r.countOf(ctx, list, limit)
	return n, more <= maxScan || n == limit, err
}

// countOf counts what sources have, up to a limit.
func (r queries) countOf(ctx context.Context, list []sqlFragment, limit int) (int, error) {
	all := union(list, "", limit)
	var n int
	err := r.get(ctx, "SELECT count(*) FROM ("+all.text+") page", all.args, &n)
	return n, err
}

// NewestNotification is the id of the newest notification of all, 0 where there
// is none. It tells that something is new, and to whom it does not.
func (r queries) NewestNotification(ctx context.Context) (int64, error) {
	var id int64
	err := r.get(ctx, "SELECT coalesce(max(event_id), 0) FROM notifications", nil, &id)
	return id, err
}
