package models

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
)

// How a reader comes to his notifications, in SQL: where they are looked for,
// in which order, and what of it is meant.

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
	since   since
}

// since are products that a reader sees, each with the event after which he
// came to see it, as a JSON object: so the database makes it in one row, and
// takes it back as a table. "" is not known.
type since string

// viewOf looks up a reader's products, once for all that follows, unless he has
// many.
func (r reads) viewOf(ctx context.Context, who Reader, f InboxFilter) (view, error) {
	v := view{who: who, dialect: r.dialect}
	if who.Administrator || f.Archived || f.ProductID != 0 {
		return v, nil
	}
	object := "json_group_object(CAST(y.product_id AS TEXT), y.since)"
	if r.dialect == Postgres {
		object = "CAST(json_object_agg(y.product_id, y.since) AS TEXT)"
	}
	mine := v.mine(f)
	err := r.get(ctx, "WITH w AS MATERIALIZED (SELECT x.product_id, x.joined_event FROM ("+mine.text+") x LIMIT ?) SELECT CASE WHEN (SELECT count(*) FROM w) > ? THEN '' ELSE coalesce("+
		"(SELECT "+object+" FROM (SELECT w.product_id, min(w.joined_event) AS since FROM w GROUP BY w.product_id) y), '{}') END",
		append(mine.args, fewProducts+1, fewProducts), &v.since)
	v.wide = v.since == ""
	return v, err
}

// of tells after which event a reader came to see each product.
func (s since) of() (seen map[int64]int64, err error) {
	err = json.Unmarshal([]byte(s), &seen)
	return seen, err
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
func (v view) page(f InboxFilter) fragment { return union(v.sources(f), "DESC", f.Limit) }

// union selects ids of all sources up to a limit, in an order or, with "", as
// they come.
func union(list []fragment, order string, limit int) fragment {
	by := func(column string) string {
		if order == "" {
			return ""
		}
		return " ORDER BY " + column + " " + order
	}
	all := fragment{text: "SELECT u.id FROM ("}
	for i, s := range list {
		if i > 0 {
			all.text += " UNION ALL "
		}
		all.and("SELECT a.id FROM (SELECT s.id FROM ("+s.text+") s"+by("s.id")+" LIMIT ?) a", append(s.args, limit)...)
	}
	all.and(") u"+by("u.id")+" LIMIT ?", limit)
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
	vis := v.visible(f)
	if list = append(list, v.each(vis, f, cond)); f.ProductID == 0 && f.GroupID == 0 {
		list = append(list, fragment{"SELECT n.event_id AS id FROM notifications n WHERE n.user_id = ? AND n.product_id IS NULL" + cond.text, append([]any{user}, cond.args...)})
	}
	return list
}

// visible are the products that a reader sees, as a table: those that were
// looked up, else by his roles.
func (v view) visible(f InboxFilter) fragment {
	if v.since == "" {
		mine := v.mine(f)
		return fragment{"(SELECT w.product_id, min(w.joined_event) AS since FROM (" + mine.text + ") w GROUP BY w.product_id) vis", mine.args}
	}
	table := "(SELECT CAST(j.key AS INTEGER) AS product_id, j.value AS since FROM json_each(?) j) vis"
	if v.dialect == Postgres {
		table = "(SELECT CAST(j.key AS BIGINT) AS product_id, CAST(j.value AS BIGINT) AS since FROM json_each_text(CAST(CAST(? AS TEXT) AS JSON)) j) vis"
	}
	return fragment{table, []any{string(v.since)}}
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

// row is the notification with the id of d, looked up one by one: PostgreSQL
// might read all of them otherwise.
func (v view) row() string {
	if v.dialect == Postgres {
		return "LATERAL (SELECT * FROM notifications WHERE event_id = d.id OFFSET 0) n"
	}
	return "notifications n"
}
