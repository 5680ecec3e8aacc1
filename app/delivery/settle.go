package delivery

import (
	"cmp"
	"context"
	"slices"
	"time"

	"gatecrier/app/fault"
	"gatecrier/app/module"
	"gatecrier/models"
)

// completion is what came of a claimed delivery.
type completion struct {
	attemptResult
	delivery models.Delivery
	began    time.Time
	took     time.Duration
	chance   float64
}

// settleResults writes results in groups until there are no more.
func (d *Dispatcher) settleResults(ctx context.Context) {
	for first := range d.results {
		group := d.gatherCompletions(first)
		d.writeResults(ctx, group)
		for _, s := range group {
			d.finishSend(s.delivery.EndpointID, s.endpointKind())
		}
		d.Wake()
	}
}

// writeResults writes results. What cannot be written is tried again, each by itself, so
// that none is lost with another, and for as long as the leases last: a message
// that was delivered must not be sent twice for want of a row in the database.
func (d *Dispatcher) writeResults(ctx context.Context, group []completion) {
	wait, began := 100*time.Millisecond, time.Now()
	err := d.writeGroup(ctx, group)
	for err != nil && time.Since(began) < leaseTime {
		d.log.Error("results not written", "count", len(group), "error", err)
		time.Sleep(wait) //nolint:forbidigo // for a database that is not there; nothing is to be woken up
		wait = min(2*wait, 2*time.Second)
		group, err = d.writeEach(ctx, group)
	}
}

// writeEach writes results one by one, and returns those that it could not.
func (d *Dispatcher) writeEach(ctx context.Context, group []completion) (left []completion, last error) {
	for _, s := range group {
		if err := d.writeGroup(ctx, []completion{s}); err != nil {
			left, last = append(left, s), err
		}
	}
	return left, last
}

// endpointKind is what the endpoint has shown itself to be: one that is not asked has not
// failed.
func (s completion) endpointKind() module.Kind {
	if s.dropReason != "" {
		return module.KindSkipped
	}
	return s.result.Kind()
}

// linger is how long a group waits for the results of other sends at work.
const linger = 3 * time.Millisecond

// gatherCompletions collects the results that are there, and those that come within a
// moment where others are at work: many endpoints cost one commit.
func (d *Dispatcher) gatherCompletions(first completion) []completion {
	group := []completion{first}
	timer := time.NewTimer(linger)
	defer timer.Stop()
	for len(group) < d.unsettled() {
		select {
		case s, ok := <-d.results:
			if !ok {
				return group
			}
			group = append(group, s)
		case <-timer.C:
			return group
		}
	}
	return group
}

// unsettled is how many sends are not settled.
func (d *Dispatcher) unsettled() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.total
}

func (d *Dispatcher) writeGroup(ctx context.Context, group []completion) error {
	// In one order of endpoints, so that instances do not wait crosswise.
	group = slices.SortedStableFunc(
		slices.Values(group),
		func(a, b completion) int { return cmp.Compare(a.delivery.EndpointID, b.delivery.EndpointID) },
	)
	return d.store.Write(ctx, func(tx *models.Tx) error {
		for _, s := range group {
			if err := d.writeOne(tx, s); err != nil {
				return err
			}
		}
		return nil
	})
}

func (d *Dispatcher) writeOne(tx *models.Tx, s completion) error {
	if s.dropReason != "" {
		return d.writeDrop(tx, s)
	}
	row := deliveryAfter(s, tx.Now())
	mine, err := tx.Settle(row, s.delivery.Claim, &models.Attempt{
		At: s.began, Duration: s.took, Result: resultOf(s.result), Status: s.result.Status,
		Reason: s.result.Reason, Answer: s.result.Answer, Private: s.result.Private, Probe: s.delivery.Probe,
	})
	if err != nil {
		return err
	}
	if !mine {
		d.log.Warn("a lease ended before its send did", "delivery", s.delivery.ID)
	}
	if s.target.ID == 0 || isUnchanged(s.target, s.result, tx.Now()) {
		return nil
	}
	return ignoreNotFound(d.updateHealth(tx, s))
}

// ignoreNotFound is for what becomes of a connection that was deleted while a message
// was sent to it: its health has gone with it, and no other result is to wait
// for that.
func ignoreNotFound(err error) error {
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	return err
}

// deliveryAfter is a delivery after an attempt. A probe that failed has used none.
func deliveryAfter(s completion, now time.Time) models.Delivery {
	kind := s.result.Kind()
	if s.delivery.Probe && (kind == module.KindTransient || kind == module.KindRetryAfter) {
		d := s.delivery
		d.State, d.NextAt, d.Reason = models.DeliveryPending, now, s.result.Reason
		if d.Spent > 0 {
			d.State = models.DeliveryRetrying
		}
		if now.Sub(d.DueSince) >= lifetime {
			return finish(d, models.DeliveryDead, now)
		}
		return d
	}
	return afterAttempt(s.delivery, s.result, now, s.chance)
}

func resultOf(r module.Result) string {
	if r.Unsure {
		return models.ResultUnsure
	}
	return r.Kind().String()
}

// writeDrop cancels a delivery that is not to be sent, and what is out of date
// behind it.
func (d *Dispatcher) writeDrop(tx *models.Tx, s completion) error {
	row := finish(s.delivery, models.DeliveryCancelled, tx.Now())
	row.Reason = s.dropReason
	if _, err := tx.Settle(row, s.delivery.Claim, nil); err != nil {
		return err
	}
	if s.upTo != 0 {
		if err := tx.CancelOutdated(s.delivery, s.upTo, s.dropReason); err != nil {
			return err
		}
	}
	if s.target.Shared.RecoverUpTo == 0 && !s.delivery.Probe {
		return nil
	}
	return ignoreNotFound(d.updateHealthAfterDrop(tx, s))
}
