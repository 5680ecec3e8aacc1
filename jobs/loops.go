// Package jobs runs what goes on by itself: the worker loops, and the jobs of
// the schedule.
package jobs

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"runtime/debug"
	"slices"
	"sync"
	"time"
)

// Loop is work that goes on until its context ends.
type Loop struct {
	Name string
	Run  func(ctx context.Context)
}

// Loops runs loops, and starts one again that panicked.
type Loops struct {
	log  *slog.Logger
	wg   sync.WaitGroup
	mu   sync.Mutex
	down map[string]bool
}

// NewLoops returns no loops yet.
func NewLoops(log *slog.Logger) *Loops { return &Loops{log: log, down: map[string]bool{}} }

// restartAfter is the pause before a loop that panicked starts again.
const restartAfter = time.Second

// Start runs a loop until ctx ends.
func (l *Loops) Start(ctx context.Context, loop Loop) {
	l.wg.Add(1)
	go func() {
		defer l.wg.Done()
		for {
			l.run(ctx, loop)
			if ctx.Err() != nil {
				return
			}
			l.set(loop.Name, true)
			select {
			case <-ctx.Done():
				return
			case <-time.After(restartAfter):
			}
		}
	}()
}

func (l *Loops) run(ctx context.Context, loop Loop) {
	defer func() {
		if v := recover(); v != nil {
			l.log.Error("loop panicked", "loop", loop.Name, "error", fmt.Sprint(v), "stack", string(debug.Stack()))
		}
	}()
	l.set(loop.Name, false)
	loop.Run(ctx)
}

func (l *Loops) set(name string, down bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.down[name] = down
}

// Down names a loop that does not run, "" when all do.
func (l *Loops) Down() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	for name, down := range l.down {
		if down {
			return name
		}
	}
	return ""
}

// LoopState is whether a loop runs.
type LoopState struct {
	Name string
	Runs bool
}

// States tells of each loop whether it runs, by name.
func (l *Loops) States() []LoopState {
	l.mu.Lock()
	defer l.mu.Unlock()
	list := make([]LoopState, 0, len(l.down))
	for _, name := range slices.Sorted(maps.Keys(l.down)) {
		list = append(list, LoopState{name, !l.down[name]})
	}
	return list
}

// Wait returns when all loops have ended.
func (l *Loops) Wait() { l.wg.Wait() }

// Every calls fn at intervals, and once more when ctx ends.
func Every(interval time.Duration, log *slog.Logger, what string, fn func(ctx context.Context) error) func(ctx context.Context) {
	return func(ctx context.Context) {
		ticker := time.NewTicker(interval)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				last := context.WithoutCancel(ctx)
				if err := fn(last); err != nil {
					log.Error(what, "error", err)
				}
				return
			case <-ticker.C:
				if err := fn(ctx); err != nil && ctx.Err() == nil {
					log.Error(what, "error", err)
				}
			}
		}
	}
}
