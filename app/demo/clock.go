package demo

import (
	"sync"
	"time"
)

// clock is the machine's, but for the time that a demo makes its past in.
type clock struct {
	mu sync.Mutex
	at time.Time // where it stands; zero: it runs
}

func newClock() *clock { return &clock{} }

// Now is the time.
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

// run has it go with the machine's again.
func (c *clock) run() { c.set(time.Time{}) }
