package models

import (
	"context"
	"slices"
	"time"
)

// Waiver is an observation whose risk is accepted until a time.
type Waiver struct {
	ObservationID int64
	ProductID     int64
	Until         time.Time
}

// EndedWaivers lists waivers that have ended, the oldest first, after one.
func (r queries) EndedWaivers(ctx context.Context, now time.Time, after Waiver, limit int) ([]Waiver, error) {
	return r.waivers(ctx, sqlFragment{"o.waiver_until <= ?", []any{micro(now)}}, after, limit)
}

// EndedWaiversOf lists those of a product, the oldest first. Few waivers have ended and not been
// cleared: the sum keeps SQLite from reading all branches of the product instead.
func (r queries) EndedWaiversOf(ctx context.Context, productID int64, now time.Time, limit int) ([]Waiver, error) {
	cond := sqlFragment{"o.waiver_until <= ?", []any{micro(now)}}
	cond.and("b.product_id + 0 = ?", productID)
	return r.waivers(ctx, cond, Waiver{}, limit)
}

// endsUnnoticed is the condition that a waiver ends between two times and users were not notified
// of it.
const endsUnnoticed = "o.waiver_until > ? AND o.waiver_until <= ? AND NOT o.waiver_noticed AND o.resolved_at IS NULL"

// EndingWaivers lists waivers that end between two times and of which users were not notified,
// the first to end first, after one.
func (r queries) EndingWaivers(ctx context.Context, from, to time.Time, after Waiver, limit int) ([]Waiver, error) {
	return r.waivers(ctx, sqlFragment{endsUnnoticed, []any{micro(from), micro(to)}}, after, limit)
}

// EndingWaiversOf lists those of a product, the first to end first. Few waivers end in such a
// time: the sum keeps SQLite from reading all branches of the product instead.
func (r queries) EndingWaiversOf(
	ctx context.Context, productID int64, from, to time.Time, limit int,
) ([]Waiver, error) {
	cond := sqlFragment{endsUnnoticed, []any{micro(from), micro(to)}}
	cond.and("b.product_id + 0 = ?", productID)
	return r.waivers(ctx, cond, Waiver{}, limit)
}

// waivers lists the waivers that meet a condition, the first to end first, after one.
func (r queries) waivers(ctx context.Context, cond sqlFragment, after Waiver, limit int) ([]Waiver, error) {
	if !after.Until.IsZero() {
		cond.and("(o.waiver_until, o.id) > (?, ?)", micro(after.Until), after.ObservationID)
	}
	var list []Waiver
	err := r.query(ctx, `
		SELECT o.id, b.product_id, o.waiver_until
		FROM observations o
		JOIN branches b ON b.id = o.branch_id
		WHERE o.waiver_until IS NOT NULL
		AND `+cond.text+`
		ORDER BY o.waiver_until, o.id
		LIMIT ?`,
		append(cond.args, limit),
		collect(&list, func(w *Waiver) []any { return []any{&w.ObservationID, &w.ProductID, timeTo(&w.Until)} }))
	return list, err
}

// NoticeWaivers records that users were notified that waivers end soon.
func (tx *Tx) NoticeWaivers(ids []int64) error {
	for part := range slices.Chunk(ids, assessAtOnce) {
		if _, err := tx.exec(`
			UPDATE observations
			SET waiver_noticed = TRUE
			WHERE waiver_until IS NOT NULL
			AND id IN (`+placeholders(len(part))+")", toAny(part)...); err != nil {
			return err
		}
	}
	return nil
}
