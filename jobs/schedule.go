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

// Parts are what a schedule is made of.
type Parts struct {
	Store      *models.Store
	Log        *slog.Logger
	Instance   string
	Jobs       []Job
	Exceptions *exception.Service        // is told of runs that fail
	Keep       func() settings.Retention // what is current
	Services
}

// Schedule runs jobs at their times, each time on one instance: whichever
// inserts the row of that time's slot. Of a job one run is at work at a time.
type Schedule struct {
	Parts
	mu        sync.Mutex
	entries   []*entry
	requested []models.JobRun // that have begun, until the loop takes them
	wake      chan struct{}
	work      sync.WaitGroup
}

// entry is a job with its times.
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

// Apply gives jobs their expressions by name, the default where there is none.
// It counts at once. A job whose expression stays is left alone, and a time that
// is due already is not lost.
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
		if err != nil { // it was checked when it came in
			s.Log.Error("job not scheduled anew", "job", e.Name, "error", err)
			continue
		}
		e.spec, e.times = spec, times
		if e.next.IsZero() || e.next.After(now) {
			e.next = times.Next(now)
		}
		s.Wake()
	}
}

// Wake lets the schedule look at the clock at once.
func (s *Schedule) Wake() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// checkEvery is how often the clock is looked at, at least: it may have been
// set, or the machine have slept.
const checkEvery = 30 * time.Second

// Run keeps the schedule until ctx ends, and waits for what is at work.
func (s *Schedule) Run(ctx context.Context) {
	defer s.work.Wait()
	if err := s.runMissed(ctx); err != nil && ctx.Err() == nil {
		s.Log.Error("missed jobs not looked for", "error", err)
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

// startDue starts what is due or was asked for, and says how long there is
// nothing more to start.
func (s *Schedule) startDue(ctx context.Context) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	now, wait := s.Store.Now(), checkEvery
	for _, e := range s.entries {
		if e.next.IsZero() {
			continue
		}
		if !e.next.After(now) {
			slot := lastDue(e.times, now) // of several that went by, the latest
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

// runMissed starts jobs whose last due time went by while nothing ran. For one that
// has never been due, that time only becomes the one to count from.
func (s *Schedule) runMissed(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	activated := map[string]string{}
	for _, e := range s.entries {
		due := lastDue(e.times, s.Store.Now())
		if !e.MakeUp || due.IsZero() {
			continue
		}
		switch last, err := s.Store.LastSlot(ctx, e.Name); {
		case err != nil:
			return err
		case last == "":
			activated[e.Name] = slotOf(due)
		case last < slotOf(due):
			s.Log.Info("job is made up", "job", e.Name, "slot", slotOf(due))
			s.start(func() { s.runDue(ctx, e.Job, slotOf(due)) })
		}
	}
	if len(activated) == 0 {
		return nil
	}
	return s.Store.Write(ctx, func(tx *models.Tx) error {
		for job, slot := range activated {
			if _, err := tx.TakeSlot(job, slot, s.Instance); err != nil {
				return err
			}
		}
		return nil
	})
}

// MarkRunsLost gives up what an earlier process had at work: for the start of the
// only instance there is.
func (s *Schedule) MarkRunsLost(ctx context.Context) error {
	return s.Store.Write(ctx, (*models.Tx).MarkRunsLost)
}
