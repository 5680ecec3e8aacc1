package delivery

import (
	"time"

	"gatecrier/app/event"
	"gatecrier/app/module"
	"gatecrier/models"
)

const (
	maxFailures   = 5 // in a row, until the breaker opens
	maxRejections = 3 // in a row, until users are notified
	probeFirst    = time.Minute
	maxProbe      = time.Hour
	pauseAfter    = 72 * time.Hour   // of failures, until probes end
	successEvery  = 10 * time.Second // between writes of the time of the last success
)

// healthChange is what a result means for a connection, besides its counters.
type healthChange struct {
	trouble   event.Trouble // to notify users about, "" for none
	succeeded bool          // a message has arrived
	closed    bool          // the breaker has closed
}

// merge joins the changes of two rules.
func (h healthChange) merge(o healthChange) healthChange {
	if h.trouble == "" {
		h.trouble = o.trouble
	}
	return healthChange{h.trouble, h.succeeded || o.succeeded, h.closed || o.closed}
}

// endpointHealthAfter returns an endpoint's health after a result. It is pure.
func endpointHealthAfter(h models.Health, r module.Result, probe bool, now time.Time) (models.Health, healthChange) {
	switch r.Kind() {
	case module.KindDelivered:
		h.LastSuccessAt = now
		h, closed := closeBreaker(h, now)
		return h, healthChange{succeeded: true, closed: closed}
	case module.KindTransient, module.KindRetryAfter:
		return healthAfterFailure(h, r, probe, now)
	case module.KindRejected, module.KindGone: // it answers, so the server works
		if probe {
			h, closed := closeBreaker(h, now)
			return h, healthChange{closed: closed}
		}
	case module.KindBlocked, module.KindPermanent, module.KindSkipped: // these say nothing about the endpoint
		if probe && h.Open() {
			h.ProbeAt = now.Add(probeWait(h.Probes))
		}
	}
	return h, healthChange{}
}

// closeBreaker clears the failures. It reports whether the breaker was open.
func closeBreaker(h models.Health, now time.Time) (models.Health, bool) {
	closed := h.Open()
	if closed {
		h.ClosedAt = now
	}
	h.Failures, h.FailingSince, h.Reason = 0, time.Time{}, ""
	h.OpenedAt, h.ProbeAt, h.Probes, h.PausedAt = time.Time{}, time.Time{}, 0, time.Time{}
	return h, closed
}

// healthAfterFailure counts a failure, and opens the breaker at maxFailures. The receiver can ask
// for a longer wait.
func healthAfterFailure(h models.Health, r module.Result, probe bool, now time.Time) (models.Health, healthChange) {
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
		h.RecoverUpTo = 0 // it has not recovered after all
		return reportTrouble(h, event.TroubleDown, now)
	case h.Open() && probe:
		h.Probes++
		h.ProbeAt = now.Add(max(probeWait(h.Probes), asked))
	}
	return h, healthChange{}
}

// healthAfterPause pauses an endpoint that has failed for pauseAfter and was probed until then. It
// reports whether it did.
func healthAfterPause(h models.Health, now time.Time) (models.Health, bool) {
	until := h.FailingSince.Add(pauseAfter)
	if !h.Open() || !h.PausedAt.IsZero() || now.Before(until) || h.ProbeAt.Before(until) {
		return h, false
	}
	h.PausedAt = now
	return h, true
}

// probeWait returns the time until the next probe. It doubles with each probe that failed.
func probeWait(probes int) time.Duration { return min(probeFirst<<min(probes, 10), maxProbe) }

// reportTrouble marks a connection as broken. The change has the trouble only the first time, so
// that users are notified once.
func reportTrouble(h models.Health, t event.Trouble, now time.Time) (models.Health, healthChange) {
	if !h.BrokenAt.IsZero() {
		return h, healthChange{}
	}
	h.BrokenAt = now
	return h, healthChange{trouble: t}
}

// ownHealthAfter returns a connection's own health after a result, whatever the state of its
// endpoint.
func ownHealthAfter(h models.Health, r module.Result, now time.Time) (models.Health, healthChange) {
	switch r.Kind() {
	case module.KindDelivered:
		h.Rejected, h.LastSuccessAt = 0, now
		return h, healthChange{succeeded: true}
	case module.KindRejected, module.KindBlocked:
		h.Rejected++
		h.Reason = r.Reason
		if h.Rejected >= maxRejections {
			return reportTrouble(h, event.TroubleRejecting, now)
		}
	case module.KindGone:
		h.Reason = r.Reason
		return reportTrouble(h, event.TroubleGone, now)
	case module.KindTransient, module.KindRetryAfter, module.KindPermanent, module.KindSkipped:
	}
	return h, healthChange{}
}

// isUnchanged reports whether a result changes no health of a connection, so that nothing needs to
// be written.
func isUnchanged(target models.ConnectionWithHealth, r module.Result, now time.Time) bool {
	if !target.OwnHealth.Clean() || !target.Shared.Clean() {
		return false
	}
	switch r.Kind() {
	case module.KindDelivered:
		return now.Sub(target.OwnHealth.LastSuccessAt) < successEvery && now.Sub(target.Shared.LastSuccessAt) < successEvery
	case module.KindPermanent, module.KindSkipped:
		return true
	case module.KindTransient, module.KindRetryAfter, module.KindRejected, module.KindBlocked, module.KindGone:
	}
	return false
}
