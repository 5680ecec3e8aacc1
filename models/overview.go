package models

import (
	"context"
	"time"
)

// GateSpans reads the gate changes of some products since a time, oldest first, by product, to
// draw the timeline of each.
func (r queries) GateSpans(
	ctx context.Context, scope Scope, products []int64, since time.Time,
) (map[int64][]GateChange, error) {
	spans := map[int64][]GateChange{}
	if len(products) == 0 {
		return spans, nil
	}
	cond, args := scope.where("c.product_id")
	args = append(append(toAny(products), micro(since)), args...)
	err := r.query(ctx, `
		SELECT c.product_id, c.event_id, c.from_state, c.to_state, e.at
		FROM gate_changes c
		JOIN events e ON e.id = c.event_id
		WHERE c.product_id IN (`+placeholders(len(products))+`)
		AND e.at >= ?
		AND `+cond+`
		ORDER BY c.product_id, c.event_id`, args, func(rows scanner) error {
		var c GateChange
		if err := rows.Scan(&c.ProductID, &c.EventID, &c.From, &c.To, timeTo(&c.At)); err != nil {
			return err
		}
		spans[c.ProductID] = append(spans[c.ProductID], c)
		return nil
	})
	return spans, err
}

// LastChanges reads the newest gate change of each of some products, by product.
func (r queries) LastChanges(ctx context.Context, scope Scope, products []int64) (map[int64]GateChange, error) {
	last := map[int64]GateChange{}
	if len(products) == 0 {
		return last, nil
	}
	cond, args := scope.where("c.product_id")
	err := r.query(ctx, `
		SELECT c.product_id, c.event_id, coalesce(c.announced_id, 0), c.from_state, c.to_state, e.at, e.actor,
			e.payload
		FROM (
			SELECT g.product_id, max(g.event_id) AS event_id
			FROM gate_changes g
			WHERE g.product_id IN (`+placeholders(len(products))+`)
			GROUP BY g.product_id
		) l
		CROSS JOIN gate_changes c
		JOIN events e ON e.id = c.event_id
		WHERE c.product_id = l.product_id
		AND c.event_id = l.event_id
		AND `+cond, append(toAny(products), args...), func(rows scanner) error {
		var c GateChange
		if err := rows.Scan(
			&c.ProductID, &c.EventID, &c.Announced, &c.From, &c.To, timeTo(&c.At), &c.Actor, &c.Payload,
		); err != nil {
			return err
		}
		last[c.ProductID] = c
		return nil
	})
	return last, err
}

// DeliveriesSince counts the deliveries in scope since a time, by state.
func (r queries) DeliveriesSince(ctx context.Context, scope Scope, since time.Time) (map[DeliveryState]int, error) {
	tally := map[DeliveryState]int{}
	cond, err := r.deliveriesSince(ctx, scope, since)
	if err != nil {
		return tally, err
	}
	err = r.query(ctx, `
		SELECT d.state, count(*)
		FROM deliveries d
		WHERE `+cond.text+`
		GROUP BY d.state`, cond.args, func(rows scanner) error {
		var s DeliveryState
		var n int
		if err := rows.Scan(&s, &n); err != nil {
			return err
		}
		tally[s] = n
		return nil
	})
	return tally, err
}

// deliveriesSince returns the condition of the deliveries in scope since a time. It reads the newest
// deliveries of each product in scope, or of all.
func (r queries) deliveriesSince(ctx context.Context, scope Scope, since time.Time) (sqlFragment, error) {
	f, err := r.timesOfDeliveries(ctx, DeliveryFilter{Since: since})
	cond := conditionOf(scope.whereAmong("d.product_id"))
	f.andTime(&cond)
	return cond, err
}

// Waiting counts the open deliveries of each of some connections. They must have come from a
// scoped read.
func (r queries) Waiting(ctx context.Context, connections []int64) (map[int64]int, error) {
	waiting := map[int64]int{}
	if len(connections) == 0 {
		return waiting, nil
	}
	err := r.query(ctx, `
		SELECT connection_id, count(*)
		FROM deliveries
		WHERE connection_id IN (`+placeholders(len(connections))+`)
		AND state IN `+openStates+`
		GROUP BY connection_id`, toAny(connections), func(rows scanner) error {
		var id int64
		var n int
		if err := rows.Scan(&id, &n); err != nil {
			return err
		}
		waiting[id] = n
		return nil
	})
	return waiting, err
}
