package demo

import (
	"sync"
	"time"
)

// clock is the clock of the machine, or stopped at a time while the demo creates its past.
type clock struct {
	mu sync.Mutex
	at time.Time // of a stopped clock, else zero
}

func newClock() *clock { return &clock{} }

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
