package exception

import (
	"context"

	"gatecrier/models"
)

// claim is the database's part of an occurrence: one transaction decides whether this
// instance notifies, and appends the event with the decision.
type claim struct {
	occurrence

	unstored  models.ExceptionCount // counted in memory before, stored with the claim
	outcome   models.ExceptionClaim
	overflows bool // the owner has maxNew groups already: nothing was written
}

// claim asks the database whether an occurrence notifies, and ends the claim of its
// window with the answer. After an error the next report of the key claims again.
// overflows means that the occurrence belongs into the overflow group.
func (s *Service) claim(ctx context.Context, o occurrence, w *window) (result Result, overflows bool, err error) {
	c := claim{occurrence: o, unstored: w.claimed}
	decided := false
	defer func() { s.tracker.finishClaim(o.key, w, c.outcome, decided) }() // also after a panic
	if err := s.store.Write(ctx, func(tx *models.Tx) error { return s.claimTx(tx, &c) }); err != nil {
		return Result{}, false, err
	}
	if c.overflows {
		s.tracker.markFull(o.key.owner)
		return Result{}, true, nil
	}
	decided = true
	if c.outcome.Notify {
		return Result{Group: c.outcome.GroupID, Notified: true}, false, nil
	}
	return Result{Group: c.outcome.GroupID, Suppressed: c.outcome.Suppressed}, false, nil
}

// claimTx is the transaction of a claim: it sets the claim's outcome, or overflows.
func (s *Service) claimTx(tx *models.Tx, c *claim) error {
	c.outcome, c.overflows = models.ExceptionClaim{}, false // a write can run it again
	if c.key.owner != 0 {
		if err := tx.LockProductShared(c.key.owner); err != nil {
			return err
		}
	}
	id, key, err := tx.ExceptionKey(tx.Context(), c.key.owner, c.key.key)
	if err != nil {
		return err
	}
	c.unstored.GroupID = id // a user can have merged the group since
	if id == 0 && c.by != ByOverflow {
		n, err := tx.CountNewExceptions(tx.Context(), c.key.owner, tx.Now().Add(-newTime), maxNew)
		if c.overflows = n >= maxNew; err != nil || c.overflows {
			return err
		}
	}
	row := c.row(key, c.sampleAt(tx.Now(), s.log))
	c.outcome, err = tx.ClaimException(row, c.policy.Window, &c.unstored)
	if err != nil || !c.outcome.Notify {
		return err
	}
	return s.notifyOrHold(tx, c.occurrence, &c.outcome)
}

// appendEvent appends the event of an occurrence that notifies.
func (s *Service) appendEvent(tx *models.Tx, o occurrence, c models.ExceptionClaim) error {
	payload := o.payload(c)
	var err error
	if payload.Product, err = s.productOf(tx, o.key.owner); err != nil {
		return err
	}
	_, err = s.events.Append(tx, o.key.owner, "", payload)
	return err
}
