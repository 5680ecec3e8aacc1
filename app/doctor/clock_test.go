package doctor

import (
	"testing"
	"time"
)

// A database that takes a minute to answer has the right clock.
func TestClockGap(t *testing.T) {
	asked := time.Date(2031, 5, 1, 12, 0, 0, 0, time.UTC)
	answered := asked.Add(time.Minute)
	for _, c := range []struct{ at, want time.Duration }{
		{0, 0},
		{30 * time.Second, 0},
		{time.Minute, 0},
		{-20 * time.Second, 20 * time.Second},
		{80 * time.Second, -20 * time.Second},
	} {
		if got := clockGap(asked, answered, asked.Add(c.at)); got != c.want {
			t.Errorf("read %s after the question: %s, want %s", c.at, got, c.want)
		}
	}
}
