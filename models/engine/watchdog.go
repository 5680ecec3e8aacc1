package engine

import (
	"context"
	"log/slog"
	"runtime"
	"time"
)

const (
	idleLimit     = 5 * time.Second // a closure that runs no statement for this time hangs
	totalLimit    = time.Minute     // a closure that takes this time hangs too
	watchInterval = time.Second
	maxStacks     = 64 << 10 // bytes of stacks in a TimeoutError
)

// newTimeout returns the error of a closure that hangs, with the stacks of all goroutines.
func newTimeout(c closure, took time.Duration) *TimeoutError {
	stacks := make([]byte, maxStacks)
	return &TimeoutError{Closure: c.name(), Took: took, Stacks: stacks[:runtime.Stack(stacks, true)]}
}

// watchdog checks regularly for closures that hang.
type watchdog struct {
	quit, ended chan struct{}
}

// startWatchdog calls check each second until stop. The time is the machine's, not that of
// Options.Now: the limits hold in real time.
func startWatchdog(check func(now time.Time)) *watchdog {
	w := &watchdog{make(chan struct{}), make(chan struct{})}
	go func() {
		defer close(w.ended)
		ticker := time.NewTicker(watchInterval)
		defer ticker.Stop()
		for {
			select {
			case <-w.quit:
				return
			case now := <-ticker.C:
				check(now)
			}
		}
	}()
	return w
}

func (w *watchdog) stop() {
	close(w.quit)
	<-w.ended
}

func logTimeout(ctx context.Context, log *slog.Logger, timeout *TimeoutError) {
	log.ErrorContext(ctx, "undo write that hangs", "error", timeout, "stacks", string(timeout.Stacks))
}
