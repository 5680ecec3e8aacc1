package delivery

import (
	"time"

	"gatecrier/app/module"
	"gatecrier/models"
)

// waits are the times before the second to the ninth attempt; each is spread
// by spread, so that what failed together does not come back together.
var waits = []time.Duration{
	5 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute,
	30 * time.Minute, 2 * time.Hour, 6 * time.Hour, 12 * time.Hour,
}

const (
	spread        = 0.2
	maxAttempts   = 9              // of a message whose receiver is in trouble
	maxRejected   = 3              // of one that the receiver does not want
	retryAfterCap = 6 * time.Hour  // the longest wait that a receiver may ask for
	lifetime      = 72 * time.Hour // after which a message is dead whatever happens
)

// afterAttempt decides what becomes of a delivery after an attempt. It is pure: chance
// is a number from 0 to 1, now the time.
func afterAttempt(d models.Delivery, r module.Result, now time.Time, chance float64) models.Delivery {
	d.Attempts++
	d.Spent++
	d.Reason = r.Reason
	kind := r.Kind()
	if d.EventID == 0 && kind != module.KindDelivered &&
		kind != module.KindSkipped { // somebody waits for the answer of a test
		return finish(d, models.DeliveryDead, now)
	}
	switch kind {
	case module.KindDelivered:
		return finish(d, models.DeliveryDelivered, now)
	case module.KindSkipped:
		return finish(d, models.DeliverySkipped, now)
	case module.KindGone, module.KindPermanent:
		return finish(d, models.DeliveryDead, now)
	case module.KindRejected, module.KindRefused:
		return scheduleRetry(d, maxRejected, 0, now, chance)
	case module.KindRetryAfter, module.KindTransient:
		return scheduleRetry(d, maxAttempts, min(r.Wait(), retryAfterCap), now, chance)
	}
	return finish(d, models.DeliveryDead, now)
}

func finish(d models.Delivery, state models.DeliveryState, now time.Time) models.Delivery {
	d.State, d.NextAt, d.FinishedAt = state, time.Time{}, now
	return d
}

// scheduleRetry plans another attempt, if one is left before the message is too old.
func scheduleRetry(d models.Delivery, limit int, asked time.Duration, now time.Time, chance float64) models.Delivery {
	if d.Spent >= limit || d.Spent > len(waits) {
		return finish(d, models.DeliveryDead, now)
	}
	wait := waits[d.Spent-1]
	wait += time.Duration((2*chance - 1) * spread * float64(wait))
	d.State, d.NextAt = models.DeliveryRetrying, now.Add(max(wait, asked))
	if d.NextAt.After(d.DueSince.Add(lifetime)) {
		return finish(d, models.DeliveryDead, now)
	}
	return d
}
