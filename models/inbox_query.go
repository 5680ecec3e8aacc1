package models

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
)

// This file builds the SQL that selects a viewer's notifications: the sources that they
// come from, their order and the filters.

// sqlFragment is a part of a statement with its arguments.
type sqlFragment struct {
	text string
	args []any
}

func (q *sqlFragment) and(text string, args ...any) {
	q.text += text
	q.args = append(q.args[:len(q.args):len(q.args)], args...)
}

// inboxScope is what a viewer's inbox is read by.
type inboxScope struct {
	viewer  Viewer
	dialect Dialect
	wide    bool // he has many products: all rows are read, and he sees some
	joined  joinedEvents
}

// joinedEvents has the products that a viewer sees, each with the event after which they
// came to see it. It is a JSON object, which the database returns in one row and reads
// again as a table. "" is not known.
type joinedEvents string

// inboxScopeOf returns a scope with the viewer's products, unless they have many.
func (r queries) inboxScopeOf(ctx context.Context, viewer Viewer, f InboxFilter) (inboxScope, error) {
	v := inboxScope{viewer: viewer, dialect: r.dialect}
	if viewer.Administrator || f.Archived || f.ProductID != 0 {
		return v, nil
	}
	object := "json_group_object(CAST(y.product_id AS TEXT), y.since)"
	if r.dialect == Postgres {
		object = "CAST(json_object_agg(y.product_id, y.since) AS TEXT)"
	}
	mine := v.roleSources(f)
	err := r.get(
		ctx,
		"WITH w AS MATERIALIZED (SELECT x.product_id, x.joined_event FROM ("+mine.text+") x LIMIT ?) SELECT CASE WHEN (SELECT count(*) FROM w) > ? THEN '' ELSE coalesce("+
			"(SELECT "+object+" FROM (SELECT w.product_id, min(w.joined_event) AS since FROM w GROUP BY w.product_id) y), '{}') END",
		append(mine.args, fewProducts+1, fewProducts),
		&v.joined,
	)
	v.wide = v.joined == ""
	return v, err
}

// parse returns the event after which the viewer came to see each product.
func (s joinedEvents) parse() (seen map[int64]int64, err error) {
	err = json.Unmarshal([]byte(s), &seen)
	return seen, err
}

// roleSources selects the viewer's roles in the products that the filter allows.
func (v inboxScope) roleSources(f InboxFilter) sqlFragment {
	switch {
	case f.ProductID != 0:
		return sqlFragment{roleUnionSQL("= ?", "= ?", viewing), repeatArgs(4, v.viewer.UserID, f.ProductID)}
	case f.GroupID != 0:
		return sqlFragment{
			roleUnionSQL("= ?", "IN (SELECT g.id FROM products g WHERE g.group_id = ?)", viewing),
			repeatArgs(4, v.viewer.UserID, f.GroupID),
		}
	}
	return sqlFragment{roleUnionSQL("= ?", "", viewing), repeatArgs(4, v.viewer.UserID)}
}

// newestIDs selects the ids of the newest of all sources.
func (v inboxScope) newestIDs(f InboxFilter) sqlFragment { return union(v.sources(f), "DESC", f.Limit) }

// union selects up to limit ids of all sources: by id in an order ("ASC", "DESC"), or
// with "" in none.
func union(list []sqlFragment, order string, limit int) sqlFragment {
	by := func(column string) string {
		if order == "" {
			return ""
		}
		return " ORDER BY " + column + " " + order
	}
	all := sqlFragment{text: "SELECT u.id FROM ("}
	for i, s := range list {
		if i > 0 {
			all.text += " UNION ALL "
		}
		all.and("SELECT a.id FROM (SELECT s.id FROM ("+s.text+") s"+by("s.id")+" LIMIT ?) a", append(s.args, limit)...)
	}
	all.and(") u"+by("u.id")+" LIMIT ?", limit)
	return all
}

// sources returns the selects that a viewer's notifications come from, each notification
// in exactly one: their products, what is for them alone and has no product, or, for
// administrators and viewers of many products, all rows. Unread are the rows after the
// viewer's marker, and those marked as unread. Archived rows are found by their marks.
func (v inboxScope) sources(f InboxFilter) []sqlFragment {
	user := v.viewer.UserID
	if f.Archived {
		return []sqlFragment{v.markedRows(f, "k.archived")}
	}
	var list []sqlFragment
	cond := bounds(f)
	if f.Unread {
		list = append(list, v.markedRows(f, "NOT k.viewed"))
		cond.and(" AND n.event_id > "+upTo+notMarked, user, user)
		if !v.wide {
			cond.and(" AND n.silence_id IS NULL")
		}
	} else if !v.wide {
		cond.and(notArchived, user)
	}
	switch {
	case v.wide:
		return append(list, sqlFragment{"SELECT n.event_id AS id FROM notifications n WHERE 1 = 1" + cond.text, cond.args})
	case v.viewer.Administrator && f.GroupID != 0:
		return append(
			list,
			v.perProduct(
				sqlFragment{"(SELECT g.id AS product_id, 0 AS since FROM products g WHERE g.group_id = ?) vis", []any{f.GroupID}},
				f,
				cond,
			),
		)
	case v.viewer.Administrator && f.ProductID != 0:
		cond.and(" AND n.product_id = ?", f.ProductID)
		fallthrough
	case v.viewer.Administrator:
		return append(list, sqlFragment{"SELECT n.event_id AS id FROM notifications n WHERE 1 = 1" + cond.text, cond.args})
	}
	vis := v.visibleProducts(f)
	if list = append(list, v.perProduct(vis, f, cond)); f.ProductID == 0 && f.GroupID == 0 {
		list = append(list, sqlFragment{
			"SELECT n.event_id AS id FROM notifications n WHERE n.user_id = ? AND n.product_id IS NULL" + cond.text,
			append([]any{user}, cond.args...),
		})
	}
	return list
}

// visibleProducts is a table of the products that a viewer sees: those that were looked
// up, else those of their roles.
func (v inboxScope) visibleProducts(f InboxFilter) sqlFragment {
	if v.joined == "" {
		mine := v.roleSources(f)
		return sqlFragment{
			"(SELECT w.product_id, min(w.joined_event) AS since FROM (" + mine.text + ") w GROUP BY w.product_id) vis",
			mine.args,
		}
	}
	table := "(SELECT CAST(j.key AS INTEGER) AS product_id, j.value AS since FROM json_each(?) j) vis"
	if v.dialect == Postgres {
		table = "(SELECT CAST(j.key AS BIGINT) AS product_id, CAST(j.value AS BIGINT) AS since FROM json_each_text(CAST(CAST(? AS TEXT) AS JSON)) j) vis"
	}
	return sqlFragment{table, []any{string(v.joined)}}
}

// Conditions for rows that are not archived, and for rows without a mark. PostgreSQL
// estimates IS NULL to be rare and would not use the index, hence this form.
const (
	notArchived = " AND NOT coalesce((SELECT h.archived FROM marks h WHERE h.user_id = ? AND h.event_id = n.event_id), FALSE)"
	notMarked   = " AND NOT coalesce((SELECT TRUE FROM marks h WHERE h.user_id = ? AND h.event_id = n.event_id), FALSE)"
)

// perProduct selects rows of some products, each read newest first by its own index: on
// SQLite a CROSS JOIN pins that order, on PostgreSQL a LATERAL join does.
func (v inboxScope) perProduct(vis sqlFragment, f InboxFilter, cond sqlFragment) sqlFragment {
	where := "n.product_id = vis.product_id" + cond.text
	if f.Unread {
		where += " AND n.event_id > vis.since"
	}
	if v.dialect == Postgres &&
		f.Limit > 0 { // the newest of each product tells which of them can be on the page, and from where on
		newest := func(and string) string {
			return " CROSS JOIN LATERAL (SELECT n.event_id AS id FROM notifications n WHERE " + where + and + " ORDER BY n.event_id DESC LIMIT ?) h"
		}
		best := "WITH best AS MATERIALIZED (SELECT vis.product_id, vis.since, h.id FROM " + vis.text + newest(
			"",
		) + " ORDER BY h.id DESC LIMIT ?) "
		return sqlFragment{
			best + "SELECT h.id FROM best vis" + newest(
				" AND n.event_id >= (SELECT CASE WHEN count(*) < ? THEN 0 ELSE min(b.id) END FROM best b)",
			),
			slices.Concat(vis.args, cond.args, []any{1, f.Limit}, cond.args, []any{f.Limit, f.Limit}),
		}
	}
	if v.dialect == Postgres { // OFFSET 0 keeps it from being planned as a plain join
		return sqlFragment{
			"SELECT h.id FROM " + vis.text + " CROSS JOIN LATERAL (SELECT n.event_id AS id FROM notifications n WHERE " + where + " OFFSET 0) h",
			slices.Concat(vis.args, cond.args),
		}
	}
	return sqlFragment{
		"SELECT n.event_id AS id FROM " + vis.text + " CROSS JOIN notifications n WHERE " + where,
		slices.Concat(vis.args, cond.args),
	}
}

// markedRows selects rows that the viewer has marked and can see.
func (v inboxScope) markedRows(f InboxFilter, mark string) sqlFragment {
	cond := bounds(f)
	product, productArgs := ofProducts(f)
	cond.and(product, productArgs...)
	visible, args := v.viewer.where()
	cond.and(" AND "+visible, args...)
	return sqlFragment{
		"SELECT n.event_id AS id FROM marks k JOIN notifications n ON n.event_id = k.event_id WHERE k.user_id = ? AND " + mark + cond.text,
		append([]any{v.viewer.UserID}, cond.args...),
	}
}

// ofProducts returns the condition on the product of a row.
func ofProducts(f InboxFilter) (string, []any) {
	switch {
	case f.ProductID != 0:
		return " AND n.product_id = ?", []any{f.ProductID}
	case f.GroupID != 0:
		return " AND (SELECT g.group_id FROM products g WHERE g.id = n.product_id) = ?", []any{f.GroupID}
	}
	return "", nil
}

// bounds returns the conditions on the id of a row.
func bounds(f InboxFilter) sqlFragment {
	var cond sqlFragment
	if f.Before != 0 {
		cond.and(" AND n.event_id < ?", f.Before)
	}
	if f.After != 0 {
		cond.and(" AND n.event_id > ?", f.After)
	}
	return cond
}

// rowFilter returns the conditions that need the row itself, not only its id.
func (v inboxScope) rowFilter(f InboxFilter) sqlFragment {
	var cond sqlFragment
	if v.wide {
		cond = v.unreadFilter(f)
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
		if v.viewer.Administrator {
			readable = ""
		}
		cond.and(` AND (lower(n.name) LIKE lower(?) ESCAPE '\' OR `+readable+`lower(n.message) LIKE lower(?) ESCAPE '\'
			OR (SELECT lower(q.name) LIKE lower(?) ESCAPE '\' FROM products q WHERE q.id = n.product_id))`, like, like, like)
	}
	return cond
}

// unreadFilter returns the conditions on rows that a viewer of many products can see and
// has neither archived nor read.
func (v inboxScope) unreadFilter(f InboxFilter) sqlFragment {
	product, productArgs := ofProducts(f)
	if !f.Unread {
		visible, args := v.viewer.where()
		cond := sqlFragment{" AND " + visible + notArchived, append(args, v.viewer.UserID)}
		cond.and(product, productArgs...)
		return cond
	}
	since := "SELECT min(a.joined_event) FROM (" + roleUnionSQL("= ?", "= n.product_id", viewing) + ") a"
	unread := sqlFragment{
		" AND coalesce((SELECT NOT k.viewed FROM marks k WHERE k.user_id = ? AND k.event_id = n.event_id), n.silence_id IS NULL AND (n.user_id = ? OR n.event_id > (" + since + ")))",
		repeatArgs(6, v.viewer.UserID),
	}
	unread.and(product, productArgs...)
	return unread
}

// joinRow joins the notification with the id of d one by one, since PostgreSQL might read
// the whole table otherwise.
func (v inboxScope) joinRow() string {
	if v.dialect == Postgres {
		return "LATERAL (SELECT * FROM notifications WHERE event_id = d.id OFFSET 0) n"
	}
	return "notifications n"
}
