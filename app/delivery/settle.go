package delivery

import (
	"cmp"
	"context"
	"slices"
	"time"

	"gatecrier/app/fault"
	"gatecrier/app/module"
	"gatecrier/app/scrub"
	"gatecrier/models"
)

// completion is the outcome of a claimed delivery.
type completion struct {
	attemptResult
	delivery models.Delivery
	began    time.Time
	took     time.Duration
	chance   float64
}

// settleResults writes results in groups until the channel is closed.
func (d *Dispatcher) settleResults(ctx context.Context) {
	for first := range d.results {
		d.writeResults(ctx, d.gatherCompletions(first))
	}
}

// writeResults writes results. If that fails, it retries each by itself, so that none is lost
// because of another, for as long as the leases last: a delivered message must not be sent twice
// because a row could not be written.
func (d *Dispatcher) writeResults(ctx context.Context, group []completion) {
	wait, began := 100*time.Millisecond, time.Now()
	err := d.writeGroup(ctx, group)
	for err != nil && time.Since(began) < leaseTime {
		d.log.Error("write delivery results", "count", len(group), "error", err)
		time.Sleep(wait) //nolint:forbidigo // waits for a database that is unavailable
		wait = min(2*wait, 2*time.Second)
		group, err = d.writeEach(ctx, group)
	}
	if err != nil {
		d.replace(group, nil)
	}
}

// writeEach writes results one by one. It returns those that failed, and the last error.
func (d *Dispatcher) writeEach(ctx context.Context, group []completion) (left []completion, last error) {
	for i := range group {
		if err := d.writeGroup(ctx, group[i:i+1]); err != nil {
			left, last = append(left, group[i]), err
		}
	}
	return left, last
}

// endpointKind returns what the outcome says about the endpoint: one that was not contacted has
// not failed.
func (c completion) endpointKind() module.Kind {
	if c.cancelReason != "" || c.kept {
		return module.KindSkipped
	}
	return c.result.Kind()
}

const (
	linger   = 3 * time.Millisecond // how long a group waits for the results of other sends in flight
	maxGroup = 128                  // results in one transaction
)

// gatherCompletions collects the available results, and waits up to linger for those of other
// sends in flight: many endpoints cost one commit.
func (d *Dispatcher) gatherCompletions(first completion) []completion {
	group := []completion{first}
	timer := time.NewTimer(linger)
	defer timer.Stop()
	for len(group) < min(d.unsettled(), maxGroup) {
		select {
		case c, ok := <-d.results:
			if !ok {
				return group
			}
			group = append(group, c)
		case <-timer.C:
			return group
		}
	}
	return group
}

// writeGroup writes results, and claims the next messages of their endpoints in the same
// transaction. After the commit these take the place of the sends that ended.
func (d *Dispatcher) writeGroup(ctx context.Context, group []completion) error {
	// All instances lock endpoints in the same order, so that they do not deadlock.
	group = slices.SortedStableFunc(
		slices.Values(group),
		func(a, b completion) int { return cmp.Compare(a.delivery.EndpointID, b.delivery.EndpointID) },
	)
	var next *successors
	err := d.store.Write(ctx, func(tx *models.Tx) error {
		next = &successors{d: d, tx: tx, ended: len(group)}
		for rest := group; len(rest) > 0; {
			n := sameEndpoint(rest)
			for _, c := range rest[:n] {
				if err := d.writeOne(tx, c); err != nil {
					return err
				}
			}
			if err := next.choose(rest[:n]); err != nil {
				return err
			}
			rest = rest[n:]
		}
		return next.claim()
	})
	if err == nil {
		d.replace(group, next)
	}
	return err
}

// sameEndpoint returns how many results the first endpoint of a sorted group has.
func sameEndpoint(group []completion) int {
	endpoint := group[0].delivery.EndpointID
	n := slices.IndexFunc(group, func(c completion) bool { return c.delivery.EndpointID != endpoint })
	if n < 0 {
		return len(group)
	}
	return n
}

func (d *Dispatcher) writeOne(tx *models.Tx, c completion) error {
	if c.kept {
		return d.writeKept(tx, c)
	}
	if c.cancelReason != "" {
		return d.writeCancel(tx, c)
	}
	row := deliveryAfter(c, tx.Now())
	if row.State == models.DeliveryDelivered {
		row.SentVersion = c.target.Version
	}
	mine, err := tx.Settle(row, c.delivery.Claim, &models.Attempt{
		At: c.began, Duration: c.took, Result: resultOf(c.result), Status: c.result.Status,
		Reason: c.result.Reason, Answer: scrub.Text(c.result.Answer), Private: c.result.Private, Probe: c.delivery.Probe,
	})
	if err != nil {
		return err
	}
	if !mine {
		d.log.Warn("settle after the lease ended", "delivery", c.delivery.ID)
	}
	if c.target.ID == 0 || isUnchanged(c.target, c.result, tx.Now()) {
		return nil
	}
	return ignoreNotFound(d.updateHealth(tx, c))
}

// ignoreNotFound drops the error about a connection that was deleted during a send: its health is
// gone too, and no other result must wait for it.
func ignoreNotFound(err error) error {
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	return err
}

// deliveryAfter returns a delivery after an attempt. A probe that failed uses up no attempt.
func deliveryAfter(c completion, now time.Time) models.Delivery {
	kind := c.result.Kind()
	if c.delivery.Probe && (kind == module.KindTransient || kind == module.KindRetryAfter) {
		d := c.delivery
		d.State, d.NextAt, d.Reason = models.DeliveryPending, now, c.result.Reason
		if d.Spent > 0 {
			d.State = models.DeliveryRetrying
		}
		if now.Sub(d.DueSince) >= lifetime {
			return finish(d, models.DeliveryDead, now)
		}
		return d
	}
	return afterAttempt(c.delivery, c.result, now, c.chance)
}

func resultOf(r module.Result) string {
	if r.Unsure {
		return models.ResultUnsure
	}
	return r.Kind().String()
}

// writeCancel cancels a delivery that must not be sent, and the outdated ones behind it.
func (d *Dispatcher) writeCancel(tx *models.Tx, c completion) error {
	row := finish(c.delivery, models.DeliveryCancelled, tx.Now())
	row.Reason = c.cancelReason
	mine, err := tx.Settle(row, c.delivery.Claim, nil)
	if err != nil {
		return err
	}
	if !mine { // its lease has ended: another send decides again, from what is known by then
		d.log.Warn("cancel after the lease ended", "delivery", c.delivery.ID)
		return nil
	}
	if c.outdatedUpTo != 0 {
		if err := tx.CancelOutdated(c.delivery, c.outdatedUpTo, c.cancelReason); err != nil {
			return err
		}
	}
	if c.target.Shared.RecoverUpTo == 0 && !c.delivery.Probe {
		return nil
	}
	return ignoreNotFound(d.updateHealthAfterCancel(tx, c))
}
