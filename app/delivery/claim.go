package delivery

import (
	"context"
	"crypto/rand"
	"maps"
	"slices"
	"time"

	"gatecrier/app/module"
	"gatecrier/models"
)

// claimLoop takes up what is due: retries, what had to wait for its queue, its
// endpoint's rate or for room, probes, and what a stopped instance left. It sleeps
// until the next one is due, or the bell rings.
func (d *Dispatcher) claimLoop(ctx context.Context) {
	for ctx.Err() == nil {
		d.report(ctx, "sweep failed", d.sweep(ctx))
		d.report(ctx, "probe failed", d.probe(ctx))
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
		// What is due already waits for room, whose end rings.
		if until := at.Sub(d.store.Now()); until > 0 {
			wait = min(wait, until)
		}
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-d.signal.C():
	case <-timer.C:
	}
}

// lease is a name for one lease, that no other has: a result that comes after
// its lease has ended must not settle the next one, of the same instance either.
func (d *Dispatcher) lease() string { return d.instance + "/" + rand.Text() }

// claim leases due deliveries and starts them, as far as there is room.
func (d *Dispatcher) claim(ctx context.Context) error {
	chosen, err := d.pickDue(ctx)
	if err != nil || len(chosen) == 0 {
		return err
	}
	var claimed []models.Delivery
	err = d.store.Write(ctx, func(tx *models.Tx) error {
		claimed = nil
		var ids []int64
		for _, endpoint := range slices.Sorted(maps.Keys(chosen)) { // in one order, so that instances do not wait crosswise
			c := chosen[endpoint]
			n, err := d.takeSlots(tx, endpoint, c.limits, len(c.ids))
			if err != nil {
				return err
			}
			ids = append(ids, c.ids[:n]...)
		}
		if len(ids) == 0 {
			return nil
		}
		var err error
		claimed, err = tx.Claim(d.lease(), tx.Now().Add(leaseTime), ids)
		return err
	})
	if err != nil {
		return err
	}
	tasks := make([]sendTask, len(claimed))
	for i, row := range claimed {
		tasks[i] = sendTask{delivery: row}
	}
	d.start(tasks)
	return nil
}

// claimPick is what to claim of an endpoint.
type claimPick struct {
	limits module.Limits
	ids    []int64
}

// pickDue picks what to claim: the longest due first, but of no endpoint more than
// its share, so that a slow one holds up no other.
func (d *Dispatcher) pickDue(ctx context.Context) (map[int64]*claimPick, error) {
	list, err := d.store.DueDeliveries(ctx, d.saturated(), maxPerEndpoint)
	if err != nil {
		return nil, err
	}
	chosen, total := map[int64]*claimPick{}, 0
	for _, due := range list {
		c := chosen[due.EndpointID]
		if c == nil {
			c = &claimPick{limits: d.limits(due.Module)}
		}
		if !d.hasRoom(due.EndpointID, c.limits, len(c.ids), total) {
			continue
		}
		c.ids = append(c.ids, due.ID)
		chosen[due.EndpointID] = c
		total++
	}
	return chosen, nil
}

// takeSlots takes places of an endpoint's rate, where it has one.
func (d *Dispatcher) takeSlots(tx *models.Tx, endpoint int64, limits module.Limits, want int) (int, error) {
	if limits.PerSecond <= 0 {
		return want, nil
	}
	return tx.TakeSlots(endpoint, want, time.Duration(float64(time.Second)/limits.PerSecond), max(1, limits.Burst))
}

// probe sends the oldest message of each endpoint whose breaker is open and whose
// time to be tried has come. It counts for the endpoint's rate like any other.
func (d *Dispatcher) probe(ctx context.Context) error {
	endpoints, err := d.store.EndpointsToProbe(ctx, maxProbes)
	if err != nil {
		return err
	}
	for _, endpoint := range endpoints {
		if !d.hasRoom(endpoint.ID, module.Limits{Parallel: maxPerEndpoint}, 0, 0) {
			continue
		}
		var got *models.Delivery
		err := d.store.Write(ctx, func(tx *models.Tx) error {
			got = nil
			n, err := d.takeSlots(tx, endpoint.ID, d.limits(endpoint.Module), 1)
			if err != nil || n == 0 {
				return err
			}
			got, err = tx.Probe(endpoint.ID, d.lease(), tx.Now().Add(leaseTime))
			return err
		})
		if err != nil {
			return err
		}
		if got != nil {
			d.start([]sendTask{{delivery: *got}})
		}
	}
	return nil
}
