package event_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatecrier/app/event"
	"gatecrier/models"
)

func TestFinding_Brief(t *testing.T) {
	long := func(text string) event.Finding {
		text = strings.Repeat(text, 2000)
		return event.Finding{Title: text, Component: text, Fix: text, URL: "https://a.example/" + text}
	}
	for _, text := range []string{"x", `"`, `\`, "ä", "🚨", "\x01", "\u2028", "\xff", "\n"} {
		f := long(text).Brief()
		body, err := event.Encode(event.GateChange{Failing: event.Failing{Items: []event.Finding{f}}})
		if err != nil || len(body) > 1600 || !strings.HasSuffix(f.Title, "…") || f.URL != "" {
			t.Errorf("%q: %d bytes, %v", text, len(body), err)
		}
	}
	whole := event.Finding{
		Title: strings.Repeat("x", 255), Component: "xz 5.6.0", Fix: "5.6.1", URL: "http://a.example/?a=b&c", KEV: true,
	}
	if diff := cmp.Diff(whole, whole.Brief()); diff != "" {
		t.Errorf("short texts have changed: %s", diff)
	}
	for _, url := range []string{
		"javascript:alert(1)", "//a.example", "https:", "ftp://a.example", "a", ":", "http://%zz",
	} {
		if f := (event.Finding{URL: url}).Brief(); f.URL != "" {
			t.Errorf("%q stays", url)
		}
	}
}

func TestFindingOf(t *testing.T) {
	got := event.FindingOf(models.Observation{
		ID: 4, Description: "No title", Severity: models.Low, Component: "c", Location: "l", Fix: "f", URL: "u", KEV: true,
	})
	want := event.Finding{ID: 4, Title: "No title", Severity: models.Low, Component: "c", Fix: "f", URL: "u", KEV: true}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Payloads that were stored before findings had links are described as before.
func TestDescribe_OldPayloads(t *testing.T) {
	for kind, payload := range map[event.Type]string{
		event.GateChanged: `{"product":{"id":7,"name":"Shop"},"from":"passed","to":"failed","failing":{"new":1,"reopened":0,
			"items":[{"title":"CVE-1","severity":"high","component":"xz 5.6"}]}}`,
		event.WaiverEnds: `{"product":{"id":7,"name":"Shop"},"count":1,"first":"2026-05-11T12:00:00Z","waivers":[
			{"observation_id":4,"title":"CVE-1","severity":"high","component":"xz 5.6","until":"2026-05-11T12:00:00Z"}]}`,
	} {
		n, err := event.Describe(models.Event{Type: string(kind), Version: 1, Payload: []byte(payload)})
		if err != nil || len(n.Items) != 1 {
			t.Fatalf("%s: %+v, %v", kind, n, err)
		}
		want := event.Item{Label: "high:", Text: "CVE-1", More: "in xz 5.6"}
		if kind == event.WaiverEnds {
			want.Page, want.More = "/products/7/observations/4", "in xz 5.6 · until 2026-05-11"
		}
		if diff := cmp.Diff(want, n.Items[0]); diff != "" {
			t.Errorf("%s: %s", kind, diff)
		}
	}
}

// A line keeps its end, which says how to fix it, however long the component is.
func TestDescribe_LongComponent(t *testing.T) {
	g := event.GateChange{To: models.GateFailed, Failing: event.Failing{Items: []event.Finding{{
		Title: "CVE-1", Severity: models.High, Component: strings.Repeat("ä", 900), Fix: strings.Repeat("1.", 100),
	}}}}
	payload, err := json.Marshal(g)
	if err != nil {
		t.Fatal(err)
	}
	n, err := event.Describe(models.Event{Type: string(event.GateChanged), Payload: payload})
	want := "in " + strings.Repeat("ä", 99) + "… · fix: " + strings.Repeat("1.", 29) + "1…"
	if err != nil || n.Items[0].More != want {
		t.Errorf("%q, want %q: %v", n.Items[0].More, want, err)
	}
}
