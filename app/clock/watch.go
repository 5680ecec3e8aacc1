// Package clock watches the machine's clock, and brings stored times back that a wrong clock has
// written.
package clock

import (
	"context"
	"log/slog"
	"time"
)

const (
	tick     = time.Second
	quick    = 10 * time.Second // between repairs of the times that an index finds
	thorough = 10 * time.Minute // between repairs of all times
	maxDrift = 5 * time.Second  // in a tick, between the clock and the time that has passed
)

// Parts are the dependencies of a watch.
type Parts struct {
	Log    *slog.Logger
	Now    func() time.Time                                              // the clock
	Passed func() time.Duration                                          // the time that has passed, which no one can set
	Repair func(ctx context.Context, all bool) (map[string]int64, error) // returns the number of changed rows by table
	Jumped func()                                                        // called after a jump is repaired
}

// Watch compares the clock with the time that passes.
type Watch struct {
	Parts
	last     reading
	repaired time.Duration // when, in passed time
	all      time.Duration // when all times were
	jumped   bool          // a jump is not repaired yet
}

// reading is the time by both clocks.
type reading struct {
	wall   time.Time
	passed time.Duration
}

// jump returns how far the clock was set between two readings, 0 for less than maxDrift.
func (r reading) jump(later reading) time.Duration {
	by := later.wall.Sub(r.wall) - (later.passed - r.passed)
	if by.Abs() < maxDrift {
		return 0
	}
	return by
}

// New returns a watch that begins now.
func New(p Parts) *Watch {
	w := &Watch{Parts: p}
	w.last = w.read()
	w.repaired, w.all = w.last.passed, w.last.passed
	return w
}

func (w *Watch) read() reading { return reading{w.Now(), w.Passed()} }

// Run checks the clock until ctx ends.
func (w *Watch) Run(ctx context.Context) {
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			if err := w.Check(ctx); err != nil && ctx.Err() == nil {
				w.Log.Error("repair stored times", "error", err)
			}
		}
	}
}

// Check logs a jump of the clock since the last call, and repairs all stored times after one: at
// once, and again at each call until that succeeds. Without a jump it repairs now and then, since
// the clock of another instance can be wrong.
func (w *Watch) Check(ctx context.Context) error {
	now := w.read()
	if by := w.last.jump(now); by != 0 {
		w.Log.Warn("the clock was set", "by", by.Round(time.Millisecond), "from", w.last.wall, "to", now.wall)
		w.jumped = true
	}
	w.last = now
	all := w.jumped || now.passed-w.all >= thorough
	if !all && now.passed-w.repaired < quick {
		return nil
	}
	if err := w.repair(ctx, all); err != nil {
		return err
	}
	w.repaired = now.passed
	if all {
		w.all = now.passed
	}
	if w.jumped {
		w.jumped = false
		w.Jumped()
	}
	return nil
}

// RepairAll repairs all stored times. Call it before work begins.
func (w *Watch) RepairAll(ctx context.Context) error { return w.repair(ctx, true) }

func (w *Watch) repair(ctx context.Context, all bool) error {
	changed, err := w.Repair(ctx, all)
	for table, n := range changed {
		w.Log.Warn("correct stored times that are too far ahead", "table", table, "rows", n)
	}
	return err
}
