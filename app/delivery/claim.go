package delivery

import (
	"context"
	"crypto/rand"
	"time"

	"gatecrier/models"
)

// claimLoop takes up what is due: retries, what had to wait for its lane or
// for room, and what a stopped instance left. It sleeps until the next one is
// due, or the bell rings.
func (d *Dispatcher) claimLoop(ctx context.Context) {
	var swept time.Time
	for ctx.Err() == nil {
		if now := time.Now(); now.Sub(swept) >= sweepEvery {
			swept = now
			d.report(ctx, "sweep failed", d.sweep(ctx))
		}
		d.report(ctx, "claim failed", d.claim(ctx))
		d.sleep(ctx)
	}
}

func (d *Dispatcher) report(ctx context.Context, what string, err error) {
	if err != nil && ctx.Err() == nil {
		d.log.Error(what, "error", err)
	}
}

func (d *Dispatcher) sleep(ctx context.Context) {
	wait := poll
	if at, err := d.store.NextDue(ctx); err == nil && !at.IsZero() {
		// What is due already waits for its lane or for room, whose end rings.
		if until := at.Sub(d.store.Now()); until > 0 {
			wait = min(wait, until)
		}
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-d.bell.Rung():
	case <-timer.C:
	}
}

// sweep returns what instances that are gone have left. It writes only where
// there is some.
func (d *Dispatcher) sweep(ctx context.Context) error {
	has, err := d.store.HasExpiredLease(ctx)
	if err != nil || !has {
		return err
	}
	return d.store.Write(ctx, func(tx *models.Tx) error {
		_, err := tx.ReturnExpired(tx.Now())
		return err
	})
}

// lease is a name for one lease, that no other has: a result that comes after
// its lease has ended must not settle the next one, of the same instance either.
func (d *Dispatcher) lease() string { return d.instance + "/" + rand.Text() }

// claim leases due deliveries and starts them, as far as there is room.
func (d *Dispatcher) claim(ctx context.Context) error {
	chosen, err := d.choose(ctx)
	if err != nil || len(chosen) == 0 {
		return err
	}
	var claimed []models.Delivery
	err = d.store.Write(ctx, func(tx *models.Tx) error {
		var err error
		claimed, err = tx.Claim(d.lease(), tx.Now().Add(leaseTime), chosen)
		return err
	})
	if err != nil {
		return err
	}
	tasks := make([]task, len(claimed))
	for i, row := range claimed {
		tasks[i] = task{delivery: row}
	}
	d.start(tasks)
	return nil
}

// choose picks what to claim: the longest due first, but no connection more
// than its share, so that a slow one holds up no other.
func (d *Dispatcher) choose(ctx context.Context) ([]int64, error) {
	except, room := d.saturated()
	taken := map[int64]int{}
	var chosen []int64
	for len(chosen) < room {
		list, err := d.store.DueDeliveries(ctx, except, inFlightMost)
		if err != nil {
			return nil, err
		}
		before := len(chosen)
		chosen, except = d.pick(list, chosen, except, taken, room)
		if len(list) < inFlightMost || len(chosen) == before {
			break
		}
	}
	return chosen, nil
}

func (d *Dispatcher) pick(list []models.Due, chosen, except []int64, taken map[int64]int, room int) ([]int64, []int64) {
	have := make(map[int64]bool, len(chosen))
	for _, id := range chosen {
		have[id] = true
	}
	for _, due := range list {
		if len(chosen) >= room || have[due.ID] {
			continue
		}
		if !d.room(due.ConnectionID, taken[due.ConnectionID], 0) {
			continue
		}
		chosen = append(chosen, due.ID)
		taken[due.ConnectionID]++
		if !d.room(due.ConnectionID, taken[due.ConnectionID], 0) {
			except = append(except, due.ConnectionID)
		}
	}
	return chosen, except
}
