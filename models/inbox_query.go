package models

import (
	"context"
	"encoding/json"
	"slices"
)

// inboxQuery builds the SQL that selects a viewer's notifications. A statement is put
// together from three parts:
//
//   - the sources (see sources), which select ids, each from its own index: of the viewer's
//     products, of what is for the viewer alone, of marked rows, or of all rows
//   - the filters that an index covers: by product, group, id and read state
//   - the filters that need the row itself (see rowFilter): by type, severity, time and text
//
// Each filter is one and... method, which adds nothing where its filter is not set.
type inboxQuery struct {
	viewer  Viewer
	filter  InboxFilter
	dialect Dialect
	now     any  // the time, as it is stored
	wide    bool // the viewer has many products: read all rows and check each one's product
	joined  joinedEvents
}

// joinedEvents has the products that a viewer sees, each with its joined_event (see
// roleUnionSQL). It is a JSON object, which the database returns in one row and reads back
// as a table. "" is not known.
type joinedEvents string

// parse returns the joined event of each product.
func (j joinedEvents) parse() (joined map[int64]int64, err error) {
	err = json.Unmarshal([]byte(j), &joined)
	return joined, err
}

// newInboxQuery returns the query of a filter, with the viewer's products unless they have many.
func (r queries) newInboxQuery(ctx context.Context, viewer Viewer, f InboxFilter) (inboxQuery, error) {
	q := inboxQuery{viewer: viewer, filter: f, dialect: r.dialect, now: micro(r.Now())}
	if viewer.Administrator || q.isOfMarks() || f.ProductID != 0 {
		return q, nil
	}
	object := "json_group_object(CAST(y.product_id AS TEXT), y.since)"
	if r.dialect == Postgres {
		object = "CAST(json_object_agg(y.product_id, y.since) AS TEXT)"
	}
	roles := q.roleSources()
	err := r.get(ctx, `
		WITH w AS MATERIALIZED (
			SELECT x.product_id, x.joined_event
			FROM (`+roles.text+`) x
			LIMIT ?
		)
		SELECT CASE
			WHEN (SELECT count(*) FROM w) > ? THEN ''
			ELSE coalesce((
				SELECT `+object+`
				FROM (
					SELECT w.product_id, min(w.joined_event) AS since
					FROM w
					GROUP BY w.product_id
				) y
			), '{}')
		END`, append(roles.args, fewProducts+1, fewProducts), &q.joined)
	q.wide = q.joined == ""
	return q, err
}

// roleSources selects the viewer's roles in the products that the filter lets through.
func (q inboxQuery) roleSources() sqlFragment {
	user, f := q.viewer.UserID, q.filter
	switch {
	case f.ProductID != 0:
		return sqlFragment{roleUnionSQL("= ?", "= ?", viewing), repeatArgs(roleSelects, user, f.ProductID)}
	case f.GroupID != 0:
		const inGroup = "IN (SELECT g.id FROM products g WHERE g.group_id = ?)"
		return sqlFragment{roleUnionSQL("= ?", inGroup, viewing), repeatArgs(roleSelects, user, f.GroupID)}
	}
	return sqlFragment{roleUnionSQL("= ?", "", viewing), repeatArgs(roleSelects, user)}
}

// newestIDs selects the ids of the newest rows of all sources.
func (q inboxQuery) newestIDs() sqlFragment { return union(q.sources(), "DESC", q.filter.Limit) }

// union selects up to limit ids of all sources, sorted by id in order ("ASC", "DESC"), or
// unsorted with "".
func union(sources []sqlFragment, order string, limit int) sqlFragment {
	orderBy := func(column string) string {
		if order == "" {
			return ""
		}
		return " ORDER BY " + column + " " + order
	}
	all := sqlFragment{text: "SELECT u.id FROM ("}
	for i, s := range sources {
		if i > 0 {
			all.add(" UNION ALL ")
		}
		all.add(`
			SELECT a.id
			FROM (
				SELECT s.id
				FROM (`+s.text+`) s`+orderBy("s.id")+`
				LIMIT ?
			) a`, append(s.args, limit)...)
	}
	all.add(") u"+orderBy("u.id")+" LIMIT ?", limit)
	return all
}

// sources returns the selects that the viewer's notifications come from, each notification
// in exactly one: their products, and what is for them alone and has no product; or, for
// administrators and viewers of many products, all rows. Unread are the rows after the
// viewer's read position, and those marked as unread. Archived and snoozed rows are found by
// their mark.
func (q inboxQuery) sources() []sqlFragment {
	switch {
	case len(q.filter.only) > 0:
		return []sqlFragment{q.markedRows("k.event_id IN ("+placeholders(len(q.filter.only))+")", toAny(q.filter.only)...)}
	case q.filter.Archived:
		return []sqlFragment{q.markedRows("k.archived")}
	case q.filter.Snoozed:
		return []sqlFragment{q.markedRows("k.snoozed_until > ?", q.now)}
	}
	var list []sqlFragment
	if q.filter.Unread {
		list = append(list, q.markedRows("NOT k.viewed AND coalesce(k.snoozed_until, 0) <= ?", q.now))
	}
	var cond sqlFragment
	q.andID(&cond)
	q.andReadState(&cond)
	switch {
	case q.wide:
		return append(list, allRows(cond))
	case q.viewer.Administrator && q.filter.GroupID != 0:
		return append(list, q.perProduct(q.productsOfGroup(), cond))
	case q.viewer.Administrator:
		q.andProduct(&cond)
		return append(list, allRows(cond))
	}
	list = append(list, q.perProduct(q.visibleProducts(), cond))
	if q.filter.ProductID == 0 && q.filter.GroupID == 0 {
		list = append(list, q.ownRows(cond))
	}
	return list
}

// allRows selects rows of all notifications.
func allRows(cond sqlFragment) sqlFragment {
	return sqlFragment{`
		SELECT n.event_id AS id
		FROM notifications n
		WHERE 1 = 1` + cond.text, cond.args}
}

// ownRows selects rows that are for the viewer alone and have no product.
func (q inboxQuery) ownRows(cond sqlFragment) sqlFragment {
	return sqlFragment{`
		SELECT n.event_id AS id
		FROM notifications n
		WHERE n.user_id = ?
		AND n.product_id IS NULL` + cond.text, append([]any{q.viewer.UserID}, cond.args...)}
}

// isOfMarks reports whether all rows are found by their mark.
func (q inboxQuery) isOfMarks() bool {
	return q.filter.Archived || q.filter.Snoozed || len(q.filter.only) > 0
}

// markedRows selects rows that the viewer has marked and can see.
func (q inboxQuery) markedRows(mark string, args ...any) sqlFragment {
	rows := sqlFragment{text: `
		SELECT n.event_id AS id
		FROM marks k
		JOIN notifications n ON n.event_id = k.event_id
		WHERE k.user_id = ?
		AND ` + mark, args: append([]any{q.viewer.UserID}, args...)}
	q.andID(&rows)
	q.andProduct(&rows)
	q.andVisible(&rows)
	return rows
}

// productsOfGroup is a table of the products of the filter's group, for administrators, who
// have seen them from the first event on.
func (q inboxQuery) productsOfGroup() sqlFragment {
	return sqlFragment{`(
		SELECT g.id AS product_id, 0 AS since
		FROM products g
		WHERE g.group_id = ?
	) vis`, []any{q.filter.GroupID}}
}

// visibleProducts is a table of the products that the viewer sees: the joined events where
// they are known, else those of the viewer's roles.
func (q inboxQuery) visibleProducts() sqlFragment {
	if q.joined == "" {
		roles := q.roleSources()
		return sqlFragment{`(
			SELECT w.product_id, min(w.joined_event) AS since
			FROM (` + roles.text + `) w
			GROUP BY w.product_id
		) vis`, roles.args}
	}
	table := `(
		SELECT CAST(j.key AS INTEGER) AS product_id, j.value AS since
		FROM json_each(?) j
	) vis`
	if q.dialect == Postgres {
		table = `(
			SELECT CAST(j.key AS BIGINT) AS product_id, CAST(j.value AS BIGINT) AS since
			FROM json_each_text(CAST(CAST(? AS TEXT) AS JSON)) j
		) vis`
	}
	return sqlFragment{table, []any{string(q.joined)}}
}

// perProduct selects rows of the products in the table vis, each read newest first by its
// own index: on SQLite a CROSS JOIN pins that order, on PostgreSQL a LATERAL join does.
func (q inboxQuery) perProduct(vis, cond sqlFragment) sqlFragment {
	where := `
			WHERE n.product_id = vis.product_id` + cond.text
	if q.filter.Unread {
		where += " AND n.event_id > vis.since"
	}
	switch {
	case q.dialect == SQLite:
		return sqlFragment{`
			SELECT n.event_id AS id
			FROM ` + vis.text + `
			CROSS JOIN notifications n` + where, slices.Concat(vis.args, cond.args)}
	case q.filter.Limit > 0:
		return newestPerProduct(vis, sqlFragment{where, cond.args}, q.filter.Limit)
	}
	// OFFSET 0 keeps the subquery from being planned as a plain join.
	return sqlFragment{`
		SELECT h.id
		FROM ` + vis.text + `
		CROSS JOIN LATERAL (
			SELECT n.event_id AS id
			FROM notifications n` + where + `
			OFFSET 0
		) h`, slices.Concat(vis.args, cond.args)}
}

// newestPerProduct selects, on PostgreSQL, up to limit rows of each product that can be
// among the newest limit rows of all. The newest row of each product decides which products
// these are, and from which id on their rows count.
func newestPerProduct(vis, where sqlFragment, limit int) sqlFragment {
	all := sqlFragment{text: `
		WITH best AS MATERIALIZED (
			SELECT vis.product_id, vis.since, h.id
			FROM `}
	all.add(vis.text, vis.args...)
	all.addNewest(where, 1)
	all.add(`
			ORDER BY h.id DESC
			LIMIT ?
		)
		SELECT h.id
		FROM best vis`, limit)
	where.add(" AND n.event_id >= (SELECT CASE WHEN count(*) < ? THEN 0 ELSE min(b.id) END FROM best b)", limit)
	all.addNewest(where, limit)
	return all
}

// addNewest joins h, the newest rows of each row of vis, up to limit of them.
func (s *sqlFragment) addNewest(where sqlFragment, limit int) {
	s.add(`
		CROSS JOIN LATERAL (
			SELECT n.event_id AS id
			FROM notifications n`+where.text, where.args...)
	s.add(`
			ORDER BY n.event_id DESC
			LIMIT ?
		) h`, limit)
}

// joinRow joins the notification with the id of d one by one, since PostgreSQL might read
// the whole table otherwise.
func (q inboxQuery) joinRow() string {
	if q.dialect == Postgres {
		return "LATERAL (SELECT * FROM notifications WHERE event_id = d.id OFFSET 0) n"
	}
	return "notifications n"
}
