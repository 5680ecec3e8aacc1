package models

// Products take turns at an endpoint: a message that becomes due gets a turn, and the lowest turn
// of a rank goes first. It is the turn of what is sent now, or one more than the last turn of its
// product. A product with many due messages therefore has one of them per turn, and a message of
// another product waits for one of each product at most. A retry, with turn 0, goes first.

// turnAt returns an expression for the turn of a message that becomes due now, at least a number.
// Its parameters are that number and, in each of the two parts, the time.
func turnAt(dialect Dialect, endpoint, rank, product string) string {
	greatest := "max"
	if dialect == Postgres {
		greatest = "greatest"
	}
	bigint := placeholder(dialect, "BIGINT")
	return greatest + `(` + bigint + `, coalesce((
			SELECT t.turn
			FROM deliveries t
			WHERE t.endpoint_id = ` + endpoint + `
			AND t.rank = ` + rank + `
			AND ` + dueSQL + `
			AND +t.next_at <= ?
			ORDER BY t.turn
			LIMIT 1
		), 0), coalesce((
			SELECT t.turn + 1
			FROM deliveries t
			WHERE t.endpoint_id = ` + endpoint + `
			AND t.rank = ` + rank + `
			AND coalesce(t.product_id, 0) = ` + product + `
			AND ` + dueSQL + `
			AND +t.next_at <= ?
			ORDER BY t.turn DESC
			LIMIT 1
		), 0))`
}

// turnSQL returns the turn of a row of an UPDATE of deliveries that becomes due, at least a
// number.
func (tx *Tx) turnSQL(least int64) (text string, args []any) {
	now := micro(tx.Now())
	return turnAt(tx.dialect, "deliveries.endpoint_id", "deliveries.rank", "coalesce(deliveries.product_id, 0)"),
		[]any{least, now, now}
}

// turnOf returns the turn of a delivery that is about to be created as due.
func (tx *Tx) turnOf(d Delivery) (turn int64, err error) {
	now := micro(tx.Now())
	err = tx.get(tx.Context(), "SELECT "+turnAt(tx.dialect, "?", "?", "?"),
		[]any{0, d.EndpointID, d.Rank, now, d.EndpointID, d.Rank, d.ProductID, now}, &turn)
	return turn, err
}
