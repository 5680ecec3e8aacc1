package main

import "time"

// deliver runs a load of gate changes and waits for their webhooks. It returns the times from the
// change to its webhook, and how long everything took.
func (w *world) deliver(name string, s side, l load) (times []time.Duration, took time.Duration, err error) {
	if l.call, err = w.change(s, w.loud, l.callers); err != nil {
		return nil, 0, err
	}
	w.hooks.reset()
	l.address = s.address
	began := time.Now()
	w.check(name, s, l.run())
	times, last, problem := w.hooks.settle()
	if problem != "" {
		w.report.problem("%s, %s: %s", name, s, problem)
	}
	return times, last.Sub(began), nil
}

// deliveryLatency is S8: 200 gate changes a second.
func deliveryLatency(w *world) error {
	figures := []figure{
		{Scenario: "S8", Name: "gate change to webhook at 200/s, p50", Unit: "ms", Target: 2, Less: true},
		{Scenario: "S8", Name: "p99", Unit: "ms", Target: 2, Less: true},
	}
	return w.compare(figures, func(s side, length time.Duration) ([]float64, error) {
		times, _, err := w.deliver("S8", s, load{callers: 16, length: length, rate: 200})
		return []float64{milliseconds(quantile(times, 0.5)), milliseconds(quantile(times, 0.99))}, err
	})
}

// deliveryRate is S9: as many gate changes as 16 callers can send, to one webhook.
func deliveryRate(w *world) error {
	figures := []figure{
		{Scenario: "S9", Name: "webhooks delivered, 16 callers", Unit: "/s", Target: 0.6},
		{Scenario: "S9", Name: "p99", Unit: "ms", Target: 3, Less: true},
	}
	return w.compare(figures, func(s side, length time.Duration) ([]float64, error) {
		times, took, err := w.deliver("S9", s, load{callers: 16, length: length})
		return []float64{float64(len(times)) / took.Seconds(), milliseconds(quantile(times, 0.99))}, err
	})
}
