package exception

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"gatecrier/app/event"
	"gatecrier/models"
)

const (
	// maxNew is how many groups a product, or Gatecrier itself, gets within newTime.
	// Further new exceptions share one group.
	maxNew  = 1000
	newTime = time.Hour
)

// Policy is how exceptions are grouped and how often a group notifies.
type Policy struct {
	Grouping Grouping
	Window   time.Duration // between two notifications of a group; 0 = each occurrence notifies
	// MaxPerHour is how often a product, or Gatecrier itself, notifies of exceptions in an hour.
	// One summary replaces the rest.
	MaxPerHour int64
}

// Result is the outcome of a report.
type Result struct {
	Group      int64
	Notified   bool  // this report notified
	Suppressed int64 // occurrences since the last notification, with this one; exact while the process lives
}

// Service records reported exceptions. A report within its group's window is counted
// in memory by the tracker, and stored by Flush. Any other report is a claim: the
// database decides which instance notifies.
type Service struct {
	store   *models.Store
	events  *event.Log
	policy  func() Policy
	log     *slog.Logger
	tracker *tracker

	flushing sync.Mutex // held by the Flush that stores counts
}

// New returns a service. The caller runs Flush at intervals.
func New(store *models.Store, events *event.Log, policy func() Policy, log *slog.Logger) *Service {
	return &Service{store: store, events: events, policy: policy, log: log, tracker: newTracker(store.Now, log)}
}

// Report records an exception. If it notifies, its event is committed when Report
// returns. It reports nothing under a context of WithoutReporting.
func (s *Service) Report(ctx context.Context, r Report) (Result, error) {
	if ReportingDisabled(ctx) {
		s.log.WarnContext(ctx, "skip an exception raised while notifying of exceptions",
			"function", r.Function, "exception", r.Message)
		return Result{}, nil
	}
	return s.record(ctx, newOccurrence(r, s.policy()))
}

// record counts an occurrence within its window, and claims it otherwise. Of several
// callers with the same key, one claims while the others wait.
func (s *Service) record(ctx context.Context, o occurrence) (Result, error) {
	for {
		d := s.tracker.tryCount(o)
		switch {
		case d.checkKey:
			if err := s.checkKey(ctx, &o); err != nil {
				return Result{}, err
			}
		case d.wait != nil:
			select {
			case <-d.wait:
			case <-ctx.Done():
				return Result{}, ctx.Err()
			}
		case d.claim == nil:
			return d.result, nil
		default:
			result, overflows, err := s.claim(ctx, o, d.claim)
			if err != nil || !overflows {
				return result, err
			}
			o.moveToOverflow()
		}
	}
}

// checkKey moves an occurrence to the overflow group unless the database has its key.
func (s *Service) checkKey(ctx context.Context, o *occurrence) error {
	id, _, err := s.store.ExceptionKey(ctx, o.key.owner, o.key.key)
	if err != nil {
		return err
	}
	if o.stored = id != 0; !o.stored {
		o.moveToOverflow()
	}
	return nil
}

// Evict makes the next report of a group ask the database, since a user has resolved,
// muted, merged or deleted the group.
func (s *Service) Evict(group int64) { s.tracker.endWindows(group) }

// ForgetWindows makes the next report of each group ask the database: the clock was set, and the
// windows in memory were made by the former time.
func (s *Service) ForgetWindows() { s.tracker.endAll() }
