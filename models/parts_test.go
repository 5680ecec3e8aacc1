package models

import (
	"testing"
	"time"
)

// A slow part halves the size and a quick full one doubles it, within bounds.
func TestParts_Adapt(t *testing.T) {
	const ms = time.Millisecond
	var p Parts
	for i, step := range []struct {
		rows int
		took time.Duration
		want int
	}{
		{0, 0, firstPart},
		{firstPart, quickPart - ms, 100},
		{100, quickPart - ms, 200},
		{199, quickPart - ms, 200}, // not full
		{200, quickPart, 200},
		{200, slowPart, 200},
		{200, slowPart + ms, 100},
		{7, slowPart + ms, 50}, // few rows can be slow too
		{50, time.Minute, 25},
		{25, time.Minute, 12},
		{12, time.Minute, 6},
		{6, time.Minute, minPart},
		{minPart, time.Minute, minPart},
		{minPart, 0, 10},
		{10, 0, 20},
		{20, 0, 40},
		{40, 0, 80},
		{80, 0, 160},
		{160, 0, 320},
		{320, 0, maxPart},
		{maxPart, 0, maxPart},
	} {
		if p.adapt(step.rows, step.took); p.Size() != step.want {
			t.Errorf("step %d, %d rows in %v: size %d, not %d", i, step.rows, step.took, p.Size(), step.want)
		}
	}
}
