package main

import (
	"fmt"
	"time"
)

// A side is one of the two servers that are measured in turns.
type side struct {
	*process
	limit bool
}

func (w *world) sides() []side { return []side{{w.limit, true}, {w.gate, false}} }

func (s side) String() string {
	if s.limit {
		return "limit"
	}
	return "Gatecrier"
}

// compare measures the limit and Gatecrier in turns, after a warm-up of both that does not count.
// It appends a figure for each description; measure returns one number for each.
func (w *world) compare(figures []figure, measure func(s side, length time.Duration) ([]float64, error)) error {
	for i := -1; i < w.rounds; i++ {
		length := w.length
		if i < 0 {
			length = min(length, 500*time.Millisecond)
		}
		measured := make([]round, len(figures))
		for _, s := range w.sides() {
			if err := w.calm(); err != nil {
				return err
			}
			numbers, err := measure(s, length)
			if err != nil {
				return err
			}
			for k, n := range numbers {
				if s.limit {
					measured[k].Limit = n
				} else {
					measured[k].Result = n
				}
			}
		}
		for k := range figures {
			if i >= 0 {
				figures[k].Rounds = append(figures[k].Rounds, measured[k])
			}
		}
	}
	for _, f := range figures {
		w.report.Figures = append(w.report.Figures, &f)
	}
	return nil
}

// calm waits until neither server does work that an earlier measurement left, such as routing
// events: until both together use less than a fifth of a processor, for up to 30 seconds.
func (w *world) calm() error {
	const window = 100 * time.Millisecond
	var before time.Duration
	for n := range 300 {
		var now time.Duration
		for _, s := range w.sides() {
			u, err := s.usage()
			if err != nil {
				return err
			}
			now += u.cpu
		}
		if n > 0 && now-before <= window/5 {
			return nil
		}
		before = now
		<-time.After(window)
	}
	w.report.problem("the servers did not become idle within 30 s")
	return nil
}

// absolute appends a figure of Gatecrier alone.
func (w *world) absolute(f figure, values ...float64) {
	f.Absolute = true
	for _, v := range values {
		f.Rounds = append(f.Rounds, round{Result: v})
	}
	w.report.Figures = append(w.report.Figures, &f)
}

// check notes calls of a load that were not answered with 2xx.
func (w *world) check(scenario string, s side, o *outcome) {
	if o.refused+o.broken > 0 {
		w.report.problem("%s, %s: %d answers other than 2xx, %d calls without an answer; the first: %s",
			scenario, s, o.refused, o.broken, o.first)
	}
	if len(o.times) == 0 {
		w.report.problem("%s, %s: no call was answered", scenario, s)
	}
}

// milliseconds, microseconds and mebibytes convert to the units of the table.
func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
func microseconds(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }
func mebibytes(n int64) float64            { return float64(n) / (1 << 20) }

// counts are a report that lets a gate pass or fail.
func counts(failed bool) map[string]any {
	critical := 0
	if failed {
		critical = 1
	}
	return map[string]any{"scanner": "bench", "counts": map[string]int{
		"critical": critical, "high": 0, "medium": 0, "low": 0, "none": 0, "unknown": 0,
	}}
}

// path returns where a report of counts about a product goes: on the limit to an endpoint that
// only stores it, or that also delivers it.
func (s side) path(product int64, deliver bool) string {
	switch {
	case !s.limit:
		return fmt.Sprintf("/api/v1/products/%d/counts", product)
	case deliver:
		return fmt.Sprintf("/deliver/%d", product)
	default:
		return fmt.Sprintf("/store/%d", product)
	}
}
