package event_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatecrier/app/event"
	"gatecrier/models"
)

// Each notice has the actions that make sense for it.
func TestDescribe_Actions(t *testing.T) {
	shop := event.Product{ID: 7, Name: "Shop"}
	failed := func(items ...event.Finding) event.GateChange {
		return event.GateChange{
			Product: shop, To: models.GateFailed, Counts: models.Counts{Critical: int64(len(items))},
			Thresholds: &models.Counts{}, Failing: event.Failing{Items: items},
		}
	}
	waivers := func(ids ...int64) event.WaiverExpiring {
		w := event.WaiverExpiring{Product: shop, Count: len(ids)}
		for _, id := range ids {
			w.Waivers = append(w.Waivers, event.Waiver{Finding: event.Finding{ID: id}})
		}
		return w
	}
	const silence = "Silence notifications /silences/new?product=7&"
	for _, test := range []struct {
		name    string
		payload event.Payload
		want    []string
	}{
		{"one observation fails the gate", failed(event.Finding{ID: 3}), []string{
			"Assess observation /products/7/observations/3", silence + "type=gate.changed",
		}},
		{"several do", failed(event.Finding{ID: 3}, event.Finding{ID: 4}), []string{
			"Assess observations /products/7?severity=critical", silence + "type=gate.changed",
		}},
		{"one without an ID does", failed(event.Finding{}), []string{
			"Assess observations /products/7?severity=critical", silence + "type=gate.changed",
		}},
		{"only counts are known", failed(), []string{silence + "type=gate.changed"}},
		{"the gate passes", event.GateChange{Product: shop, To: models.GatePassed}, nil},
		{"one waiver", waivers(3), []string{
			"Assess observation /products/7/observations/3", silence + "type=waiver.expiring",
		}},
		{"two waivers", waivers(3, 4), []string{
			"Assess observations /products/7?status=risk_accepted", silence + "type=waiver.expiring",
		}},
		{
			"stale",
			event.ProductStale{Product: shop, State: event.StalenessStale},
			[]string{silence + "type=product.stale"},
		},
		{"reports again", event.ProductStale{Product: shop, State: event.StalenessBack}, nil},
		{
			"an exception",
			event.Exception{From: models.ExceptionReported, Product: &shop, Class: "ValueError"},
			[]string{silence + "text=Exception+ValueError&type=exception.reported"},
		},
		{
			"an exception with a long name",
			event.Exception{From: models.ExceptionReported, Product: &shop, Class: strings.Repeat("x", 91)},
			[]string{silence + "type=exception.reported"},
		},
		{"an exception of Gatecrier", event.Exception{From: models.ExceptionTask, Class: "ValueError"}, nil},
		{"exceptions", event.ExceptionsJoined{Product: &shop}, []string{silence + "type=exception.summary"}},
		{"ingest", event.IngestBudgetExceeded{Product: shop}, []string{silence + "type=ingest.exceeded"}},
		{"a silence", event.SilenceEnded{Product: &shop}, nil},
		{"a connection", event.ConnectorError{Product: &shop}, nil},
	} {
		var got []string
		for _, a := range wordsOf(t, test.payload).Actions {
			got = append(got, a.Label+" "+a.Page)
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s: %s", test.name, diff)
		}
	}
}
