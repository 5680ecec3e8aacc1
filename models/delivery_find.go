package models

import (
	"context"
	"slices"
	"strings"
	"time"
)

// indexedStates is the condition of the indexes deliveries_state and deliveries_product_state, word for
// word. They have no row of a message that arrives at once.
const indexedStates = "d.state IN ('retrying', 'dead', 'skipped', 'held', 'silenced', 'cancelled')"

// isIndexed reports whether the indexes of states have the deliveries of a filter.
func (f DeliveryFilter) isIndexed() bool {
	switch f.State {
	case DeliveryPending, DeliverySending, DeliveryDelivered:
		return false
	case "":
		return f.Trouble
	default:
		return true
	}
}

// isNarrow reports whether an index finds the few deliveries of a filter, whatever products a user sees.
func (f DeliveryFilter) isNarrow() bool {
	return f.ProductID != 0 || f.EventID != 0 || f.ResendID != 0 || len(f.IDs) > 0
}

// andFilter adds the conditions of a filter on d, without those of a scope.
func (f DeliveryFilter) andFilter(cond *sqlFragment) {
	if f.State != "" {
		cond.and("d.state = ?", f.State)
	}
	if f.Trouble {
		cond.and("d.state IN ('retrying', 'dead')")
	}
	if f.isIndexed() {
		cond.and(indexedStates)
	}
	if f.Final {
		cond.and("d.state NOT IN " + unfinishedStates)
	}
	if f.ProductID != 0 {
		cond.and("d.product_id = ?", f.ProductID)
	}
	connection := "d.connection_id"
	if f.isIndexed() {
		connection = "+d.connection_id" // a connection can have many that arrived
	}
	if f.ConnectionID != 0 {
		cond.and(connection+" = ?", f.ConnectionID)
	}
	if f.EventID != 0 {
		cond.and("d.event_id = ?", f.EventID)
	}
	f.andTime(cond)
	if f.ResendID != 0 {
		cond.and("d.resend_id = ?", f.ResendID)
	}
	if len(f.IDs) > 0 {
		cond.and("d.id IN ("+placeholders(len(f.IDs))+")", toAny(f.IDs)...)
	}
	if f.Connections != nil {
		cond.and(connection+" IN ("+placeholders(len(f.Connections))+")", toAny(f.Connections)...)
	}
}

// andTime adds Since and Until. The ids narrow the rows; the plus keeps the index of times out, which
// would read all rows of the time.
func (f DeliveryFilter) andTime(cond *sqlFragment) {
	if f.fromID != 0 {
		cond.and("d.id >= ?", f.fromID)
	}
	if f.toID != 0 {
		cond.and("d.id < ?", f.toID)
	}
	if !f.Since.IsZero() {
		cond.and("+d.created_at >= ?", micro(f.Since))
	}
	if !f.Until.IsZero() {
		cond.and("+d.created_at < ?", micro(f.Until))
	}
}

// timesOfDeliveries narrows a filter with times by ids too. Ids follow time only within clockSkew, so
// that the filter still checks the times of the rows.
func (r queries) timesOfDeliveries(ctx context.Context, f DeliveryFilter) (_ DeliveryFilter, err error) {
	if f.isNarrow() {
		return f, nil
	}
	if !f.Since.IsZero() {
		if f.fromID, err = r.deliveryAt(ctx, f.Since.Add(-clockSkew)); err != nil {
			return f, err
		}
	}
	if !f.Until.IsZero() {
		f.toID, err = r.deliveryAt(ctx, f.Until.Add(clockSkew))
	}
	return f, err
}

// deliveryAt returns the id of the first delivery at or after a time, or one more than the last id. It
// is a binary search over the ids.
func (r queries) deliveryAt(ctx context.Context, at time.Time) (int64, error) {
	return r.idAt(ctx, "deliveries", "id", "created_at", at)
}

// deliveryIDs returns the ids of up to f.Limit deliveries in scope, in the order of the place.
//
// The deliveries of a user's products are read product by product, each from its index, as those of
// the inbox are: a walk over all deliveries would read all that are newer than theirs. Only a user of
// many products reads the newest rows of all at first.
func (r queries) deliveryIDs(ctx context.Context, scope Scope, f DeliveryFilter) ([]int64, error) {
	f, err := r.timesOfDeliveries(ctx, f)
	if err != nil {
		return nil, err
	}
	if scope.user == 0 || f.isNarrow() {
		return r.walkDeliveries(ctx, scope, f)
	}
	cond := sqlFragment{text: "1 = 1"}
	f.andFilter(&cond)
	DeliveryOrders.where(&cond, f.Place)
	roles := sqlFragment{roleUnionSQL("= ?", "", viewing), repeatArgs(roleSelects, scope.user)}
	many, err := r.hasMany(ctx, roles)
	if err != nil {
		return nil, err
	}
	if many && !f.isIndexed() {
		ids, err := r.walkNearby(ctx, scope, f)
		if err != nil || len(ids) >= f.Limit {
			return ids, err
		}
	}
	all := scope.deliverySources(r.dialect, roles, cond, DeliveryOrders.by(f.Place), f.Limit)
	var ids []int64
	err = r.query(ctx, all.text, all.args, collect(&ids, idDst))
	return ids, err
}

// hasMany reports whether a user has roles in more than fewProducts products.
func (r queries) hasMany(ctx context.Context, roles sqlFragment) (bool, error) {
	var n int
	err := r.get(ctx, "SELECT count(*) FROM (SELECT 1 FROM ("+roles.text+") w LIMIT ?) x",
		append(slices.Clone(roles.args), fewProducts+1), &n)
	return n > fewProducts, err
}

// walkDeliveries reads deliveries in the order of their ids, or from the index of a filter, and checks
// the rights to each.
func (r queries) walkDeliveries(ctx context.Context, scope Scope, f DeliveryFilter) ([]int64, error) {
	cond := conditionOf(deliveryCondition(scope, f))
	DeliveryOrders.where(&cond, f.Place)
	var ids []int64
	err := r.query(ctx, "SELECT d.id FROM deliveries d WHERE "+cond.text+" ORDER BY "+DeliveryOrders.by(f.Place)+
		" LIMIT ?", append(cond.args, f.Limit), collect(&ids, idDst))
	return ids, err
}

// walkNearby is walkDeliveries for the ids within maxScan of the place.
func (r queries) walkNearby(ctx context.Context, scope Scope, f DeliveryFilter) ([]int64, error) {
	order := DeliveryOrders.of(f.Place)
	beside := sqlFragment{text: "1 = 1"}
	f.andTime(&beside)
	DeliveryOrders.where(&beside, f.Place)
	end := "max"
	if !order.isDesc(f.Place) {
		end = "min"
	}
	var at int64
	if err := r.get(ctx, "SELECT coalesce("+end+"(d.id), 0) FROM (SELECT d.id FROM deliveries d WHERE "+beside.text+
		" ORDER BY "+DeliveryOrders.by(f.Place)+" LIMIT 1) d", beside.args, &at); err != nil {
		return nil, err
	}
	if order.isDesc(f.Place) {
		f.fromID = max(f.fromID, at-maxScan)
	} else if f.toID == 0 || f.toID > at+maxScan {
		f.toID = at + maxScan
	}
	return r.walkDeliveries(ctx, scope, f)
}

// deliverySources selects the ids of the deliveries of a user: of their products, to their own
// connections, and tests of the connections of groups that they can edit (see whereDelivery).
func (s Scope) deliverySources(d Dialect, roles, cond sqlFragment, by string, limit int) sqlFragment {
	own := sqlFragment{`(
		SELECT o.id
		FROM connections o
		WHERE o.user_id = ?
	) vis`, []any{s.user}}
	groups := sqlFragment{`(
		SELECT DISTINCT o.id
		FROM (` + groupRoleUnionSQL("= ?", "> 0", editing) + `) w
		JOIN connections o ON o.group_id = w.group_id
	) vis`, repeatArgs(groupRoleSelects, s.user)}
	products := sqlFragment{`(
		SELECT DISTINCT w.product_id AS id
		FROM (` + roles.text + `) w
	) vis`, roles.args}
	all := sqlFragment{text: "SELECT u.id FROM ("}
	for i, source := range []struct {
		vis  sqlFragment
		join string
	}{
		{products, "d.product_id = vis.id"},
		{own, "d.connection_id = vis.id"},
		{groups, "d.connection_id = vis.id AND d.product_id IS NULL"},
	} {
		if i > 0 {
			all.add(" UNION ")
		}
		all.add("SELECT a.id FROM (SELECT d.id FROM ")
		all.add(source.vis.text, source.vis.args...)
		if d == Postgres { // LATERAL, so that each is read from its index
			all.add(" CROSS JOIN LATERAL (SELECT d.id FROM deliveries d WHERE "+source.join+" AND "+cond.text+
				" ORDER BY "+by+" LIMIT ?) d", append(slices.Clone(cond.args), limit)...)
		} else {
			all.add(" CROSS JOIN deliveries d WHERE "+source.join+" AND "+cond.text, cond.args...)
		}
		all.add(" ORDER BY "+by+" LIMIT ?) a", limit)
	}
	all.add(") u ORDER BY "+strings.ReplaceAll(by, "d.id", "u.id")+" LIMIT ?", limit)
	return all
}
