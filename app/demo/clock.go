package demo

import (
	"sync"
	"time"
)

// clock is the clock of the machine, or stopped at a time while the demo creates its past.
type clock struct {
	mu    sync.Mutex
	at    time.Time // of a stopped clock, else zero
	began time.Time
}

func newClock() *clock { return &clock{began: time.Now()} }

// Passed returns the time that has passed by the demo's own clock. A jump of the machine's clock differs
// from it; the demo's way through its past does not.
func (c *clock) Passed() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.at.IsZero() {
		return time.Since(c.began)
	}
	return c.at.Sub(c.began)
}

// Now returns the time.
func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.at.IsZero() {
		return time.Now()
	}
	return c.at
}

func (c *clock) set(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = at
}

// run makes the clock follow the machine again.
func (c *clock) run() { c.set(time.Time{}) }
