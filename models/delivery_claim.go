package models

import (
	"context"
	"time"
)

// Due is a delivery that can be claimed.
type Due struct {
	ID         int64
	EndpointID int64
	Module     string // of the endpoint
	Rank       DeliveryRank
}

// endpointsWithDue steps from one endpoint with due rows to the next, so that its cost does not
// depend on how many rows each has.
const endpointsWithDue = `
	WITH RECURSIVE endpoints (id) AS (
		SELECT min(endpoint_id)
		FROM deliveries
		WHERE ` + dueSQL + `
		UNION ALL
		SELECT (
			SELECT min(d.endpoint_id)
			FROM deliveries d
			WHERE ` + dueSQL + `
			AND d.endpoint_id > endpoints.id
		)
		FROM endpoints
		WHERE endpoints.id IS NOT NULL
	) `

// dueRows are the first due deliveries of the endpoint l.id with a rank. Its parameters are the rank,
// the time, and how many.
const dueRows = `
	SELECT x.id, x.next_at, x.endpoint_id, x.rank, x.turn
	FROM deliveries x
	WHERE x.endpoint_id = l.id
	AND x.rank = ?
	AND ` + dueSQL + `
	AND +x.next_at <= ?` + firstOfQueue + `
	ORDER BY x.turn, x.id
	LIMIT ?`

// dueOfEndpoints returns the query for the due deliveries of the endpoints in a table expression l,
// at most each of a rank. It leaves out endpoints that are stopped or wait for their rate.
func (r queries) dueOfEndpoints(endpoints string, each int) sqlFragment {
	now := r.Now().UnixMicro()
	join := " CROSS JOIN deliveries d WHERE d.id IN (SELECT y.id FROM (" + dueRows + ") y UNION ALL SELECT y.id FROM (" +
		dueRows + ") y)"
	if r.dialect == Postgres {
		join = " CROSS JOIN LATERAL (SELECT * FROM (" + dueRows + ") y UNION ALL SELECT * FROM (" + dueRows +
			") z) d WHERE TRUE"
	}
	due := sqlFragment{text: `
		SELECT d.id, l.id, c.module, d.rank
		FROM ` + endpoints + ` l
		JOIN connection_health h ON h.connection_id = l.id
		JOIN connections c ON c.id = l.id`}
	due.add(join, RankFirst, now, each, RankException, now, each)
	due.and("h.opened_at IS NULL")
	due.and("h.free_at <= ?", now)
	return due
}

// DueDeliveries lists the due deliveries of each endpoint in the order in which it gets them, at
// most each of a rank: by rank, then product after product. The endpoint with the longest due one
// comes first. It leaves out the endpoints in except, those that are stopped or wait for their
// rate, and deliveries behind an open one of their queue.
func (r queries) DueDeliveries(ctx context.Context, except []int64, each int) ([]Due, error) {
	due := r.dueOfEndpoints("endpoints", each)
	if len(except) > 0 {
		due.and("l.id NOT IN ("+placeholders(len(except))+")", toAny(except)...)
	}
	due.add(" ORDER BY min(d.next_at) OVER (PARTITION BY l.id), l.id, d.rank, d.turn, d.id")
	due.text = endpointsWithDue + due.text
	return r.dueList(ctx, due)
}

// DueOf is DueDeliveries for one endpoint.
func (r queries) DueOf(ctx context.Context, endpoint int64, each int) ([]Due, error) {
	due := r.dueOfEndpoints("connections", each)
	due.and("l.id = ?", endpoint)
	due.add(" ORDER BY d.rank, d.turn, d.id")
	return r.dueList(ctx, due)
}

func (r queries) dueList(ctx context.Context, due sqlFragment) ([]Due, error) {
	var list []Due
	err := r.query(ctx, due.text, due.args,
		collect(&list, func(d *Due) []any {
			return []any{&d.ID, &d.EndpointID, &d.Module, &d.Rank}
		}))
	return list, err
}

// Claim marks waiting deliveries as being sent until a time, under the name of a claim, and returns
// those that no other claim has taken.
func (tx *Tx) Claim(claim string, until time.Time, ids []int64) ([]Delivery, error) {
	args := append(append([]any{micro(until), claim, false}, toAny(ids)...), micro(tx.Now()))
	return tx.claim("d.id IN ("+placeholders(len(ids))+") AND d.next_at <= ?", args)
}

func (tx *Tx) claim(cond string, args []any) ([]Delivery, error) {
	lock := ""
	if tx.dialect == Postgres {
		lock = " FOR UPDATE SKIP LOCKED"
	}
	var list []Delivery
	err := tx.query(tx.Context(), `
		UPDATE deliveries
		SET state = 'sending', locked_until = ?, claim = ?, probe = ?
		WHERE id IN (
			SELECT d.id
			FROM deliveries d
			WHERE d.state IN `+waitingStates+`
			AND `+cond+`
			ORDER BY d.id`+lock+`
		)
		RETURNING `+claimColumns, args, collect(&list, (*Delivery).dst))
	return list, err
}

// claimColumns are deliveryColumns without the alias: SQLite's RETURNING knows none.
const claimColumns = `id, uuid, origin, coalesce(event_id, 0), connection_id, endpoint_id,
	coalesce(product_id, 0), recipient, title, state, reason, attempts, spent, next_at, locked_until, claim, probe,
	by_hand, coalesce(resend_id, 0), rank, turn, sent_version, created_at, due_since, finished_at`

// NextDue returns when the next delivery can be sent: when its own time and that of its endpoint
// has come. It is zero when none waits.
func (r queries) NextDue(ctx context.Context) (time.Time, error) {
	greatest := "max" // greatestSQL would run the subquery twice
	if r.dialect == Postgres {
		greatest = "greatest"
	}
	var at time.Time
	err := r.get(ctx, endpointsWithDue+`
		SELECT min(CASE
			WHEN h.opened_at IS NULL THEN `+greatest+`((
				SELECT min(x.next_at)
				FROM deliveries x
				WHERE x.endpoint_id = l.id
				AND `+dueSQL+`
			), h.free_at)
			WHEN h.paused_at IS NULL THEN `+greatest+`(h.probe_at, h.free_at)
		END)
		FROM endpoints l
		JOIN connection_health h ON h.connection_id = l.id`, nil, timeTo(&at))
	return at, err
}
