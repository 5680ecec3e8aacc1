package event_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatecrier/app/event"
	"gatecrier/models"
)

func described(t *testing.T, g event.GateChange, actor string) event.Notice {
	t.Helper()
	text, err := json.Marshal(g)
	if err != nil {
		t.Fatal(err)
	}
	n, err := event.Describe(models.Event{Type: string(event.GateChanged), Version: 1, Actor: actor, Payload: text})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestDescribe_GateChange(t *testing.T) {
	g := event.GateChange{
		Product: event.Product{ID: 7, Name: "Shop"},
		Branch:  "main",
		From:    models.GatePassed,
		To:      models.GateFailed,
		Why:     "2 critical (threshold 0)",
		Counts:  models.Counts{Critical: 2, High: 3}, Thresholds: &models.Counts{High: 3},
		Cause: event.Cause{Kind: "import", Text: "a report of grype (deps)"},
		Failing: event.Failing{
			New: 1,
			Items: []event.Finding{
				{
					ID: 3, Title: "CVE-1", Severity: models.Critical, Component: "xz 5.6", Fix: "5.6.1", KEV: true,
					Change: event.ChangeNew,
					URL:    "https://advisories.example/CVE-1",
				},
				{Title: "CVE-2", Severity: models.High, Unfixed: true},
			},
		},
	}
	worst := models.Critical
	want := event.Notice{
		Severity: &worst,
		Name:     "Security gate failed (2 critical)",
		Title:    "Security gate failed: Shop (2 critical)",
		Message:  "Passed → Failed: 2 critical (threshold 0), 1 new: CVE-1, CVE-2",
		Summary:  "Passed → Failed: 2 critical (threshold 0), 1 new",
		Tone:     event.ToneBad,
		Facts: []event.Fact{
			{"Product", "Shop"},
			{"Branch", "main"},
			{"Cause", "a report of grype (deps)"},
			{"By", "eve"},
		},
		Items: []event.Item{
			{
				Label: "critical, new, known exploited:", Text: "CVE-1", URL: "https://advisories.example/CVE-1",
				Page: "/products/7/observations/3", More: "in xz 5.6 · fix: 5.6.1",
			},
			{Label: "high:", Text: "CVE-2", More: "· no fixed version yet"},
		},
		Actions: []event.Action{
			{"Assess observations", "/products/7?branch=main&severity=critical"},
			{"Silence notifications", "/silences/new?product=7&type=gate.changed"},
		},
		Rest: event.Rest{},
		Key:  "gate/7",
	}
	if diff := cmp.Diff(want, described(t, g, "eve")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestGateChange_Reason(t *testing.T) {
	items := make([]event.Finding, 5)
	for i := range items {
		items[i].Title = "CVE-" + string(rune('1'+i))
	}
	for want, g := range map[string]event.GateChange{
		"within all thresholds":                      {Why: "within all thresholds"},
		"why, among them CVE-1, CVE-2, CVE-3":        {Why: "why", Failing: event.Failing{Items: items}},
		"why, 9 new: CVE-1, CVE-2, CVE-3 and 6 more": {Why: "why", Failing: event.Failing{New: 9, Items: items}},
		"why, 1 new, 2 reopened: CVE-1, CVE-2 and 1 more": {
			Why: "why", Failing: event.Failing{New: 1, Reopened: 2, Items: items[:2]},
		},
		"why, 2 reopened: CVE-1, CVE-2": {Why: "why", Failing: event.Failing{Reopened: 2, Items: items[:2]}},
		"why, 2 new: CVE-1, CVE-2":      {Why: "why", Failing: event.Failing{New: 2, Items: items[:2]}},
		"why, 2 new: CVE-1, CVE-2; 14 without a fix do not count (1 known exploited)": {
			Why:       "why; 14 without a fix do not count (1 known exploited)",
			Failing:   event.Failing{New: 2, Items: items[:2]},
			Uncounted: event.Uncounted{Unfixed: 14, KEV: 1},
		},
		"why, among them CVE-1; 1 without a fix does not count": {
			Why:       "why; 1 without a fix does not count",
			Failing:   event.Failing{Items: items[:1]},
			Uncounted: event.Uncounted{Unfixed: 1},
		},
		"within all thresholds; 2 without a fix do not count": {
			Why: "within all thresholds; 2 without a fix do not count", Uncounted: event.Uncounted{Unfixed: 2},
		},
	} {
		if got := g.Reason(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestDescribe_GateTones(t *testing.T) {
	tones := map[models.GateState]event.Tone{
		models.GateFailed: event.ToneBad, models.GatePassed: event.ToneGood, models.GateNone: event.TonePlain,
	}
	for state, want := range tones {
		n := described(t, event.GateChange{To: state}, "")
		if n.Tone != want || n.Name != "Security gate "+strings.ToLower(event.StateWord(state)) {
			t.Errorf("%s: %+v", state, n)
		}
	}
}

func TestDescribe_Errors(t *testing.T) {
	for _, payload := range []string{"", "{"} {
		e := models.Event{Type: string(event.GateChanged), Payload: []byte(payload)}
		if n, err := event.Describe(e); err == nil {
			t.Errorf("%s: described as %+v", e.Type, n)
		}
	}
}

func TestSignal_RemembersOneNotify(t *testing.T) {
	s := event.NewSignal()
	s.Notify()
	s.Notify()
	<-s.C()
	select {
	case <-s.C():
		t.Error("two calls are remembered as two")
	default:
	}
}

func TestDescribe_Connector(t *testing.T) {
	since := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	hook, shop := event.Connector{ID: 3, Name: "hook", Module: "webhook"}, &event.Product{ID: 7, Name: "Shop"}
	of := func(kind event.Type, payload any) event.Notice {
		text, err := json.Marshal(payload)
		if err != nil {
			t.Fatal(err)
		}
		n, err := event.Describe(models.Event{Type: string(kind), Version: 1, Payload: text})
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	broken := of(event.ConnectorBroken, event.ConnectorError{
		Connection: hook,
		Product:    shop,
		State:      event.TroubleDown,
		Reason:     "503 from its host",
		Since:      since,
		Waiting:    2,
	})
	want := event.Notice{
		Name:    "Messages do not arrive: “hook”",
		Title:   "Messages do not arrive: “hook” (Shop)",
		Key:     "connection/3",
		Tone:    event.ToneBad,
		Message: "Its messages wait and are retried automatically",
		Facts: []event.Fact{
			{"Product", "Shop"},
			{"Connection", "hook"},
			{"Module", "webhook"},
			{"Failing since", "2026-05-04 12:00 UTC"},
			{"Reason", "503 from its host"},
			{"Waiting", "2 messages"},
		},
	}
	if cmp.Diff(want, broken) != "" {
		t.Errorf("(-want +got):\n%s", cmp.Diff(want, broken))
	}
	for late, want := range map[int]string{0: "Delivering again", 12: "Delivering again, 12 sent late"} {
		n := of(event.ConnectorRecovered, event.ConnectorRecovery{Connection: hook, UserID: 5, Since: since, Late: late})
		if n.Message != want || n.Tone != event.ToneGood || n.Key != broken.Key || n.UserID != 5 {
			t.Errorf("%d late: %+v", late, n)
		}
	}
	for _, trouble := range []event.Trouble{event.TroubleRejecting, event.TroubleGone, event.TroublePaused} {
		if n := of(
			event.ConnectorBroken, event.ConnectorError{Connection: hook, State: trouble, Reason: "why"},
		); strings.Contains(n.Message, "why") ||
			strings.HasPrefix(n.Message, "It is failing") {
			t.Errorf("%s: %s", trouble, n.Message)
		}
	}
}

func wordsOf(t *testing.T, p event.Payload) event.Notice {
	t.Helper()
	text, err := event.Encode(p)
	if err != nil {
		t.Fatal(err)
	}
	kind, version := p.Kind()
	n, err := event.Describe(models.Event{Type: string(kind), Version: version, Payload: text})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// A stale product and its return have the same key, and the tones bad and good.
func TestDescribe_ProductStale(t *testing.T) {
	last := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	stale := event.ProductStale{
		Product: event.Product{ID: 7, Name: "Shop"},
		Branch:  "main",
		State:   event.StalenessStale,
		Last:    last,
		After:   86400,
	}
	want := event.Notice{
		Name: "No recent reports", Title: "No recent reports: Shop", Tone: event.ToneBad,
		Actions: []event.Action{{"Silence notifications", "/silences/new?product=7&type=product.stale"}},
		Key:     "stale/7",
		Message: "The last report came on 2026-05-04 12:00 UTC. The gate can be out of date",
		Facts:   []event.Fact{{"Product", "Shop"}, {"Branch", "main"}, {"Expected", "every 1 day"}},
	}
	if diff := cmp.Diff(want, wordsOf(t, stale)); diff != "" {
		t.Errorf("stale (-want +got):\n%s", diff)
	}
	stale.State = event.StalenessBack
	if n := wordsOf(t, stale); n.Tone != event.ToneGood || n.Key != "stale/7" ||
		n.Message != "The previous report came on 2026-05-04 12:00 UTC" {
		t.Errorf("back: %+v", n)
	}
	stale.Last = time.Time{}
	if n := wordsOf(t, stale); strings.Contains(n.Message, "0001") {
		t.Errorf("an unknown time is shown: %s", n.Message)
	}
}

func TestDescribe_Waivers(t *testing.T) {
	end := time.Date(2026, 5, 11, 12, 0, 0, 0, time.UTC)
	w := event.WaiverExpiring{Product: event.Product{ID: 7, Name: "Shop"}, Count: 12, First: end}
	for i := range 12 {
		w.Name(event.Waiver{
			Finding: event.Finding{
				ID: int64(i), Title: "CVE-" + string(rune('a'+i)), Severity: models.High, Component: "xz",
			},
			Until: end.Add(time.Duration(12-i) * time.Hour),
		})
	}
	n := wordsOf(t, w)
	first := event.Item{
		Label: "high:", Text: "CVE-l", Page: "/products/7/observations/11", More: "in xz · until 2026-05-11",
	}
	if n.Title != "12 waivers end soon: Shop" || n.Tone != event.TonePlain || n.Key != "waivers/7" ||
		len(n.Items) != 10 ||
		n.Items[0] != first {
		t.Errorf("%+v", n)
	}
}

func TestDescribe_Exception(t *testing.T) {
	since, shop := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC), &event.Product{ID: 7, Name: "Shop"}
	of := func(e event.Exception) event.Notice {
		t.Helper()
		kind, version := e.Kind()
		text, err := event.Encode(e)
		if err != nil {
			t.Fatal(err)
		}
		n, err := event.Describe(models.Event{Type: string(kind), Version: version, Payload: text})
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	task := event.Exception{
		Group:       5,
		From:        models.ExceptionTask,
		Class:       "ValueError",
		Message:     "no such month",
		Function:    "jobs.close",
		User:        "ilse",
		Release:     "1.2",
		Environment: "staging",
		Reference:   "a-b",
		Arguments: map[string]string{
			"year":  "2026",
			"month": "13",
		},
		Trace:      []string{"jobs.close (jobs/close.go:7)"},
		Suppressed: 12,
		HeldSince:  &since,
	}
	want := event.Notice{
		Name:    "Exception ValueError (background task)",
		Title:   "Exception ValueError in Gatecrier (background task)",
		Message: "no such month (12 more since 2026-05-04 12:00 UTC)",
		Tone:    event.ToneBad,
		Key:     "exception/5",
		Page:    "/exceptions/5",
		Items:   []event.Item{{Text: "jobs.close (jobs/close.go:7)"}},
		Facts: []event.Fact{
			{"Function", "jobs.close"},
			{"Arguments", "month = 13, year = 2026"},
			{"Release", "1.2"},
			{"Environment", "staging"},
			{"User", "ilse"},
			{"Request", "a-b"},
			{"Suppressed", "12 more since 2026-05-04 12:00 UTC"},
		},
	}
	if diff := cmp.Diff(want, of(task)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	titles := map[string]event.Exception{
		"Exception E in Gatecrier": {
			From: models.ExceptionRequest, Class: "E",
		},
		`Exception a "b" in Shop`: {
			From: models.ExceptionReported, Class: `a "b"`, Product: shop,
		},
		"Exception E in Shop (again after it was resolved)": {
			From: models.ExceptionReported, Class: "E", Product: shop, Regressed: true,
		},
		"Exception E in Gatecrier (background task, again after it was resolved)": {
			From: models.ExceptionTask, Class: "E", Regressed: true,
		},
		"Several other exceptions in Gatecrier": {
			From: models.ExceptionTask, Class: "E", Overflow: true, Regressed: true,
		},
	}
	for title, e := range titles {
		if n := of(e); n.Title != title {
			t.Errorf("got %q, want %q", n.Title, title)
		}
	}
}
