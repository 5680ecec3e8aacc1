package main

import (
	"bytes"
	"fmt"
	"time"
)

// storm is S13: reports of the same exception, one by one and in batches of 100. All of them are
// one notification and one webhook.
func storm(w *world) error {
	const batch = 100
	one := []byte(`{"class":"Storm","message":"the same each time","product":"loud 0"}`)
	many := append(append([]byte("["), bytes.Join(repeat(one, batch), []byte(","))...), ']')
	w.hooks.reset()
	sent := 0
	report := func(s side, l load, body []byte) float64 {
		path := "/api/v1/exceptions"
		if s.limit {
			path, body = "/bind", one
		}
		header := w.authorization(s)
		l.address, l.callers = s.address, 16
		l.call = func(int, int) request { return request{method: "POST", path: path, header: header, body: body} }
		o := l.run()
		w.check("S13", s, o)
		each := 1
		if len(body) > len(one) {
			each = batch
		}
		if !s.limit {
			sent += len(o.times) * each
		}
		return o.perSecond() * float64(each)
	}
	single := []figure{{Scenario: "S13", Name: "reports of one exception, 16 callers", Unit: "/s", Target: 0.6}}
	if err := w.compare(single, func(s side, length time.Duration) ([]float64, error) {
		return []float64{report(s, load{length: length}, one)}, nil
	}); err != nil {
		return err
	}
	batches := []figure{{Scenario: "S13", Name: "the same in batches of 100", Unit: "/s", Target: 0.6}}
	if err := w.compare(batches, func(s side, length time.Duration) ([]float64, error) {
		return []float64{report(s, load{length: length}, many)}, nil
	}); err != nil {
		return err
	}
	if missing := w.reports - sent; missing > 0 {
		report(side{process: w.gate}, load{count: (missing + 16*batch - 1) / (16 * batch)}, many)
	}
	return w.checkStorm(sent)
}

func repeat(b []byte, n int) [][]byte {
	list := make([][]byte, n)
	for i := range list {
		list[i] = b
	}
	return list
}

// checkStorm compares what the program counted with what was sent. The count of suppressed reports
// is written once a second.
func (w *world) checkStorm(sent int) error {
	type group struct{ Count, Notified, Suppressed int }
	var got group
	for deadline := time.Now().Add(15 * time.Second); time.Now().Before(deadline) && got.Count != sent; {
		var list struct{ Items []group }
		if err := w.api.do("GET", fmt.Sprintf("/exceptions?product=%d", w.loud.ids[0]), nil, &list); err != nil {
			return err
		}
		if len(list.Items) == 1 {
			got = list.Items[0]
		}
		<-time.After(50 * time.Millisecond)
	}
	if want := (group{sent, 1, sent - 1}); got != want {
		w.report.problem("S13: %d reports, %d notifications, %d suppressed; want %d, %d, %d",
			got.Count, got.Notified, got.Suppressed, want.Count, want.Notified, want.Suppressed)
	}
	w.hooks.await(func() bool { return w.hooks.reported > 0 })
	w.hooks.mu.Lock()
	defer w.hooks.mu.Unlock()
	if w.hooks.reported != 1 || w.hooks.doubled != 0 {
		w.report.problem("S13: %d webhooks, %d repeated; want 1, 0", w.hooks.reported, w.hooks.doubled)
	}
	return nil
}
