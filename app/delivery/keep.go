package delivery

import (
	"time"

	"gatecrier/models"
)

// Lifetime is how long a message waits before it fails, also while its target is off.
const Lifetime = lifetime

// writeKept lets a delivery wait until its target is turned on. If it was turned on since the
// delivery was claimed, it is due again.
func (d *Dispatcher) writeKept(tx *models.Tx, c completion) error {
	keeps, err := tx.KeepsWaiting(c.delivery.ConnectionID)
	if err != nil {
		return err
	}
	row := c.delivery
	row.State, row.NextAt = models.DeliveryPending, time.Time{}
	if !keeps {
		row.NextAt = tx.Now()
	}
	mine, err := tx.Settle(row, c.delivery.Claim, nil)
	if err != nil {
		return err
	}
	if !mine {
		d.log.Warn("keep after the lease ended", "delivery", c.delivery.ID)
		return nil
	}
	if c.target.Shared.RecoverUpTo == 0 && !c.delivery.Probe {
		return nil
	}
	return ignoreNotFound(d.updateHealthAfterCancel(tx, c))
}
