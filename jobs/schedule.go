package jobs

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/robfig/cron/v3"

	"gatecrier/app/exception"
	"gatecrier/app/settings"
	"gatecrier/models"
)

// Parts are the dependencies of a schedule.
type Parts struct {
	Store      *models.Store
	Log        *slog.Logger
	Instance   string
	Since      time.Time // when the server started that runs the jobs, zero if none does
	Jobs       []Job
	Exceptions *exception.Service        // gets the failures of runs
	Keep       func() settings.Retention // returns the current settings
	Services
}

// Schedule runs jobs at their times, each time on one instance: the one that inserts the row of
// that time's slot. A job has at most one run at a time.
type Schedule struct {
	Parts
	mu        sync.Mutex
	entries   []*entry
	requested []models.JobRun // started by users; the loop executes them
	wake      chan struct{}
	work      sync.WaitGroup
}

// entry is a job with its current schedule.
type entry struct {
	Job
	spec  string
	times cron.Schedule
	next  time.Time
}

// NewSchedule returns a schedule of jobs at their default times.
func NewSchedule(p Parts) *Schedule {
	s := &Schedule{Parts: p, wake: make(chan struct{}, 1)}
	for _, job := range p.Jobs {
		s.entries = append(s.entries, &entry{Job: job})
	}
	s.Apply(nil)
	return s
}

// Apply sets the cron expressions of the jobs by name; a job without one gets its default. The
// change is effective at once. A time that is already due is not lost.
func (s *Schedule) Apply(specs map[string]string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.Store.Now()
	for _, e := range s.entries {
		spec, ok := specs[e.Name]
		if !ok {
			spec = e.Spec
		}
		if spec == e.spec {
			continue
		}
		times, err := parse(spec)
		if err != nil { // the expression was checked before it was saved
			s.Log.Error("schedule job", "job", e.Name, "error", err)
			continue
		}
		e.spec, e.times = spec, times
		if e.next.IsZero() || e.next.After(now) {
			e.next = times.Next(now)
		}
		s.Wake()
	}
}

// Wake makes the schedule check the clock at once.
func (s *Schedule) Wake() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// checkEvery is the longest time between two checks of the clock: the clock can be set, and the
// machine can sleep.
const checkEvery = 30 * time.Second

// Run starts jobs at their times until ctx ends, then waits for the running ones.
func (s *Schedule) Run(ctx context.Context) {
	defer s.work.Wait()
	if err := s.runMissed(ctx); err != nil && ctx.Err() == nil {
		s.Log.Error("check missed jobs", "error", err)
	}
	for {
		timer := time.NewTimer(s.startDue(ctx))
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-s.wake:
			timer.Stop()
		case <-timer.C:
		}
	}
}

// startDue starts the due jobs and the requested runs. It returns the time until the next check.
func (s *Schedule) startDue(ctx context.Context) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	now, wait := s.Store.Now(), checkEvery
	for _, e := range s.entries {
		if e.next.IsZero() {
			continue
		}
		// After the clock was set back, the next time is not the one that was next before.
		if next := e.times.Next(now); next.Before(e.next) {
			e.next = next
		}
		if !e.next.After(now) {
			slot := lastDue(e.times, now) // the latest of several missed times
			s.start(func() { s.runDue(ctx, e.Job, slotOf(slot)) })
			e.next = e.times.Next(now)
		}
		wait = min(wait, e.next.Sub(now))
	}
	for _, run := range s.requested {
		if e := s.find(run.Job); e != nil {
			s.start(func() { s.execute(ctx, e.Job, run) })
		}
	}
	s.requested = nil
	return wait
}

func (s *Schedule) start(fn func()) {
	s.work.Add(1)
	go func() {
		defer s.work.Done()
		fn()
	}()
}

func (s *Schedule) find(name string) *entry {
	i := slices.IndexFunc(s.entries, func(e *entry) bool { return e.Name == name })
	if i < 0 {
		return nil
	}
	return s.entries[i]
}

// runMissed starts the jobs that missed their last due time while nothing ran. For a new job it
// only takes the slot of that time, from which later misses count.
func (s *Schedule) runMissed(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	newJobs := map[string]string{}
	for _, e := range s.entries {
		due := lastDue(e.times, s.Store.Now())
		if !e.MakeUp || due.IsZero() {
			continue
		}
		switch last, err := s.Store.LastSlot(ctx, e.Name); {
		case err != nil:
			return err
		case last == "":
			newJobs[e.Name] = slotOf(due)
		case last < slotOf(due):
			s.Log.Info("make up job", "job", e.Name, "slot", slotOf(due))
			s.start(func() { s.runDue(ctx, e.Job, slotOf(due)) })
		}
	}
	if len(newJobs) == 0 {
		return nil
	}
	return s.Store.Write(ctx, func(tx *models.Tx) error {
		for job, slot := range newJobs {
			if _, err := tx.TakeSlot(job, slot, s.Instance); err != nil {
				return err
			}
		}
		return nil
	})
}

// MarkRunsLost gives up the runs of an earlier process. Call it at the start of a program that is
// the only instance.
func (s *Schedule) MarkRunsLost(ctx context.Context) error {
	return s.Store.Write(ctx, (*models.Tx).MarkRunsLost)
}
