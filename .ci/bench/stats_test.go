package main

import (
	"math"
	"testing"
	"time"
)

func TestQuantile(t *testing.T) {
	hundred := make([]time.Duration, 100)
	for i := range hundred {
		hundred[i] = time.Duration(i + 1)
	}
	for _, c := range []struct {
		of   []time.Duration
		q    float64
		want time.Duration
	}{
		{nil, 0.5, 0},
		{hundred[:1], 0.99, 1},
		{hundred, 0.5, 50},
		{hundred, 0.99, 99},
		{hundred, 1, 100},
		{hundred, 0, 1},
		{hundred[:3], 0.5, 2},
	} {
		if got := quantile(c.of, c.q); got != c.want {
			t.Errorf("quantile %v of %d times: %d, want %d", c.q, len(c.of), got, c.want)
		}
	}
}

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		of   []float64
		want float64
	}{{nil, 0}, {[]float64{7}, 7}, {[]float64{9, 1, 5}, 5}, {[]float64{4, 1, 3, 2}, 2.5}} {
		if got := median(c.of); got != c.want {
			t.Errorf("median of %v: %v, want %v", c.of, got, c.want)
		}
	}
}

// The median is one of ratios, not the ratio of medians: 20, 50 and 100 % here, where the medians
// of limit and result would give 25 %.
func TestRatios_ArePerRound(t *testing.T) {
	rounds := []round{{Limit: 400, Result: 80}, {Limit: 100, Result: 100}, {Limit: 200, Result: 100}}
	if middle, worst := ratios(rounds, false); !near(middle, 0.5) || !near(worst, 0.2) {
		t.Errorf("more is better: %v, worst %v", middle, worst)
	}
	if middle, worst := ratios(rounds, true); !near(middle, 0.5) || !near(worst, 1) {
		t.Errorf("less is better: %v, worst %v", middle, worst)
	}
	if middle, worst := ratios(nil, false); middle != 0 || worst != 0 {
		t.Errorf("no rounds: %v, worst %v", middle, worst)
	}
	if got := (round{Result: 3}).ratio(); got != 0 {
		t.Errorf("no limit: %v", got)
	}
}

func TestFigure_Reached(t *testing.T) {
	steady := []round{{100, 60}, {100, 50}, {100, 55}}
	uneven := []round{{100, 60}, {100, 20}, {100, 55}}
	slow := []round{{10, 25}, {10, 20}, {10, 22}}
	for name, c := range map[string]struct {
		figure figure
		want   bool
	}{
		"median and worst reach it":       {figure{Target: 0.5, Rounds: steady}, true},
		"the median misses it":            {figure{Target: 0.6, Rounds: steady}, false},
		"one round is too far below":      {figure{Target: 0.5, Rounds: uneven}, false},
		"less is better, within":          {figure{Target: 2.5, Less: true, Rounds: slow}, true},
		"less is better, above":           {figure{Target: 2, Less: true, Rounds: slow}, false},
		"absolute, within":                {figure{Target: 45, Less: true, Absolute: true, Rounds: []round{{0, 44}}}, true},
		"absolute, above":                 {figure{Target: 45, Less: true, Absolute: true, Rounds: []round{{0, 46}}}, false},
		"a figure without rounds is none": {figure{Target: 0.5}, false},
	} {
		c.figure.settle()
		if c.figure.OK != c.want {
			t.Errorf("%s: ok is %v, want %v (%+v)", name, c.figure.OK, c.want, c.figure)
		}
	}
}

func near(a, b float64) bool { return math.Abs(a-b) < 1e-9 }
