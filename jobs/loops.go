// Package jobs runs the background work: loops that run all the time, and jobs that run on a
// schedule.
package jobs

import (
	"context"
	"log/slog"
	"maps"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"gatecrier/app/exception"
	"gatecrier/models"
)

// Loop is work that runs until its context ends.
type Loop struct {
	Name string
	Halt string // what stops while the loop does not run, as a sentence
	Run  func(ctx context.Context)
	// Quiet loops deliver the notifications of exceptions. Their own failures are not reported as
	// exceptions: each would cause the next.
	Quiet bool
}

// Loops runs loops, and restarts a loop that panicked.
type Loops struct {
	log    *slog.Logger
	now    func() time.Time
	report exception.ReportFunc
	wg     sync.WaitGroup
	mu     sync.Mutex
	list   map[string]*LoopState
}

// NewLoops returns an empty set of loops. now dates their failures, and report gets their panics.
func NewLoops(log *slog.Logger, now func() time.Time, report exception.ReportFunc) *Loops {
	return &Loops{log: log, now: now, report: report, list: map[string]*LoopState{}}
}

// restartAfter is the pause before a loop that panicked is restarted.
const restartAfter = time.Second

// Start runs a loop until ctx ends.
func (l *Loops) Start(ctx context.Context, loop Loop) {
	if loop.Quiet {
		ctx = exception.WithoutReporting(ctx)
	}
	l.note(loop.Name, func(s *LoopState) { s.Halt = loop.Halt })
	l.wg.Go(func() {
		for {
			l.run(ctx, loop)
			if ctx.Err() != nil {
				return
			}
			l.note(loop.Name, func(s *LoopState) { s.Runs = false })
			select {
			case <-ctx.Done():
				return
			case <-time.After(restartAfter):
			}
		}
	})
}

func (l *Loops) run(ctx context.Context, loop Loop) {
	defer func() {
		v := recover()
		if v == nil {
			return
		}
		err := exception.FromPanic(v)
		l.log.Error("run loop", "loop", loop.Name, "error", err, "stack", string(debug.Stack()))
		l.note(loop.Name, func(s *LoopState) { s.Restarts, s.FailedAt, s.Why = s.Restarts+1, l.now(), readable(err) })
		l.report(ctx, exception.FromError(models.ExceptionTask, loop.Name, err))
	}()
	l.note(loop.Name, func(s *LoopState) { s.Runs = true })
	loop.Run(ctx)
}

// note changes the state of a loop.
func (l *Loops) note(name string, change func(s *LoopState)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.list[name]
	if s == nil {
		s = &LoopState{Name: name, Runs: true}
		l.list[name] = s
	}
	change(s)
}

// Down returns the name of a loop that does not run, "" if all run.
func (l *Loops) Down() string {
	for _, s := range l.States() {
		if !s.Runs {
			return s.Name
		}
	}
	return ""
}

// LoopState is the state of a loop.
type LoopState struct {
	Name     string
	Halt     string // what stops while it does not run
	Runs     bool
	Restarts int       // after panics
	FailedAt time.Time // the time of the last panic
	Why      string    // the error of the last panic
}

// States returns the states of the loops by name.
func (l *Loops) States() []LoopState {
	l.mu.Lock()
	defer l.mu.Unlock()
	list := make([]LoopState, 0, len(l.list))
	for _, name := range slices.Sorted(maps.Keys(l.list)) {
		list = append(list, *l.list[name])
	}
	return list
}

// Wait returns when all loops have ended.
func (l *Loops) Wait() { l.wg.Wait() }

// Every returns a loop that calls fn at once, at intervals, and once more when ctx ends. what names the
// operation in the log.
func Every(
	interval time.Duration, log *slog.Logger, what string, fn func(ctx context.Context) error,
) func(ctx context.Context) {
	return func(ctx context.Context) {
		ticker := time.NewTicker(interval)
		defer ticker.Stop()
		for {
			if err := fn(ctx); err != nil && ctx.Err() == nil {
				log.Error(what, "error", err)
			}
			select {
			case <-ctx.Done():
				last := context.WithoutCancel(ctx)
				if err := fn(last); err != nil {
					log.Error(what, "error", err)
				}
				return
			case <-ticker.C:
			}
		}
	}
}
