package delivery

import (
	"time"

	"gatecrier/app/module"
	"gatecrier/models"
)

// waits are the times before the second to the ninth attempt. Each is spread by spread, so that
// messages that failed together are not retried together.
var waits = []time.Duration{
	5 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute,
	30 * time.Minute, 2 * time.Hour, 6 * time.Hour, 12 * time.Hour,
}

const (
	spread        = 0.2
	maxAttempts   = 9              // of a message that the receiver cannot take
	maxRejected   = 3              // of one that the receiver rejects
	retryAfterCap = 6 * time.Hour  // the longest wait that a receiver can ask for
	lifetime      = 72 * time.Hour // after which a message fails whatever happens
)

// The longest times that this package plans.
const (
	MaxLease = leaseTime
	MaxRetry = 12*time.Hour + 12*time.Hour/5 // the last of waits, spread
	MaxProbe = max(maxProbe, retryAfterCap)
)

// afterAttempt returns a delivery after an attempt. It is pure: now is the time, and chance, from
// 0 to 1, spreads the next attempt.
func afterAttempt(d models.Delivery, r module.Result, now time.Time, chance float64) models.Delivery {
	d.Attempts++
	d.Spent++
	d.Reason = r.Reason
	kind := r.Kind()
	isTest := d.Origin == models.OriginTest // a user waits for its result
	if isTest && kind != module.KindDelivered && kind != module.KindSkipped {
		return finish(d, models.DeliveryDead, now)
	}
	switch kind {
	case module.KindDelivered:
		return finish(d, models.DeliveryDelivered, now)
	case module.KindSkipped:
		return finish(d, models.DeliverySkipped, now)
	case module.KindGone, module.KindPermanent:
		return finish(d, models.DeliveryDead, now)
	case module.KindRejected, module.KindBlocked:
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

// scheduleRetry schedules another attempt, if limit leaves one and it is not after the message's
// lifetime.
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
