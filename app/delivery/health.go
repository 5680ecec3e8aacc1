package delivery

import (
	"time"

	"gatecrier/app/event"
	"gatecrier/app/module"
	"gatecrier/models"
)

const (
	maxFailures  = 5 // in a row, then the breaker opens
	rejectedSome = 3 // in a row, then people are told
	probeFirst   = time.Minute
	maxProbe     = time.Hour
	pauseAfter   = 72 * time.Hour   // of failures, then it is not tried any more
	successEvery = 10 * time.Second // how exact the time of the last success is
)

// turn is what a result means for a connection, beside the numbers.
type turn struct {
	trouble event.Trouble // people are to be told of it, "" for nothing
	works   bool          // something has arrived
	closed  bool          // the breaker has closed
}

// and joins what two rules say.
func (t turn) and(o turn) turn {
	if t.trouble == "" {
		t.trouble = o.trouble
	}
	return turn{t.trouble, t.works || o.works, t.closed || o.closed}
}

// endpointHealthAfter is an endpoint's health after a result. It is pure.
func endpointHealthAfter(h models.Health, r module.Result, probe bool, now time.Time) (models.Health, turn) {
	switch r.Kind() {
	case module.KindDelivered:
		h.LastSuccessAt = now
		h, closed := closeBreaker(h, now)
		return h, turn{works: true, closed: closed}
	case module.KindTransient, module.KindRetryAfter:
		return failed(h, r, probe, now)
	case module.KindRejected, module.KindGone: // it is there, and says no
		if probe {
			h, closed := closeBreaker(h, now)
			return h, turn{closed: closed}
		}
	case module.KindRefused, module.KindPermanent, module.KindSkipped: // they say nothing about it
		if probe && h.Open() {
			h.ProbeAt = now.Add(probeWait(h.Probes))
		}
	}
	return h, turn{}
}

func closeBreaker(h models.Health, now time.Time) (models.Health, bool) {
	closed := h.Open()
	if closed {
		h.ClosedAt = now
	}
	h.Failures, h.FailingSince, h.Reason = 0, time.Time{}, ""
	h.OpenedAt, h.ProbeAt, h.Probes, h.PausedAt = time.Time{}, time.Time{}, 0, time.Time{}
	return h, closed
}

func failed(h models.Health, r module.Result, probe bool, now time.Time) (models.Health, turn) {
	h.Failures++
	h.Reason = r.Reason
	if h.FailingSince.IsZero() {
		h.FailingSince = now
	}
	asked := min(r.Wait(), retryAfterCap)
	if until := now.Add(asked); asked > 0 && until.After(h.FreeAt) {
		h.FreeAt = until
	}
	switch {
	case !h.Open() && h.Failures >= maxFailures:
		h.OpenedAt, h.ProbeAt, h.Probes = now, now.Add(max(probeFirst, asked)), 0
		h.RecoverUpTo = 0 // it has not come back after all
		return told(h, event.TroubleDown, now)
	case h.Open() && probe:
		h.Probes++
		h.ProbeAt = now.Add(max(probeWait(h.Probes), asked))
	}
	return h, turn{}
}

// paused is the health of an endpoint that is not tried any more, if it has failed
// for so long and was probed until then.
func paused(h models.Health, now time.Time) (models.Health, bool) {
	until := h.FailingSince.Add(pauseAfter)
	if !h.Open() || !h.PausedAt.IsZero() || now.Before(until) || h.ProbeAt.Before(until) {
		return h, false
	}
	h.PausedAt = now
	return h, true
}

// probeWait doubles with each probe that failed.
func probeWait(probes int) time.Duration { return min(probeFirst<<min(probes, 10), maxProbe) }

// told notes that people are told of a trouble, once.
func told(h models.Health, t event.Trouble, now time.Time) (models.Health, turn) {
	if !h.BrokenAt.IsZero() {
		return h, turn{}
	}
	h.BrokenAt = now
	return h, turn{trouble: t}
}

// ownAfter is what a result says of a connection itself, however its endpoint does.
func ownAfter(h models.Health, r module.Result, now time.Time) (models.Health, turn) {
	switch r.Kind() {
	case module.KindDelivered:
		h.Rejected, h.LastSuccessAt = 0, now
		return h, turn{works: true}
	case module.KindRejected, module.KindRefused:
		h.Rejected++
		h.Reason = r.Reason
		if h.Rejected >= rejectedSome {
			return told(h, event.TroubleRejecting, now)
		}
	case module.KindGone:
		h.Reason = r.Reason
		return told(h, event.TroubleGone, now)
	case module.KindTransient, module.KindRetryAfter, module.KindPermanent, module.KindSkipped:
	}
	return h, turn{}
}

// unchanged reports whether a result changes nothing of what is known of a
// connection, so that nothing need be written.
func unchanged(out models.ConnectionWithHealth, r module.Result, now time.Time) bool {
	if !out.OwnHealth.Clean() || !out.Shared.Clean() {
		return false
	}
	switch r.Kind() {
	case module.KindDelivered:
		return now.Sub(out.OwnHealth.LastSuccessAt) < successEvery && now.Sub(out.Shared.LastSuccessAt) < successEvery
	case module.KindPermanent, module.KindSkipped:
		return true
	case module.KindTransient, module.KindRetryAfter, module.KindRejected, module.KindRefused, module.KindGone:
	}
	return false
}
