package connection

import (
	"gatecrier/app/fault"
	"gatecrier/models"
)

// Waiting is what happens to the messages that wait for a connection that is turned off.
type Waiting string

// What can happen to them. Without a value, those of a connection that is turned off are kept.
const (
	Keep   Waiting = "keep"   // until it is turned on again, or their lifetime ends
	Cancel Waiting = "cancel" // at once, for good
)

// turn turns a connection on or off, as far as the change says so.
func (c Change) turn(now *models.Connection) error {
	wasOn := now.Enabled
	if c.Enabled != nil {
		now.Enabled, now.DisabledWhy = *c.Enabled, ""
	}
	switch c.Waiting {
	case "":
		now.KeepsWaiting = !now.Enabled && (wasOn || now.KeepsWaiting)
	case Keep, Cancel:
		if now.Enabled {
			return fault.BadField("waiting", "This applies only to a target that is turned off: send enabled=false too")
		}
		now.KeepsWaiting = c.Waiting == Keep
	default:
		return fault.BadField("waiting", "Use keep or cancel")
	}
	return nil
}

// cancelWaiting cancels the messages that wait for a connection that is off, unless it keeps them.
func cancelWaiting(tx *models.Tx, c models.Connection) error {
	if c.KeepsWaiting {
		return nil
	}
	return tx.CancelWaiting(c.ID, TurnedOff)
}
