package models

import (
	"context"
	"slices"
	"strings"
	"time"
)

// How much of an inbox is looked at.
const (
	fewProducts = 400    // a reader of more is looked for among the newest rows of all first
	scanFirst   = 200    // how many of these, at first
	scanMost    = 2_000  // and at most
	firstChunk  = 500    // rows that are searched at once, four times more each time
	lookMost    = 20_500 // rows that are searched before the reader is asked whether to go on
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

// Narrowed reports whether a filter leaves anything out that is not put away or
// on another page.
func (f InboxFilter) Narrowed() bool {
	return f.searches() || f.Unread || f.Archived || f.ProductID != 0 || f.GroupID != 0
}

// InboxPage is a page of an inbox, newest first.
type InboxPage struct {
	Rows    []Notification
	Further int64 // the search came to this id and stopped, the page may not be full; 0 = it went through
}

// Inbox lists a reader's notifications, newest first, however long it takes to
// find them.
func (r reads) Inbox(ctx context.Context, who Reader, f InboxFilter) ([]Notification, error) {
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
func (r reads) InboxPage(ctx context.Context, who Reader, f InboxFilter) (InboxPage, error) {
	ids, further, err := r.InboxIDs(ctx, who, f)
	if err != nil || len(ids) == 0 {
		return InboxPage{Further: further}, err
	}
	rows, err := r.inboxRows(ctx, who, ids)
	return InboxPage{rows, further}, err
}

// inboxRows reads rows that the reader may see, newest first.
func (r reads) inboxRows(ctx context.Context, who Reader, ids []int64) ([]Notification, error) {
	viewed, args := who.viewed()
	args = append(append(args, who.UserID), anys(ids)...)
	list := make([]Notification, 0, len(ids))
	err := r.query(ctx, "SELECT "+notificationColumns+", "+viewed+", "+archived+" FROM notifications n LEFT JOIN products p ON p.id = n.product_id WHERE n.event_id IN ("+marks(len(ids))+") ORDER BY n.event_id DESC",
		args, collect(&list, (*Notification).dst))
	for i := range list {
		who.mask(&list[i])
	}
	return list, err
}

// ReadStates finds rows of a reader's inbox by their ids, newest first; what
// he may not see, or is no more, is left out.
func (r reads) ReadStates(ctx context.Context, who Reader, ids []int64) ([]Notification, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	visible, err := r.visible(ctx, who, ids)
	if err != nil || len(visible) == 0 {
		return nil, err
	}
	return r.inboxRows(ctx, who, visible)
}

// visible are those of some ids that a reader may see.
func (r reads) visible(ctx context.Context, who Reader, ids []int64) ([]int64, error) {
	cond, args := who.where()
	var list []int64
	err := r.query(ctx, "SELECT n.event_id FROM notifications n WHERE n.event_id IN ("+marks(len(ids))+") AND "+cond, append(anys(ids), args...),
		collect(&list, func(id *int64) []any { return []any{id} }))
	return list, err
}

// InboxIDs is InboxPage for the ids alone.
func (r reads) InboxIDs(ctx context.Context, who Reader, f InboxFilter) (ids []int64, further int64, err error) {
	if f, err = r.between(ctx, f); err != nil {
		return nil, 0, err
	}
	v, err := r.viewOf(ctx, who, f)
	if err != nil {
		return nil, 0, err
	}
	if f.searches() {
		return r.search(ctx, v, f)
	}
	if v.wide {
		for _, size := range []int{scanFirst, scanMost} {
			ids, last, err := r.chunk(ctx, v, f, size)
			if err != nil || len(ids) == f.Limit || last == 0 {
				return ids, 0, err
			}
		}
		v.wide = false
	}
	err = r.query(ctx, v.page(f).text, v.page(f).args, collect(&ids, func(id *int64) []any { return []any{id} }))
	return ids, 0, err
}

// search reads rows, in larger and larger chunks, until a page is full, there
// are no more, or it has been at it for long.
func (r reads) search(ctx context.Context, v view, f InboxFilter) (ids []int64, further int64, err error) {
	limit := f.Limit
	for size, seen := firstChunk, 0; ; size *= 4 {
		size = min(size, lookMost-seen)
		found, last, err := r.chunk(ctx, v, f, size)
		if err != nil {
			return nil, 0, err
		}
		ids, seen = append(ids, found...), seen+size
		if len(ids) >= limit || last == 0 {
			return ids, 0, nil
		}
		if seen >= lookMost {
			return ids, last, nil
		}
		f.Before, f.Limit = last, limit-len(ids)
	}
}

// chunk looks at so many rows, and says which of them are meant and which was
// the last, 0 where there were no more.
func (r reads) chunk(ctx context.Context, v view, f InboxFilter, size int) (ids []int64, last int64, err error) {
	all := f
	all.Limit = size
	look := v.page(all)
	meant := v.meant(f)
	var n int
	err = r.query(ctx, "WITH d AS MATERIALIZED ("+look.text+") SELECT (SELECT count(*) FROM d), coalesce((SELECT min(d.id) FROM d), 0), coalesce(m.id, 0) FROM (SELECT 1 AS one) o LEFT JOIN ("+
		"SELECT n.event_id AS id FROM d CROSS JOIN "+v.row()+" WHERE n.event_id = d.id"+meant.text+" ORDER BY n.event_id DESC LIMIT ?) m ON 1 = 1",
		slices.Concat(look.args, meant.args, []any{f.Limit}), func(rows scanner) error {
			var id int64
			err := rows.Scan(&n, &last, &id)
			if id != 0 {
				ids = append(ids, id)
			}
			return err
		})
	slices.SortFunc(ids, func(a, b int64) int { return int(b - a) })
	if n < size {
		last = 0
	}
	return ids, last, err
}

// CountInbox counts a reader's notifications up to a limit. Where a filter must
// look into many rows it stops there, and the count is not whole.
func (r reads) CountInbox(ctx context.Context, who Reader, f InboxFilter, limit int) (n int, whole bool, err error) {
	f.Limit = limit
	ids, further, err := r.InboxIDs(ctx, who, f)
	return len(ids), further == 0, err
}

// CountUnread counts a reader's unread notifications, up to a limit: a badge
// needs no more. It takes them as they come and stops there.
func (r reads) CountUnread(ctx context.Context, who Reader, limit int) (int, error) {
	f := InboxFilter{Unread: true}
	v, err := r.viewOf(ctx, who, f)
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
func (r reads) countWide(ctx context.Context, v view, f InboxFilter, limit int) (n int, whole bool, err error) {
	var more int
	if err := r.get(ctx, "SELECT count(*) FROM (SELECT 1 FROM notifications n WHERE n.event_id > "+upTo+" LIMIT ?) a", []any{v.who.UserID, scanMost + 1}, &more); err != nil {
		return 0, false, err
	}
	f.Limit = scanMost
	list := v.sources(f)
	meant := v.meant(f)
	newest := &list[len(list)-1]
	*newest = fragment{
		"SELECT n.event_id AS id FROM (" + newest.text + " ORDER BY n.event_id DESC LIMIT ?) d CROSS JOIN " + v.row() + " WHERE n.event_id = d.id" + meant.text,
		slices.Concat(newest.args, []any{scanMost}, meant.args),
	}
	n, err = r.countOf(ctx, list, limit)
	return n, more <= scanMost || n == limit, err
}

// row is the notification with the id of d, looked up one by one: PostgreSQL
// might read all of them otherwise.
func (v view) row() string {
	if v.dialect == Postgres {
		return "LATERAL (SELECT * FROM notifications WHERE event_id = d.id OFFSET 0) n"
	}
	return "notifications n"
}

// countOf counts what sources have, up to a limit.
func (r reads) countOf(ctx context.Context, list []fragment, limit int) (int, error) {
	var all fragment
	for i, s := range list {
		if i > 0 {
			all.text += " UNION ALL "
		}
		all.and("SELECT a.id FROM (SELECT s.id FROM ("+s.text+") s LIMIT ?) a", append(s.args, limit)...)
	}
	var n int
	err := r.get(ctx, "SELECT count(*) FROM (SELECT u.id FROM ("+all.text+") u LIMIT ?) page", append(all.args, limit), &n)
	return n, err
}

// between turns times into event ids, as far as ids follow time: two instances'
// clocks may differ, so that some more are looked at.
func (r reads) between(ctx context.Context, f InboxFilter) (InboxFilter, error) {
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
func (r reads) notificationAt(ctx context.Context, at time.Time) (int64, error) {
	var low, high int64
	if err := r.get(ctx, "SELECT coalesce(min(event_id), 0), coalesce(max(event_id), 0) + 1 FROM notifications", nil, &low, &high); err != nil {
		return 0, err
	}
	for low < high {
		middle := low + (high-low)/2
		var id, stamp int64
		if err := r.get(ctx, "SELECT event_id, at FROM notifications WHERE event_id >= ? ORDER BY event_id LIMIT 1", []any{middle}, &id, &stamp); err != nil {
			return 0, err
		}
		if stamp < at.UnixMicro() {
			low = id + 1
		} else {
			high = middle
		}
	}
	return high, nil
}

// fragment is a part of a statement with its arguments.
type fragment struct {
	text string
	args []any
}

func (q *fragment) and(text string, args ...any) {
	q.text += text
	q.args = append(q.args[:len(q.args):len(q.args)], args...)
}

// view is a reader's way to his notifications.
type view struct {
	who     Reader
	dialect Dialect
	wide    bool // he has many products: all rows are read, and he sees some
}

// viewOf sees whether a reader has many products.
func (r reads) viewOf(ctx context.Context, who Reader, f InboxFilter) (view, error) {
	v := view{who: who, dialect: r.dialect}
	if who.Administrator || f.Archived || f.ProductID != 0 {
		return v, nil
	}
	mine := v.mine(f)
	var n int
	err := r.get(ctx, "SELECT count(*) FROM (SELECT 1 FROM ("+mine.text+") w LIMIT ?) a", append(mine.args, fewProducts+1), &n)
	v.wide = n > fewProducts
	return v, err
}

// mine are the reader's roles in products that are meant.
func (v view) mine(f InboxFilter) fragment {
	switch {
	case f.ProductID != 0:
		return fragment{holders("= ?", "= ?", viewing), times(4, v.who.UserID, f.ProductID)}
	case f.GroupID != 0:
		return fragment{holders("= ?", "IN (SELECT g.id FROM products g WHERE g.group_id = ?)", viewing), times(4, v.who.UserID, f.GroupID)}
	}
	return fragment{holders("= ?", "", viewing), times(4, v.who.UserID)}
}

// page selects the ids of the newest of all sources.
func (v view) page(f InboxFilter) fragment {
	list := v.sources(f)
	all := fragment{text: "SELECT u.id FROM ("}
	for i, s := range list {
		if i > 0 {
			all.text += " UNION ALL "
		}
		all.and("SELECT a.id FROM (SELECT s.id FROM ("+s.text+") s ORDER BY s.id DESC LIMIT ?) a", append(s.args, f.Limit)...)
	}
	all.and(") u ORDER BY u.id DESC LIMIT ?", f.Limit)
	return all
}

// sources are where a reader's notifications come from, each in one of them:
// his products, what is for him alone and has no product, or, for
// administrators and those who see much, everywhere. Unread are those after
// what he has marked, and those marked as unread. What he has put away is found
// by its marks.
func (v view) sources(f InboxFilter) []fragment {
	user := v.who.UserID
	if f.Archived {
		return []fragment{v.marked(f, "k.archived")}
	}
	var list []fragment
	cond := bounds(f)
	if f.Unread {
		list = append(list, v.marked(f, "NOT k.viewed"))
		cond.and(" AND n.event_id > "+upTo+notMarked, user, user)
		if !v.wide {
			cond.and(" AND n.silence_id IS NULL")
		}
	} else if !v.wide {
		cond.and(notArchived, user)
	}
	switch {
	case v.wide:
		return append(list, fragment{"SELECT n.event_id AS id FROM notifications n WHERE 1 = 1" + cond.text, cond.args})
	case v.who.Administrator && f.GroupID != 0:
		return append(list, v.each(fragment{"(SELECT g.id AS product_id, 0 AS since FROM products g WHERE g.group_id = ?) vis", []any{f.GroupID}}, f, cond))
	case v.who.Administrator && f.ProductID != 0:
		cond.and(" AND n.product_id = ?", f.ProductID)
		fallthrough
	case v.who.Administrator:
		return append(list, fragment{"SELECT n.event_id AS id FROM notifications n WHERE 1 = 1" + cond.text, cond.args})
	}
	mine := v.mine(f)
	vis := fragment{"(SELECT w.product_id, min(w.joined_event) AS since FROM (" + mine.text + ") w GROUP BY w.product_id) vis", mine.args}
	if list = append(list, v.each(vis, f, cond)); f.ProductID == 0 && f.GroupID == 0 {
		list = append(list, fragment{"SELECT n.event_id AS id FROM notifications n WHERE n.user_id = ? AND n.product_id IS NULL" + cond.text, append([]any{user}, cond.args...)})
	}
	return list
}

// What a reader has not put away, and what he has no mark of. PostgreSQL takes
// IS NULL to be rare, and would not read by the index: so they are said like
// this.
const (
	notArchived = " AND NOT coalesce((SELECT h.archived FROM marks h WHERE h.user_id = ? AND h.event_id = n.event_id), FALSE)"
	notMarked   = " AND NOT coalesce((SELECT TRUE FROM marks h WHERE h.user_id = ? AND h.event_id = n.event_id), FALSE)"
)

// each are those of some products, each read newest first by its own index: on
// SQLite a CROSS JOIN pins that order, on PostgreSQL a LATERAL join does.
func (v view) each(vis fragment, f InboxFilter, cond fragment) fragment {
	where := "n.product_id = vis.product_id" + cond.text
	if f.Unread {
		where += " AND n.event_id > vis.since"
	}
	if v.dialect == Postgres && f.Limit > 0 { // the newest of each product tells which of them can be on the page, and from where on
		newest := func(and string) string {
			return " CROSS JOIN LATERAL (SELECT n.event_id AS id FROM notifications n WHERE " + where + and + " ORDER BY n.event_id DESC LIMIT ?) h"
		}
		best := "WITH best AS MATERIALIZED (SELECT vis.product_id, vis.since, h.id FROM " + vis.text + newest("") + " ORDER BY h.id DESC LIMIT ?) "
		return fragment{
			best + "SELECT h.id FROM best vis" + newest(" AND n.event_id >= (SELECT CASE WHEN count(*) < ? THEN 0 ELSE min(b.id) END FROM best b)"),
			slices.Concat(vis.args, cond.args, []any{1, f.Limit}, cond.args, []any{f.Limit, f.Limit}),
		}
	}
	if v.dialect == Postgres { // OFFSET 0 keeps it from being planned as a plain join
		return fragment{"SELECT h.id FROM " + vis.text + " CROSS JOIN LATERAL (SELECT n.event_id AS id FROM notifications n WHERE " + where + " OFFSET 0) h", slices.Concat(vis.args, cond.args)}
	}
	return fragment{"SELECT n.event_id AS id FROM " + vis.text + " CROSS JOIN notifications n WHERE " + where, slices.Concat(vis.args, cond.args)}
}

// marked are rows that the reader has a mark of and may see.
func (v view) marked(f InboxFilter, mark string) fragment {
	cond := bounds(f)
	product, productArgs := ofProducts(f)
	cond.and(product, productArgs...)
	visible, args := v.who.where()
	cond.and(" AND "+visible, args...)
	return fragment{
		"SELECT n.event_id AS id FROM marks k JOIN notifications n ON n.event_id = k.event_id WHERE k.user_id = ? AND " + mark + cond.text,
		append([]any{v.who.UserID}, cond.args...),
	}
}

// ofProducts is the condition on the product of a row.
func ofProducts(f InboxFilter) (string, []any) {
	switch {
	case f.ProductID != 0:
		return " AND n.product_id = ?", []any{f.ProductID}
	case f.GroupID != 0:
		return " AND (SELECT g.group_id FROM products g WHERE g.id = n.product_id) = ?", []any{f.GroupID}
	}
	return "", nil
}

// bounds are the conditions on the id of a row.
func bounds(f InboxFilter) fragment {
	var cond fragment
	if f.Before != 0 {
		cond.and(" AND n.event_id < ?", f.Before)
	}
	if f.After != 0 {
		cond.and(" AND n.event_id > ?", f.After)
	}
	return cond
}

// meant are the conditions on a row that must be read to be judged.
func (v view) meant(f InboxFilter) fragment {
	var cond fragment
	if v.wide {
		cond = v.seen(f)
	}
	if f.Type != "" {
		cond.and(` AND (n.type = ? OR n.type LIKE ? ESCAPE '\')`, f.Type, strings.TrimPrefix(contains(f.Type+"."), "%"))
	}
	if f.Severity != nil {
		cond.and(" AND n.severity <= ?", *f.Severity)
	}
	if !f.Since.IsZero() {
		cond.and(" AND n.at >= ?", micro(f.Since))
	}
	if !f.Until.IsZero() {
		cond.and(" AND n.at <= ?", micro(f.Until))
	}
	if f.Text != "" {
		like, readable := contains(f.Text), "n.type <> '"+maskedType+"' AND " // what is masked is not found either
		if v.who.Administrator {
			readable = ""
		}
		cond.and(` AND (lower(n.name) LIKE lower(?) ESCAPE '\' OR `+readable+`lower(n.message) LIKE lower(?) ESCAPE '\'
			OR (SELECT lower(q.name) LIKE lower(?) ESCAPE '\' FROM products q WHERE q.id = n.product_id))`, like, like, like)
	}
	return cond
}

// seen is what of all rows a reader of many products may see, and has not put
// away or viewed.
func (v view) seen(f InboxFilter) fragment {
	product, productArgs := ofProducts(f)
	if !f.Unread {
		visible, args := v.who.where()
		cond := fragment{" AND " + visible + notArchived, append(args, v.who.UserID)}
		cond.and(product, productArgs...)
		return cond
	}
	since := "SELECT min(a.joined_event) FROM (" + holders("= ?", "= n.product_id", viewing) + ") a"
	unread := fragment{
		" AND coalesce((SELECT NOT k.viewed FROM marks k WHERE k.user_id = ? AND k.event_id = n.event_id), n.silence_id IS NULL AND (n.user_id = ? OR n.event_id > (" + since + ")))",
		times(6, v.who.UserID),
	}
	unread.and(product, productArgs...)
	return unread
}

// NewestNotification is the id of the newest notification of all, 0 where there
// is none. It tells that something is new, and to whom it does not.
func (r reads) NewestNotification(ctx context.Context) (int64, error) {
	var id int64
	err := r.get(ctx, "SELECT coalesce(max(event_id), 0) FROM notifications", nil, &id)
	return id, err
}
