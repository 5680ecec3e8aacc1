package main

import (
	"math"
	"slices"
	"time"
)

// quantile returns the value below which a share q of the sorted times lies, 0 without times.
func quantile(sorted []time.Duration, q float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	i := int(math.Ceil(q*float64(len(sorted)))) - 1
	return sorted[min(max(i, 0), len(sorted)-1)]
}

// median returns the middle of the values, of an even number the mean of the middle two.
func median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	half := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[half]
	}
	return (sorted[half-1] + sorted[half]) / 2
}

// A round has one figure of the limit and one of Gatecrier, measured one after the other.
type round struct {
	Limit  float64 `json:"limit"`
	Result float64 `json:"result"`
}

// ratio returns the result in units of the limit, 0 without a limit.
func (r round) ratio() float64 {
	if r.Limit == 0 {
		return 0
	}
	return r.Result / r.Limit
}

// ratios returns the median ratio of the rounds and the worst: the lowest, or the highest where
// less is better.
func ratios(rounds []round, lessIsBetter bool) (middle, worst float64) {
	if len(rounds) == 0 {
		return 0, 0
	}
	all := make([]float64, len(rounds))
	for i, r := range rounds {
		all[i] = r.ratio()
	}
	if lessIsBetter {
		return median(all), slices.Max(all)
	}
	return median(all), slices.Min(all)
}
