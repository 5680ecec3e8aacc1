package models

import (
	"context"
	"fmt"
	"slices"
)

// Newest is the newest event and the newest notification of all users; 0 is none.
type Newest struct{ Event, Notification int64 }

// Newest returns what is newest. It shows that something is new, to viewers who cannot see what.
func (r queries) Newest(ctx context.Context) (Newest, error) {
	var n Newest
	err := r.get(ctx, `
		SELECT `+newestEventSQL+`,
			(SELECT coalesce(max(event_id), 0) FROM notifications)`, nil, &n.Event, &n.Notification)
	return n, err
}

// maxMarked bounds the products of one statement of ProductMarks.
const maxMarked = 500

// ProductMarks returns a text for each of some products, which changes when a report is imported,
// an observation is assessed or the gate changes. It is for no user to see.
func (r queries) ProductMarks(ctx context.Context, products []int64) (map[int64]string, error) {
	marks := make(map[int64]string, len(products))
	for part := range slices.Chunk(products, maxMarked) {
		err := r.query(ctx, `
			SELECT b.product_id, b.gate_state, coalesce(b.counted_at, 0), coalesce(b.gate_since, 0),
				coalesce(b.stale_since, 0), coalesce(b.held_until, 0),
				(SELECT coalesce(sum(s.version), 0) FROM sources s WHERE s.branch_id = b.id)
			FROM branches b
			WHERE b.product_id IN (`+placeholders(len(part))+`)
			AND b.is_default`, toAny(part), func(rows scanner) error {
			var id int64
			var state string
			var at [5]int64
			if err := rows.Scan(&id, &state, &at[0], &at[1], &at[2], &at[3], &at[4]); err != nil {
				return err
			}
			marks[id] = fmt.Sprint(state, at)
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return marks, nil
}

// GateSum sums up the products in scope whose gates have one state.
type GateSum struct {
	State                GateState
	N, Stale, Held       int
	GateSince, CountedAt int64 // the latest, in microseconds since 1970
}

// GateSums returns what changes when a gate in scope, or the counts behind it, change.
func (r queries) GateSums(ctx context.Context, scope Scope) ([]GateSum, error) {
	cond, args := scope.whereAmong("b.product_id")
	var list []GateSum
	err := r.query(ctx, `
		SELECT b.gate_state, count(*), count(b.stale_since), count(b.held_until), max(b.gate_since),
			coalesce(max(b.counted_at), 0)
		FROM branches b
		WHERE b.is_default
		AND `+cond+`
		GROUP BY b.gate_state
		ORDER BY b.gate_state`, args, collect(&list, func(s *GateSum) []any {
		return []any{&s.State, &s.N, &s.Stale, &s.Held, &s.GateSince, &s.CountedAt}
	}))
	return list, err
}
