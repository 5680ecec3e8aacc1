package models

import (
	"context"
	"time"
)

// GateChange is a row of a product's gate history. The payload is its event's.
type GateChange struct {
	ProductID  int64
	EventID    int64
	Announced  int64 // the event that notified users: its own, a later one if it was on hold, 0 = none
	From       GateState
	To         GateState
	Counts     Counts
	At         time.Time
	NotifiedAt time.Time // when users were notified, zero if they were not; only in a history
	Actor      string
	Payload    []byte
}

// InsertGateChange adds a row to the history of the event's product.
func (tx *Tx) InsertGateChange(c GateChange) error {
	_, err := tx.exec(`
		INSERT INTO gate_changes (product_id, event_id, announced_id, from_state, to_state, critical, high, medium,
			low, none, unknown)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		append([]any{c.ProductID, c.EventID, nullID(c.Announced), c.From, c.To}, c.Counts.args()...)...)
	return err
}

// AnnounceGateChange records the event that announced a change that was on hold.
func (tx *Tx) AnnounceGateChange(productID, eventID, announced int64) error {
	_, err := tx.exec("UPDATE gate_changes SET announced_id = ? WHERE product_id = ? AND event_id = ?",
		announced, productID, eventID)
	return err
}

const gateChangeColumns = `c.product_id, c.event_id, coalesce(c.announced_id, 0), c.from_state, c.to_state,
	c.critical, c.high, c.medium, c.low, c.none, c.unknown, e.at, e.actor, e.payload`

func (c *GateChange) dst() []any {
	d := append([]any{&c.ProductID, &c.EventID, &c.Announced, &c.From, &c.To}, c.Counts.dst()...)
	return append(d, timeTo(&c.At), &c.Actor, &c.Payload)
}

// GateHistory lists a product's gate changes, newest first. before is the keyset: the last event
// id of the page before, 0 for the first page.
func (r queries) GateHistory(
	ctx context.Context, scope Scope, productID, before int64, limit int,
) ([]GateChange, error) {
	cond := sqlFragment{"c.product_id = ?", []any{productID}}
	cond.andWhere(scope.where("c.product_id"))
	if before != 0 {
		cond.and("c.event_id < ?", before)
	}
	var list []GateChange
	err := r.query(ctx, `
		SELECT `+gateChangeColumns+`, t.at
		FROM gate_changes c
		JOIN events e ON e.id = c.event_id
		LEFT JOIN events t ON t.id = c.announced_id
		WHERE `+cond.text+`
		ORDER BY c.event_id DESC
		LIMIT ?`,
		append(cond.args, limit), collect(&list, func(c *GateChange) []any { return append(c.dst(), timeTo(&c.NotifiedAt)) }))
	return list, err
}
