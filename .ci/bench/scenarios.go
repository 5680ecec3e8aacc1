package main

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"time"
)

// A scenario measures one or several figures, which -only names.
type scenario struct {
	names []string
	run   func(w *world) error
}

func (s scenario) wanted(only map[string]bool) bool {
	return len(only) == 0 || slices.ContainsFunc(s.names, func(n string) bool { return only[n] })
}

// scenarios run in this order: first what a fresh program shows, at last what all of them have cost.
var scenarios = []scenario{
	{[]string{"S25"}, size},
	{[]string{"S22"}, startUp},
	{[]string{"S24"}, idleMemory},
	{[]string{"S16"}, inboxPage},
	{[]string{"S1"}, func(w *world) error { return gateChanges(w, "S1", 1, 0.55) }},
	{[]string{"S2", "S4"}, func(w *world) error { return gateChanges(w, "S2", 16, 0.50) }},
	{[]string{"S3"}, func(w *world) error { return gateChanges(w, "S3", 64, 0.40) }},
	{[]string{"S6"}, nothingChanges},
	{[]string{"S8"}, deliveryLatency},
	{[]string{"S9"}, deliveryRate},
	{[]string{"S13"}, storm},
	{[]string{"S24"}, peakMemory},
}

func known(name string) bool {
	return slices.ContainsFunc(scenarios, func(s scenario) bool { return slices.Contains(s.names, name) })
}

// bodies are the reports that let a gate pass and fail.
func bodies() (passes, fails []byte, err error) {
	if passes, err = json.Marshal(counts(false)); err == nil {
		fails, err = json.Marshal(counts(true))
	}
	return passes, fails, err
}

// authorization is the header of calls to the API.
func (w *world) authorization(s side) string {
	if s.limit {
		return ""
	}
	return "Authorization: Bearer " + w.api.token + "\r\n"
}

// change is a load of reports that each change a gate. A caller owns every callers-th product.
func (w *world) change(s side, p *products, callers int) (call, error) {
	passes, fails, err := bodies()
	if err != nil {
		return nil, err
	}
	header, deliver := w.authorization(s), p == w.loud
	failed := p.failed
	if s.limit {
		failed = make([]bool, len(p.ids))
	}
	each := len(p.ids) / callers
	return func(caller, n int) request {
		i := n%each*callers + caller
		failed[i] = !failed[i]
		r := request{method: "PUT", path: s.path(p.ids[i], deliver), header: header, body: passes}
		if failed[i] {
			r.body = fails
		}
		if deliver {
			r.before = func() { w.hooks.sending(p.ids[i]) }
		}
		return r
	}, nil
}

func plural(callers int) string {
	if callers == 1 {
		return "1 caller"
	}
	return fmt.Sprintf("%d callers", callers)
}

// gateChanges is S1 to S3, and with 16 callers S4: what one evaluation costs.
func gateChanges(w *world, name string, callers int, target float64) error {
	figures := []figure{
		{Scenario: name, Name: "gate changes, " + plural(callers), Unit: "/s", Target: target},
		{Scenario: name, Name: "p99", Unit: "ms", Target: 3, Less: true},
		{Scenario: "S4", Name: "CPU of one", Unit: "us", Target: 2.5, Less: true},
		{Scenario: "S4", Name: "written for one", Unit: "KB", Target: 4.5, Less: true},
	}
	if callers != 16 || w.postgres != "" { // the server's share of the cost is in other processes
		figures = figures[:2]
	}
	return w.compare(figures, func(s side, length time.Duration) ([]float64, error) {
		c, err := w.change(s, w.quiet, callers)
		if err != nil {
			return nil, err
		}
		before, err := s.usage()
		if err != nil {
			return nil, err
		}
		o := load{address: s.address, callers: callers, length: length, call: c}.run()
		after, err := s.usage()
		if err != nil {
			return nil, err
		}
		w.check(name, s, o)
		n := float64(max(len(o.times), 1))
		return []float64{
			o.perSecond(), milliseconds(quantile(o.times, 0.99)),
			microseconds(after.cpu-before.cpu) / n, float64(after.written-before.written) / 1000 / n,
		}[:len(figures)], nil
	})
}

// nothingChanges is S6: reports that leave the gate as it is, against a handler that reads JSON.
func nothingChanges(w *world) error {
	passes, fails, err := bodies()
	if err != nil {
		return err
	}
	figures := []figure{{Scenario: "S6", Name: "evaluations without a change, 16 callers", Unit: "/s", Target: 0.5}}
	var written []float64
	err = w.compare(figures, func(s side, length time.Duration) ([]float64, error) {
		header := w.authorization(s)
		before, err := s.usage()
		if err != nil {
			return nil, err
		}
		o := load{address: s.address, callers: 16, length: length, call: func(caller, n int) request {
			i := (n*16 + caller) % len(w.quiet.ids)
			r := request{method: "PUT", path: "/bind", header: header, body: passes}
			if !s.limit {
				r.path = s.path(w.quiet.ids[i], false)
			}
			if w.quiet.failed[i] {
				r.body = fails
			}
			return r
		}}.run()
		after, err := s.usage()
		if !s.limit {
			written = append(written, float64(after.written-before.written)/float64(max(len(o.times), 1)))
		}
		w.check("S6", s, o)
		return []float64{o.perSecond()}, err
	})
	if err != nil || w.postgres != "" {
		return err
	}
	// Less than a byte each is nothing; the first measurement is the warm-up.
	w.absolute(figure{Scenario: "S6", Name: "written for one", Unit: "bytes", Target: 1, Less: true}, written[1:]...)
	return nil
}

// size is S25.
func size(w *world) error {
	info, err := os.Stat(w.binary)
	if err != nil {
		return err
	}
	w.absolute(figure{Scenario: "S25", Name: "binary", Unit: "MiB", Target: 45, Less: true}, mebibytes(info.Size()))
	return nil
}

// startUp is S22: from the start of the process to its first answer, with the filled database.
func startUp(w *world) error {
	figures := []figure{{Scenario: "S22", Name: "start to healthy", Unit: "ms", Target: 2, Less: true}}
	return w.compare(figures, func(s side, _ time.Duration) ([]float64, error) {
		if err := s.stop(); err != nil {
			return nil, err
		}
		if s.limit {
			if err := w.startLimit(0); err != nil {
				return nil, err
			}
			return []float64{milliseconds(w.limit.started)}, nil
		}
		if err := w.startGate(); err != nil {
			return nil, err
		}
		return []float64{milliseconds(w.gate.started)}, nil
	})
}

// inboxPage is S16: the first page of a member's inbox.
func inboxPage(w *world) error {
	cookies, err := signIn(w.gate.address, member, w.password)
	if err != nil {
		return err
	}
	figures := []figure{
		{Scenario: "S16", Name: "inbox page, 4 callers", Unit: "/s", Target: 0.4},
		{Scenario: "S16", Name: "p50", Unit: "ms", Target: 1 / 0.4, Less: true},
	}
	return w.compare(figures, func(s side, length time.Duration) ([]float64, error) {
		o := load{address: s.address, callers: 4, length: length, call: func(int, int) request {
			return request{method: "GET", path: "/inbox", header: cookies}
		}}.run()
		w.check("S16", s, o)
		return []float64{o.perSecond(), milliseconds(quantile(o.times, 0.5))}, nil
	})
}

// idleMemory is the first part of S24, before any load.
func idleMemory(w *world) error {
	u, err := w.gate.usage()
	w.absolute(figure{Scenario: "S24", Name: "memory, idle", Unit: "MiB", Target: 45, Less: true}, mebibytes(u.memory))
	return err
}

// peakMemory is the second part of S24, over all scenarios that have run.
func peakMemory(w *world) error {
	u, err := w.gate.usage()
	w.absolute(figure{Scenario: "S24", Name: "memory, peak", Unit: "MiB", Target: 110, Less: true}, mebibytes(u.peak))
	return err
}
