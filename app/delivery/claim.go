package delivery

import (
	"context"
	"maps"
	"slices"
	"time"

	"gatecrier/app/module"
	"gatecrier/models"
)

// claimLoop sends what is due: retries, messages that waited for their queue, for their endpoint's
// rate or for free capacity, probes, and what a stopped instance left. It sleeps until the next
// message is due or Wake is called.
func (d *Dispatcher) claimLoop(ctx context.Context) {
	for ctx.Err() == nil {
		d.report(ctx, "sweep deliveries", d.sweep(ctx))
		d.report(ctx, "probe endpoints", d.probe(ctx))
		d.report(ctx, "claim deliveries", d.claimAll(ctx))
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
		// What is already due waits for capacity; a finished send wakes the loop.
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

// newClaim returns the name of a claim.
func (d *Dispatcher) newClaim() string { return models.NewClaim(d.instance, d.present.Load()) }

// claimAll claims in passes for as long as a pass takes as many as it can of an endpoint: more can be
// due there.
func (d *Dispatcher) claimAll(ctx context.Context) error {
	for range maxPasses {
		more, err := d.claim(ctx)
		if err != nil || !more {
			return err
		}
	}
	return nil
}

// claim leases due deliveries and starts them, as far as there is capacity. It reports whether it
// took maxPerPass of an endpoint.
func (d *Dispatcher) claim(ctx context.Context) (more bool, err error) {
	chosen, err := d.pickDue(ctx)
	if err != nil || len(chosen) == 0 {
		return false, err
	}
	var claimed []models.Delivery
	err = d.store.Write(ctx, func(tx *models.Tx) error {
		claimed, more = nil, false
		var ids []int64
		// All instances lock endpoints in the same order, so that they do not deadlock.
		for _, endpoint := range slices.Sorted(maps.Keys(chosen)) {
			c := chosen[endpoint]
			n, err := d.takeSlots(tx, endpoint, c.limits, len(c.ids))
			if err != nil {
				return err
			}
			ids = append(ids, c.ids[:n]...)
			more = more || n >= maxPerPass
		}
		if len(ids) == 0 {
			return nil
		}
		var err error
		claimed, err = tx.Claim(d.newClaim(), tx.Now().Add(leaseTime), ids)
		return err
	})
	if err != nil {
		return false, err
	}
	tasks := make([]sendTask, len(claimed))
	for i, row := range claimed {
		tasks[i] = sendTask{delivery: row}
	}
	d.start(tasks)
	return more, nil
}

// claimPick is what to claim of one endpoint.
type claimPick struct {
	limits module.Limits
	ids    []int64
}

// pickDue chooses what to claim: of each endpoint in the order of its messages and at most its
// share, so that a slow one does not delay the others; the endpoint with the longest due message
// first.
func (d *Dispatcher) pickDue(ctx context.Context) (map[int64]*claimPick, error) {
	list, err := d.store.DueDeliveries(ctx, d.saturated(), maxPerPass)
	if err != nil {
		return nil, err
	}
	chosen, total := map[int64]*claimPick{}, 0
	for _, due := range list {
		c := chosen[due.EndpointID]
		if c == nil {
			c = &claimPick{limits: d.limits(due.Module)}
		}
		if !d.has(room{
			endpoint: due.EndpointID, rank: due.Rank, parallel: c.limits.Parallel, taken: len(c.ids), promised: total,
		}) {
			continue
		}
		c.ids = append(c.ids, due.ID)
		chosen[due.EndpointID] = c
		total++
	}
	return chosen, nil
}

// takeSlots reserves up to want sends within an endpoint's rate, and returns how many it got.
func (d *Dispatcher) takeSlots(tx *models.Tx, endpoint int64, limits module.Limits, want int) (int, error) {
	if limits.PerSecond <= 0 {
		return want, nil
	}
	return tx.TakeSlots(endpoint, want, time.Duration(float64(time.Second)/limits.PerSecond), max(1, limits.Burst))
}

// probe sends the oldest message of each endpoint whose breaker is open and whose time to be
// probed has come. A probe counts for the endpoint's rate like any other message.
func (d *Dispatcher) probe(ctx context.Context) error {
	endpoints, err := d.store.EndpointsToProbe(ctx, maxProbes)
	if err != nil {
		return err
	}
	for _, endpoint := range endpoints {
		if !d.has(room{endpoint: endpoint.ID, parallel: maxPerEndpoint}) {
			continue
		}
		var got *models.Delivery
		err := d.store.Write(ctx, func(tx *models.Tx) error {
			got = nil
			n, err := d.takeSlots(tx, endpoint.ID, d.limits(endpoint.Module), 1)
			if err != nil || n == 0 {
				return err
			}
			got, err = tx.Probe(endpoint.ID, d.newClaim(), tx.Now().Add(leaseTime))
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
