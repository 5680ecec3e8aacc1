package delivery

import (
	"testing"
	"time"

	"gatecrier/app/event"
	"gatecrier/app/module"
	"gatecrier/models"
)

var noon = time.Unix(1_700_000_000, 0)

// fail returns the health of an endpoint after several failures, one per second.
func fail(h models.Health, times int, now time.Time) (models.Health, []healthChange) {
	var turns []healthChange
	for i := range times {
		var n healthChange
		h, n = endpointHealthAfter(h, module.Transient("503"), false, now.Add(time.Duration(i)*time.Second))
		turns = append(turns, n)
	}
	return h, turns
}

func TestTheBreakerOpensAtTheFifthFailureInARow(t *testing.T) {
	h, turns := fail(models.Health{}, 4, noon)
	if h.Open() || turns[3] != (healthChange{}) {
		t.Fatalf("after four: %+v, %+v", h, turns[3])
	}
	h, turns = fail(h, 1, noon.Add(4*time.Second))
	if !h.Open() || turns[0].trouble != event.TroubleDown || !h.BrokenAt.Equal(noon.Add(4*time.Second)) ||
		!h.FailingSince.Equal(noon) ||
		h.ProbeAt.Sub(h.OpenedAt) != time.Minute {
		t.Errorf("after five: %+v, %+v", h, turns[0])
	}
	if _, n := endpointHealthAfter(h, module.Transient("503"), false, noon); n != (healthChange{}) {
		t.Errorf("the answer of a send that was under way: %+v", n)
	}
}

func TestASuccessBetweenFailuresCounts(t *testing.T) {
	h, _ := fail(models.Health{}, 4, noon)
	h, n := endpointHealthAfter(h, module.Delivered("200"), false, noon)
	if h.Failures != 0 || !h.FailingSince.IsZero() || !h.LastSuccessAt.Equal(noon) || !n.succeeded || n.closed {
		t.Errorf("%+v, %+v", h, n)
	}
}

func TestProbesDoubleUpToAnHourAndEndAfterThreeDays(t *testing.T) {
	h, _ := fail(models.Health{}, 5, noon)
	var waits []time.Duration
	for range 8 {
		now := h.ProbeAt
		h, _ = endpointHealthAfter(h, module.Transient("503"), true, now)
		waits = append(waits, h.ProbeAt.Sub(now))
	}
	for i, want := range []time.Duration{2, 4, 8, 16, 32, 60, 60, 60} {
		if waits[i] != want*time.Minute {
			t.Errorf("after probe %d: %v, want %d min", i+1, waits[i], want)
		}
	}
	h, _ = endpointHealthAfter(h, module.Transient("503"), true, noon.Add(72*time.Hour-time.Second))
	if h, now := healthAfterPause(h, noon.Add(72*time.Hour-time.Second)); now || !h.PausedAt.IsZero() {
		t.Errorf("before three days: %+v", h)
	}
	h, now := healthAfterPause(h, noon.Add(72*time.Hour))
	if !now || h.PausedAt.IsZero() {
		t.Errorf("after three days: %+v", h)
	}
	if _, again := healthAfterPause(h, noon.Add(73*time.Hour)); again {
		t.Error("paused twice")
	}
	h, n := endpointHealthAfter(h, module.Delivered("200"), true, noon.Add(80*time.Hour))
	if !n.closed || !n.succeeded || h.Open() || !h.PausedAt.IsZero() || h.BrokenAt.IsZero() {
		t.Errorf("once resumed and back: %+v, %+v", h, n)
	}
}

// A rejection proves that the server works: the breaker closes, and the next message is sent.
func TestAProbeThatIsRejectedClosesTheBreaker(t *testing.T) {
	h, _ := fail(models.Health{}, 5, noon)
	if h, n := endpointHealthAfter(h, module.Rejected("404"), true, noon.Add(time.Minute)); h.Open() || !n.closed ||
		n.succeeded {
		t.Errorf("%+v, %+v", h, n)
	}
	if h, n := endpointHealthAfter(h, module.Blocked("private"), true, noon.Add(time.Minute)); !h.Open() || n.closed ||
		!h.ProbeAt.After(noon.Add(time.Minute)) {
		t.Errorf("the guard's refusal: %+v, %+v", h, n)
	}
}

func TestRetryAfterHoldsTheWholeEndpoint(t *testing.T) {
	h, _ := endpointHealthAfter(models.Health{}, module.RetryAfter(time.Hour, "429"), false, noon)
	if !h.FreeAt.Equal(noon.Add(time.Hour)) || h.Failures != 1 {
		t.Errorf("%+v", h)
	}
	h, _ = endpointHealthAfter(h, module.RetryAfter(time.Minute, "429"), false, noon)
	if !h.FreeAt.Equal(noon.Add(time.Hour)) {
		t.Errorf("a shorter one shortens it: %+v", h)
	}
	h, _ = endpointHealthAfter(models.Health{}, module.RetryAfter(100*time.Hour, "429"), false, noon)
	if !h.FreeAt.Equal(noon.Add(retryAfterCap)) {
		t.Errorf("a far too long one: %+v", h)
	}
}

func TestARejectingConnectionIsNotifiedOnce(t *testing.T) {
	h, notified := models.Health{}, 0
	for range 9 {
		var n healthChange
		h, n = ownHealthAfter(h, module.Rejected("404"), noon)
		if n.trouble == event.TroubleRejecting {
			notified++
		}
	}
	if notified != 1 || h.Rejected != 9 {
		t.Errorf("notified %d times: %+v", notified, h)
	}
	h, n := ownHealthAfter(h, module.Delivered("200"), noon)
	if h.Rejected != 0 || !n.succeeded {
		t.Errorf("a success: %+v, %+v", h, n)
	}
	if _, n := ownHealthAfter(models.Health{}, module.Gone("410"), noon); n.trouble != event.TroubleGone {
		t.Errorf("gone: %+v", n)
	}
}

func TestAFailedProbeUsesNoAttempt(t *testing.T) {
	d := models.Delivery{
		Origin: models.OriginEvent, Spent: 5, Attempts: 5, State: models.DeliverySending, Probe: true, DueSince: noon,
	}
	failed := completion{delivery: d, attemptResult: attemptResult{result: module.Transient("503")}}
	got := deliveryAfter(failed, noon.Add(71*time.Hour))
	if got.State != models.DeliveryRetrying || got.Spent != 5 || got.Attempts != 5 {
		t.Errorf("%+v", got)
	}
	if got := deliveryAfter(failed, noon.Add(72*time.Hour)); got.State != models.DeliveryDead {
		t.Errorf("after 72 hours: %+v", got)
	}
	arrived := completion{delivery: d, attemptResult: attemptResult{result: module.Delivered("200")}}
	if got := deliveryAfter(arrived, noon); got.State != models.DeliveryDelivered || got.Attempts != 6 {
		t.Errorf("a probe that arrives: %+v", got)
	}
}

func TestDelivery_CanBeOutdated(t *testing.T) {
	due := models.Delivery{CreatedAt: noon, DueSince: noon}
	retry := models.Delivery{CreatedAt: noon, DueSince: noon, Attempts: 1}
	probe := models.Delivery{CreatedAt: noon, DueSince: noon, Probe: true}
	released := models.Delivery{CreatedAt: noon.Add(-time.Minute), DueSince: noon}
	busySince := func(d time.Duration) models.Health { return models.Health{BusySince: noon.Add(d)} }
	closedAt := func(d time.Duration) models.Health { return models.Health{ClosedAt: noon.Add(d)} }
	for name, test := range map[string]struct {
		row      models.Delivery
		endpoint models.Health
		late     time.Duration
		want     bool
	}{
		"first attempt, at once":          {due, models.Health{}, 0, false},
		"first attempt, 11 minutes late":  {due, models.Health{}, 11 * time.Minute, true},
		"late by our own rate":            {due, busySince(-time.Minute), 11 * time.Minute, false},
		"late before the rate mattered":   {due, busySince(11 * time.Minute), 12 * time.Minute, true},
		"held after a restore":            {released, models.Health{}, 0, true},
		"a retry":                         {retry, models.Health{}, time.Second, true},
		"a probe":                         {probe, models.Health{}, time.Second, true},
		"the endpoint was stopped since":  {due, closedAt(time.Minute), 2 * time.Minute, true},
		"the endpoint was stopped before": {due, closedAt(-time.Minute), time.Second, false},
	} {
		if got := mayBeOutdated(test.row, test.endpoint, noon.Add(test.late)); got != test.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestDecideOutdated(t *testing.T) {
	const back = "Superseded: the gate is back at Passed, the last state sent to this target"
	passed, failed := models.GatePassed, models.GateFailed
	notified := func(now, delivered models.GateState) models.LastNotified {
		return models.LastNotified{Latest: 9, Now: now, Delivered: delivered}
	}
	mayKnow := notified(passed, passed)
	mayKnow.MayKnow = true
	for name, test := range map[string]struct {
		last  models.LastNotified
		event int64
		why   string
		upTo  int64
	}{
		"the last change":            {notified(failed, passed), 9, "", 0},
		"an outdated change":         {notified(failed, ""), 7, "Superseded: the gate has changed to Failed since", 8},
		"back at the notified state": {notified(passed, passed), 7, back, 9},
		"back, itself the last":      {notified(passed, passed), 9, back, 9},
		"back, one may have arrived": {mayKnow, 9, "", 0},
	} {
		if why, upTo := decideOutdated(test.last, test.event); why != test.why || upTo != test.upTo {
			t.Errorf("%s: %q up to %d", name, why, upTo)
		}
	}
}
