package event_test

import (
	"testing"

	"gatecrier/app/event"
	"gatecrier/models"
)

// A message names the first failing observations, says how many more there are, and links to all.
func TestDescribe_FailingObservationsLeftOut(t *testing.T) {
	failed := func(change func(*event.GateChange)) event.GateChange {
		g := event.GateChange{
			Product:    event.Product{ID: 7, Name: "Shop"},
			Branch:     "main",
			From:       models.GatePassed,
			To:         models.GateFailed,
			Why:        "why",
			Counts:     models.Counts{Critical: 2, High: 9, Medium: 4},
			Thresholds: &models.Counts{High: 9, Medium: 9},
			Failing:    event.Failing{Items: []event.Finding{{Title: "CVE-1"}}},
		}
		change(&g)
		return g
	}
	const list = "/observations?branch=main"
	for _, test := range []struct {
		name   string
		change func(*event.GateChange)
		want   event.Rest
	}{
		{"the cause made none active", func(*event.GateChange) {}, event.Rest{1, list + "&product=7&severity=critical"}},
		{
			"new and reopened", func(g *event.GateChange) { g.Failing.New, g.Failing.Reopened = 4, 2 },
			event.Rest{5, list + "&product=7&severity=critical"},
		},
		{
			"two severities", func(g *event.GateChange) { g.Thresholds.High = 8 },
			event.Rest{10, list + "&min_severity=high&product=7"},
		},
		{
			"what counts is less", func(g *event.GateChange) { g.Effective = &models.Counts{Critical: 1} },
			event.Rest{},
		},
		{
			"known exploited ones count as critical",
			func(g *event.GateChange) { g.KEVAsCritical, g.Effective = true, &models.Counts{Critical: 3} },
			event.Rest{2, list + "&product=7"},
		},
		{
			"a branch with a special name", func(g *event.GateChange) { g.Branch = "a&b #1" },
			event.Rest{1, "/observations?branch=a%26b+%231&product=7&severity=critical"},
		},
		{"all are named", func(g *event.GateChange) { g.Failing.New = 1 }, event.Rest{}},
		{"counts without reports", func(g *event.GateChange) { g.Failing.Items = nil }, event.Rest{}},
		{"passed", func(g *event.GateChange) { g.To, g.Failing = models.GatePassed, event.Failing{} }, event.Rest{}},
	} {
		if got := described(t, failed(test.change), "").Rest; got != test.want {
			t.Errorf("%s: %+v, want %+v", test.name, got, test.want)
		}
	}
}

// The first sentence says from which state to which. New and reopened observations are two numbers.
func TestDescribe_FirstSentence(t *testing.T) {
	items := []event.Finding{{Title: "CVE-1"}}
	for _, test := range []struct {
		from, to models.GateState
		failing  event.Failing
		want     string
	}{
		{
			models.GatePassed, models.GateFailed,
			event.Failing{New: 3, Reopened: 2, Items: items},
			"Passed → Failed: why, 3 new, 2 reopened: CVE-1 and 4 more",
		},
		{models.GateFailed, models.GatePassed, event.Failing{}, "Failed → Passed: why"},
		{models.GateNone, models.GatePassed, event.Failing{}, "Not evaluated → Passed: why"},
		{models.GatePassed, models.GateNone, event.Failing{}, "Passed → Not evaluated: why"},
	} {
		n := described(t, event.GateChange{From: test.from, To: test.to, Why: "why", Failing: test.failing}, "")
		if n.Message != test.want {
			t.Errorf("got %q, want %q", n.Message, test.want)
		}
	}
}

// Lists of waivers, of exceptions and of silenced notifications say how many they leave out, too.
func TestDescribe_OtherListsLeaveOut(t *testing.T) {
	for want, p := range map[event.Rest]event.Payload{
		{3, "/observations?product=7&status=risk_accepted"}: event.WaiverExpiring{
			Product: event.Product{ID: 7}, Count: 4, Waivers: make([]event.Waiver, 1),
		},
		{2, "/exceptions?product=7"}: event.ExceptionsJoined{
			Product: &event.Product{ID: 7}, Groups: 3, Exceptions: make([]event.JoinedException, 1),
		},
		{9, "/silences/5"}: event.SilenceEnded{Silence: 5, Held: 10, Named: make([]event.HeldBack, 1)},
	} {
		if got := wordsOf(t, p).Rest; got != want {
			t.Errorf("%T: %+v, want %+v", p, got, want)
		}
	}
}
