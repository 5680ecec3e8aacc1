package delivery

import (
	"time"

	"gatecrier/app/event"
	"gatecrier/app/module"
	"gatecrier/models"
)

const (
	maxFailures   = 5 // in a row, then the breaker opens
	maxRejections = 3 // in a row, then people are told
	probeFirst    = time.Minute
	maxProbe      = time.Hour
	pauseAfter    = 72 * time.Hour   // of failures, then it is not tried any more
	successEvery  = 10 * time.Second // how exact the time of the last success is
)

// healthChange is what a result means for a connection, beside the numbers.
type healthChange struct {
	trouble   event.Trouble // people are to be told of it, "" for nothing
	succeeded bool          // something has arrived
	closed    bool          // the breaker has closed
}

// merge joins what two rules say.
func (t healthChange) merge(o healthChange) healthChange {
	if t.trouble == "" {
		t.trouble = o.trouble
	}
	return healthChange{t.trouble, t.succeeded || o.succeeded, t.closed || o.closed}
}

// endpointHealthAfter is an endpoint's health after a result. It is pure.
func endpointHealthAfter(h models.Health, r module.Result, probe bool, now time.Time) (models.Health, healthChange) {
	switch r.Kind() {
	case module.KindDelivered:
		h.LastSuccessAt = now
		h, closed := closeBreaker(h, now)
		return h, healthChange{succeeded: true, closed: closed}
	case module.KindTransient, module.KindRetryAfter:
		return healthAfterFailure(h, r, probe, now)
	case module.KindRejected, module.KindGone: // it is there, and says no
		if probe {
			h, closed := closeBreaker(h, now)
			return h, healthChange{closed: closed}
		}
	case module.KindRefused, module.KindPermanent, module.KindSkipped: // they say nothing about it
		if probe && h.Open() {
			h.ProbeAt = now.Add(probeWait(h.Probes))
		}
	}
	return h, healthChange{}
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
		h.RecoverUpTo = 0 // it has not come back after all
		return reportTrouble(h, event.TroubleDown, now)
	case h.Open() && probe:
		h.Probes++
		h.ProbeAt = now.Add(max(probeWait(h.Probes), asked))
	}
	return h, healthChange{}
}

// healthAfterPause is the health of an endpoint that is not tried any more, if it has failed
// for so long and was probed until then.
func healthAfterPause(h models.Health, now time.Time) (models.Health, bool) {
	until := h.FailingSince.Add(pauseAfter)
	if !h.Open() || !h.PausedAt.IsZero() || now.Before(until) || h.ProbeAt.Before(until) {
		return h, false
	}
	h.PausedAt = now
	return h, true
}

// probeWait doubles with each probe that failed.
func probeWait(probes int) time.Duration { return min(probeFirst<<min(probes, 10), maxProbe) }

// reportTrouble notes that people are told of a trouble, once.
func reportTrouble(h models.Health, t event.Trouble, now time.Time) (models.Health, healthChange) {
	if !h.BrokenAt.IsZero() {
		return h, healthChange{}
	}
	h.BrokenAt = now
	return h, healthChange{trouble: t}
}

// ownHealthAfter is what a result says of a connection itself, however its endpoint does.
func ownHealthAfter(h models.Health, r module.Result, now time.Time) (models.Health, healthChange) {
	switch r.Kind() {
	case module.KindDelivered:
		h.Rejected, h.LastSuccessAt = 0, now
		return h, healthChange{succeeded: true}
	case module.KindRejected, module.KindRefused:
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

// isUnchanged reports whether a result changes nothing of what is known of a
// connection, so that nothing need be written.
func isUnchanged(out models.ConnectionWithHealth, r module.Result, now time.Time) bool {
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
