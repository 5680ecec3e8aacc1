package delivery

import (
	"context"
	"time"

	"gatecrier/app/module"
	"gatecrier/models"
)

// settlement is what came of a claimed delivery.
type settlement struct {
	delivery models.Delivery
	result   module.Result
	drop     string // why it was not to be sent at all
	began    time.Time
	took     time.Duration
	chance   float64
}

// settle writes results in groups until there are no more. What cannot be
// written is tried again: a message that was delivered must not be sent twice
// for want of a line in the database.
func (d *Dispatcher) settle(ctx context.Context) {
	for first := range d.results {
		group := d.gather(first)
		wait := 100 * time.Millisecond
		for try := 0; ; try++ {
			err := d.write(ctx, group)
			if err == nil {
				break
			}
			d.log.Error("results not written", "count", len(group), "error", err)
			if try == 5 { // their leases end meanwhile
				break
			}
			time.Sleep(wait) //nolint:forbidigo // for a database that is not there; nothing is to be woken up
			wait *= 2
		}
		for _, s := range group {
			d.done(s.delivery.ConnectionID)
		}
		d.Wake()
	}
}

// linger is how long a group waits for the results of other sends at work.
const linger = 3 * time.Millisecond

// gather collects the results that are there, and those that come within a
// moment where others are at work: many lines cost one commit.
func (d *Dispatcher) gather(first settlement) []settlement {
	group := []settlement{first}
	timer := time.NewTimer(linger)
	defer timer.Stop()
	for len(group) < d.atWork() {
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

// atWork is how many sends are not settled.
func (d *Dispatcher) atWork() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.total
}

func (d *Dispatcher) write(ctx context.Context, group []settlement) error {
	return d.store.Write(ctx, func(tx *models.Tx) error {
		for _, s := range group {
			if err := d.writeOne(tx, s); err != nil {
				return err
			}
		}
		return nil
	})
}

func (d *Dispatcher) writeOne(tx *models.Tx, s settlement) error {
	if s.drop != "" {
		row := final(s.delivery, models.DeliveryCancelled, tx.Now())
		row.Reason = s.drop
		_, err := tx.Settle(row, s.delivery.Claim, nil)
		return err
	}
	row := next(s.delivery, s.result, tx.Now(), s.chance)
	mine, err := tx.Settle(row, s.delivery.Claim, &models.Attempt{
		At: s.began, Duration: s.took, Result: s.result.Kind().String(), Status: s.result.Status,
		Reason: s.result.Reason, Answer: s.result.Answer, Private: s.result.Private,
	})
	if err != nil {
		return err
	}
	if !mine {
		d.log.Warn("a lease ended before its send did", "delivery", s.delivery.ID)
	}
	if s.result.Kind() == module.KindGone {
		return tx.DisableConnection(s.delivery.ConnectionID, "The receiver says that this address is finished: "+s.result.Reason)
	}
	return nil
}
