package models

import "strings"

// Conditions for rows that are neither archived nor snoozed, and for rows without
// a mark. PostgreSQL
// estimates IS NULL to be rare and would not use the index, hence this form.
const (
	notHidden = `NOT coalesce((
		SELECT h.archived OR coalesce(h.snoozed_until, 0) > ?
		FROM marks h
		WHERE h.user_id = ?
		AND h.event_id = n.event_id
	), FALSE)`
	notMarked = `NOT coalesce((
		SELECT TRUE
		FROM marks h
		WHERE h.user_id = ?
		AND h.event_id = n.event_id
	), FALSE)`
)

// andID adds the keyset, Before and After, and leaves out the rows that are on top.
func (q inboxQuery) andID(cond *sqlFragment) {
	if q.filter.Before != 0 {
		cond.and("n.event_id < ?", q.filter.Before)
	}
	if q.filter.After != 0 {
		cond.and("n.event_id > ?", q.filter.After)
	}
	if len(q.filter.without) > 0 {
		cond.and("n.event_id NOT IN ("+placeholders(len(q.filter.without))+")", toAny(q.filter.without)...)
	}
}

// andReadState adds Unread, or that a row is in the inbox, as far as the row's id decides it.
// In a wide query andUnreadOfWide or andVisible does the rest.
func (q inboxQuery) andReadState(cond *sqlFragment) {
	user := q.viewer.UserID
	switch {
	case q.filter.Unread:
		cond.and("n.event_id > "+readUpTo, user)
		cond.and(notMarked, user)
		if !q.wide {
			cond.and("n.silence_id IS NULL")
		}
	case !q.wide:
		cond.and(notHidden, q.now, user)
	}
}

// andProduct adds ProductID, or else GroupID.
func (q inboxQuery) andProduct(cond *sqlFragment) {
	switch {
	case q.filter.ProductID != 0:
		cond.and("n.product_id = ?", q.filter.ProductID)
	case q.filter.GroupID != 0:
		cond.and("(SELECT g.group_id FROM products g WHERE g.id = n.product_id) = ?", q.filter.GroupID)
	}
}

// andVisible adds that the viewer can see the row.
func (q inboxQuery) andVisible(cond *sqlFragment) {
	cond.andWhere(q.viewer.where())
}

// rowFilter returns the conditions that need the row itself, not only its id.
func (q inboxQuery) rowFilter() sqlFragment {
	var cond sqlFragment
	if q.wide {
		q.andWide(&cond)
	}
	q.andType(&cond)
	q.andSeverity(&cond)
	q.andTime(&cond)
	q.andText(&cond)
	return cond
}

// andWide adds what sources leaves out of a wide query: the viewer can see the row and has
// not archived, snoozed or, with Unread, read it; and the filter's product.
func (q inboxQuery) andWide(cond *sqlFragment) {
	if q.filter.Unread {
		q.andUnreadOfWide(cond)
	} else {
		q.andVisible(cond)
		cond.and(notHidden, q.now, q.viewer.UserID)
	}
	q.andProduct(cond)
}

// andUnreadOfWide adds that a row is marked as unread, or has no mark, was not silenced and
// is for the viewer alone or newer than their joining its product.
func (q inboxQuery) andUnreadOfWide(cond *sqlFragment) {
	cond.and(`coalesce((
		SELECT NOT k.viewed AND coalesce(k.snoozed_until, 0) <= ?
		FROM marks k
		WHERE k.user_id = ?
		AND k.event_id = n.event_id
	), n.silence_id IS NULL AND (n.user_id = ? OR n.event_id > (
		SELECT min(a.joined_event)
		FROM (`+roleUnionSQL("= ?", "= n.product_id", viewing)+`) a
	)))`, append([]any{q.now}, repeatArgs(2+roleSelects, q.viewer.UserID)...)...)
}

// andType adds Type: the type itself, or all types of the family.
func (q inboxQuery) andType(cond *sqlFragment) {
	if q.filter.Type == "" {
		return
	}
	family := strings.TrimPrefix(contains(q.filter.Type+"."), "%")
	cond.and(`(n.type = ? OR n.type LIKE ? ESCAPE '\')`, q.filter.Type, family)
}

// andSeverity adds Severity.
func (q inboxQuery) andSeverity(cond *sqlFragment) {
	if q.filter.Severity != nil {
		cond.and("n.severity <= ?", *q.filter.Severity)
	}
}

// andTime adds Since and Until.
func (q inboxQuery) andTime(cond *sqlFragment) {
	if !q.filter.Since.IsZero() {
		cond.and("n.at >= ?", micro(q.filter.Since))
	}
	if !q.filter.Until.IsZero() {
		cond.and("n.at <= ?", micro(q.filter.Until))
	}
}

// andText adds Text. A search does not find redacted messages.
func (q inboxQuery) andText(cond *sqlFragment) {
	if q.filter.Text == "" {
		return
	}
	readable := "n.type <> '" + redactedType + "' AND "
	if q.viewer.Administrator {
		readable = ""
	}
	like := contains(q.filter.Text)
	cond.and(`(lower(n.name) LIKE lower(?) ESCAPE '\'
		OR `+readable+`lower(n.message) LIKE lower(?) ESCAPE '\'
		OR (SELECT lower(q.name) LIKE lower(?) ESCAPE '\' FROM products q WHERE q.id = n.product_id))`, like, like, like)
}
