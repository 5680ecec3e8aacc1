package delivery

import (
	"context"
	"fmt"
	"math"
	"time"

	"gatecrier/models"
)

// maxSweep bounds what one sweep gives up.
const maxSweep = 500

// lastSweep is when the last sweep was, by the clock on the wall and by the one
// that may be moved.
type lastSweep struct{ wall, store time.Time }

func (s lastSweep) within(d time.Duration, of lastSweep) bool {
	return s.wall.Sub(of.wall) < d && s.store.Sub(of.store) < d
}

// sweep puts in order what nobody else does, every few seconds: what instances
// that are gone have left, endpoints that have failed and messages that have waited
// for too long, and endpoints that have worked off what was late; and every second
// what was left behind an empty queue, among the latest messages, where that can
// happen. It writes only where there is something.
func (d *Dispatcher) sweep(ctx context.Context) error {
	now := lastSweep{time.Now(), d.store.Now()}
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
	for _, step := range []func(context.Context) error{d.sweepLeases, d.sweepFailing, d.sweepExpired, d.sweepRecovering} {
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

// sweepBlocked lets go what was left behind an empty queue: on PostgreSQL a
// message can be written while the one before it is being settled. It looks at
// so many of the newest that wait.
func (d *Dispatcher) sweepBlocked(ctx context.Context, newest int) error {
	has, err := d.store.HasBlocked(ctx, newest)
	if err != nil || !has {
		return err
	}
	return d.store.Write(ctx, func(tx *models.Tx) error {
		_, err := tx.FreeBlocked()
		return err
	})
}

// sweepFailing pauses endpoints that have failed for too long, also where the last
// message that they could be probed with has died meanwhile.
func (d *Dispatcher) sweepFailing(ctx context.Context) error {
	endpoints, err := d.store.FailingEndpoints(ctx, pauseAfter, maxSweep)
	if err != nil {
		return err
	}
	return d.forEach(ctx, endpoints, d.pauseEndpoint)
}

// sweepExpired ends what has waited for as long as a message may live.
func (d *Dispatcher) sweepExpired(ctx context.Context) error {
	list, err := d.store.ExpiredDeliveries(ctx, d.store.Now().Add(-lifetime), maxSweep)
	if err != nil || len(list) == 0 {
		return err
	}
	return d.store.Write(ctx, func(tx *models.Tx) error { return tx.GiveUp(list, models.DeliveryDead, expiredReason) })
}

func expiredReason(d models.Delivery) string {
	if d.Reason == "" {
		return fmt.Sprintf("Not sent within %d hours", int(lifetime.Hours()))
	}
	return fmt.Sprintf("Not delivered within %d hours; at last: %s", int(lifetime.Hours()), d.Reason)
}

// sweepRecovering sums up endpoints whose last late message has ended in a way that
// nobody has noticed.
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
		out, err := d.store.ConnectionWithHealth(ctx, endpoint)
		if err != nil {
			return err
		}
		if err := d.store.Write(ctx, func(tx *models.Tx) error { return do(tx, out.Connection) }); err != nil {
			return err
		}
	}
	return nil
}
