package moduletest

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatecrier/app/module"
)

// Usual returns an ordinary message.
func Usual() module.Message {
	return module.Message{
		ID: "0198f0a4-7a11-7cc3-98c4-dc0c0c07398f", Type: "gate.changed", Version: 1,
		Time:  time.Date(2026, 5, 4, 3, 2, 1, 0, time.UTC),
		Title: "Security gate of Shop failed", Why: "You are a member of Shop", Link: "https://gates.example/products/7",
		Tone:  module.ToneBad,
		Facts: []module.Fact{{Label: "Product", Value: "Shop"}, {Label: "Gate", Value: "from Passed to Failed"}},
		Items: []module.Item{
			{
				Label: "critical, known exploited:", Text: "CVE-2024-3094", More: "in xz 5.6.0 · fix: 5.6.2",
				Link: "https://advisories.example/CVE-2024-3094?from=(gate)&lang=en",
			},
			{Label: "high:", Text: "CVE-2021-44228", More: "in log4j-core 2.14.1"},
		},
		Data: json.RawMessage(`{"product":{"id":7,"name":"Shop"},"from":"passed","to":"failed"}`),
	}
}

func (s suite) testParallel(t *testing.T) {
	f := s.newFixture(t, status(200))
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() { f.expect(module.KindDelivered) })
	}
	wg.Wait()
	if n := len(f.got()); n != 8 {
		t.Errorf("%d of 8 messages arrived", n)
	}
}

// testSameMessage checks that a later attempt sends the same body, with the same ID.
func (s suite) testSameMessage(t *testing.T) {
	var calls atomic.Int32
	f := s.newFixture(t, func(w http.ResponseWriter, req *http.Request) {
		if calls.Add(1) == 1 {
			status(500)(w, req)
			return
		}
		status(200)(w, req)
	})
	f.expect(module.KindTransient)
	f.expect(module.KindDelivered)
	got := f.got()
	if len(got) != 2 {
		t.Fatalf("%d requests, want 2", len(got))
	}
	if diff := cmp.Diff(string(got[0].body), string(got[1].body)); diff != "" {
		t.Errorf("the second attempt sends something else: %s", diff)
	}
	if diff := cmp.Diff(got[0].whereIs(Usual().ID), got[1].whereIs(Usual().ID)); diff != "" {
		t.Errorf("the second attempt has the id elsewhere: %s", diff)
	}
}

// whereIs reports for each header, and for the body, whether it has a text.
func (q request) whereIs(text string) map[string]bool {
	found := map[string]bool{"the body": bytes.Contains(q.body, []byte(text))}
	for name, values := range q.header {
		if strings.Contains(strings.Join(values, "\n"), text) {
			found[name] = true
		}
	}
	return found
}

// testShown checks that what is shown of a message is what was sent, without a secret.
func (s suite) testShown(t *testing.T) {
	f := s.newFixture(t, status(200))
	shower, ok := f.sender.(module.Shower)
	if !ok {
		t.Fatal("it cannot show what it sends")
	}
	f.expect(module.KindDelivered)
	shown, err := shower.Show(t.Context(), f.config, Usual())
	if err != nil {
		t.Fatal(err)
	}
	sent := string(f.got()[0].body)
	for _, secret := range f.secrets() {
		sent = strings.ReplaceAll(sent, secret, "[hidden]")
	}
	if shown.Body != sent || len(shown.Head) == 0 {
		t.Errorf("shown %q with %q, sent %q", shown.Body, shown.Head, sent)
	}
	f.checkSecrets("shown message", strings.Join(shown.Head, " ")+shown.Body)
}
