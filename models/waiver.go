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

// EndedWaivers lists waivers whose time has come, the oldest first, after one.
func (r queries) EndedWaivers(ctx context.Context, now time.Time, after Waiver, limit int) ([]Waiver, error) {
	return r.waivers(ctx, "o.waiver_until <= ?", []any{micro(now)}, after, limit)
}

// endsUntold is a waiver that ends between two times, and that nobody was told
// of.
const endsUntold = "o.waiver_until > ? AND o.waiver_until <= ? AND NOT o.waiver_noticed AND o.resolved_at IS NULL"

// EndingWaivers lists waivers that end between two times and that nobody was
// told of, the first to end first, after one.
func (r queries) EndingWaivers(ctx context.Context, from, to time.Time, after Waiver, limit int) ([]Waiver, error) {
	return r.waivers(ctx, endsUntold, []any{micro(from), micro(to)}, after, limit)
}

// EndingWaiversOf lists those of a product, the first to end first. There are
// few waivers that end: the sum keeps SQLite from going by the branches.
func (r queries) EndingWaiversOf(
	ctx context.Context, productID int64, from, to time.Time, limit int,
) ([]Waiver, error) {
	return r.waivers(
		ctx, endsUntold+" AND b.product_id + 0 = ?", []any{micro(from), micro(to), productID}, Waiver{}, limit,
	)
}

func (r queries) waivers(ctx context.Context, cond string, args []any, after Waiver, limit int) ([]Waiver, error) {
	if !after.Until.IsZero() {
		cond, args = cond+" AND (o.waiver_until, o.id) > (?, ?)", append(args, micro(after.Until), after.ObservationID)
	}
	var list []Waiver
	err := r.query(ctx, `
		SELECT o.id, b.product_id, o.waiver_until
		FROM observations o
		JOIN branches b ON b.id = o.branch_id
		WHERE o.waiver_until IS NOT NULL
		AND `+cond+`
		ORDER BY o.waiver_until, o.id
		LIMIT ?`,
		append(args, limit),
		collect(&list, func(w *Waiver) []any { return []any{&w.ObservationID, &w.ProductID, timeTo(&w.Until)} }))
	return list, err
}

// NoticeWaivers notes that people were told that waivers end soon.
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
