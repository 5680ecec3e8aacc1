package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestReceiver_NoticesLossesAndRepeats(t *testing.T) {
	const gate = `{"type":"gate.changed","data":{"product":{"id":%d,"name":"x"},"branch":"main"}}`
	about := func(product int) string { return fmt.Sprintf(gate, product) }
	type hook struct{ id, body string }
	for name, c := range map[string]struct {
		sent     []int64
		received []hook
		times    int
		problem  string
		reported int
	}{
		"each arrives": {
			sent:     []int64{1, 2, 1},
			received: []hook{{"a", about(1)}, {"b", about(2)}, {"c", about(1)}},
			times:    3,
		},
		"one is lost": {
			sent: []int64{1, 2}, received: []hook{{"a", about(1)}},
			times: 1, problem: "webhooks: 1 lost, 0 doubled, 0 about no change",
		},
		"one is repeated": {
			sent: []int64{1}, received: []hook{{"a", about(1)}, {"a", about(1)}},
			times: 1, problem: "webhooks: 0 lost, 1 doubled, 0 about no change",
		},
		"one change has two messages": {
			sent: []int64{1}, received: []hook{{"a", about(1)}, {"b", about(1)}},
			times: 1, problem: "webhooks: 0 lost, 0 doubled, 1 about no change",
		},
		"an exception is counted apart": {
			received: []hook{{"a", `{"type":"exception.reported","data":{"product":{"id":1}}}`}},
			reported: 1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := &receiver{} // without patience: what has not arrived is lost
			r.reset()
			for _, product := range c.sent {
				r.sending(product)
			}
			for _, h := range c.received {
				req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/hook", strings.NewReader(h.body))
				req.Header.Set("Webhook-Id", h.id)
				r.ServeHTTP(httptest.NewRecorder(), req)
			}
			times, _, problem := r.settle()
			if len(times) != c.times || problem != c.problem || r.reported != c.reported {
				t.Errorf("%d times, problem %q, %d exceptions; want %d, %q, %d",
					len(times), problem, r.reported, c.times, c.problem, c.reported)
			}
		})
	}
}

func TestLoad_CountsAnswers(t *testing.T) {
	calls := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if calls++; calls%2 == 0 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	o := load{
		address: strings.TrimPrefix(server.URL, "http://"), callers: 1, count: 5,
		call: func(int, int) request { return request{method: "PUT", path: "/x", body: []byte("{}")} },
	}.run()
	server.Close()
	if len(o.times) != 3 || o.refused != 2 || o.broken != 0 || o.first != "PUT /x: status 503" {
		t.Errorf("%d answered, %d refused, %d broken, first %q", len(o.times), o.refused, o.broken, o.first)
	}
	o = load{
		address: strings.TrimPrefix(server.URL, "http://"), callers: 2, count: 1,
		call: func(int, int) request { return request{method: "GET", path: "/"} },
	}.run()
	if o.broken != 2 || len(o.times) != 0 || o.first == "" {
		t.Errorf("of a closed server: %d broken, %d answered, first %q", o.broken, len(o.times), o.first)
	}
}
