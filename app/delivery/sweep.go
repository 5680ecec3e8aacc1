package delivery

import (
	"context"
	"fmt"
	"math"
	"time"

	"gatecrier/models"
)

// maxSweep bounds what one sweep changes.
const maxSweep = 500

// sweepTime is the time of a sweep, by the wall clock and by the store's clock, which can be
// moved.
type sweepTime struct{ wall, store time.Time }

// within reports whether less than d has passed since the earlier sweep, by both clocks.
func (t sweepTime) within(d time.Duration, earlier sweepTime) bool {
	return t.wall.Sub(earlier.wall) < d && t.store.Sub(earlier.store) < d
}

// sweep handles what nothing else does. Every sweepEvery: leases of stopped instances, endpoints
// and messages that have failed or waited for too long, and endpoints that have sent all late
// messages. Every freeEvery: messages left behind an empty queue, among the newest, and every
// freeAllEvery among all. It writes only if it finds something.
func (d *Dispatcher) sweep(ctx context.Context) error {
	now := sweepTime{time.Now(), d.store.Now()}
	if !now.within(freeEvery, d.freed) {
		d.freed = now
		if err := d.sweepBlocked(ctx, maxNewest); err != nil {
			return err
		}
	}
	if now.within(sweepEvery, d.swept) {
		return nil
	}
	d.swept = now
	if !now.within(freeAllEvery, d.freedAll) {
		d.freedAll = now
		if err := d.sweepBlocked(ctx, math.MaxInt32); err != nil {
			return err
		}
	}
	steps := []func(context.Context) error{d.sweepLeases, d.sweepFailing, d.sweepExpired, d.sweepRecovering}
	for _, step := range steps {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (d *Dispatcher) sweepLeases(ctx context.Context) error {
	has, err := d.store.HasExpiredLease(ctx)
	if err != nil || !has {
		return err
	}
	return d.store.Write(ctx, func(tx *models.Tx) error {
		_, err := tx.ReturnExpired(tx.Now())
		return err
	})
}

// sweepBlocked makes due the messages that were left behind an empty queue: on PostgreSQL a
// message can be written while the one before it is being settled. It checks the newest waiting
// messages.
func (d *Dispatcher) sweepBlocked(ctx context.Context, newest int) error {
	has, err := d.store.HasBlocked(ctx, newest)
	if err != nil || !has {
		return err
	}
	for freed := int64(1); freed > 0 && err == nil; {
		err = d.store.Write(ctx, func(tx *models.Tx) (err error) {
			freed, err = tx.FreeBlocked()
			return err
		})
	}
	return err
}

// sweepFailing pauses endpoints that have failed for too long, even if the last message to probe
// them with has failed meanwhile.
func (d *Dispatcher) sweepFailing(ctx context.Context) error {
	endpoints, err := d.store.FailingEndpoints(ctx, pauseAfter, maxSweep)
	if err != nil {
		return err
	}
	return d.forEach(ctx, endpoints, d.pauseEndpoint)
}

// sweepExpired ends messages that have waited for their lifetime.
func (d *Dispatcher) sweepExpired(ctx context.Context) error {
	list, err := d.store.ExpiredDeliveries(ctx, d.store.Now().Add(-lifetime), maxSweep)
	if err != nil || len(list) == 0 {
		return err
	}
	return d.store.Write(ctx, func(tx *models.Tx) error { return tx.GiveUp(list, expiredReason) })
}

func expiredReason(d models.Delivery) string {
	if d.Reason == "" {
		return fmt.Sprintf("Not sent within %d hours", int(lifetime.Hours()))
	}
	return fmt.Sprintf("Not delivered within %d hours; last error: %s", int(lifetime.Hours()), d.Reason)
}

// sweepRecovering finishes the recovery of endpoints whose last late message ended without a
// result, such as by a cancellation.
func (d *Dispatcher) sweepRecovering(ctx context.Context) error {
	endpoints, err := d.store.Recovering(ctx, maxSweep)
	if err != nil {
		return err
	}
	return d.forEach(ctx, endpoints, d.finishRecovery)
}

// forEach runs do for each endpoint, each in a transaction of its own.
func (d *Dispatcher) forEach(
	ctx context.Context, endpoints []int64, do func(tx *models.Tx, c models.Connection) error,
) error {
	for _, endpoint := range endpoints {
		target, err := d.store.ConnectionWithHealth(ctx, endpoint)
		if err != nil {
			return err
		}
		if err := d.store.Write(ctx, func(tx *models.Tx) error { return do(tx, target.Connection) }); err != nil {
			return err
		}
	}
	return nil
}
