package ingest

import (
	"context"
	"sync"
	"time"

	"gatecrier/app/authz"
	"gatecrier/app/event"
	"gatecrier/app/fault"
	"gatecrier/app/gate"
	"gatecrier/app/settings"
	"gatecrier/models"
)

// maxTries is how often an import is compared while other imports of the same source
// are faster.
const maxTries = 5

// Service imports reports and counts.
type Service struct {
	store    *models.Store
	gates    *gate.Service
	events   *event.Log
	settings func() settings.Reports
	memory   memoryGate

	mu   sync.Mutex
	seen map[int64]time.Time // by source: unstored times of reports that changed nothing
}

// New returns a service that reads its settings for each import.
func New(store *models.Store, gates *gate.Service, events *event.Log, current func() settings.Reports) *Service {
	return &Service{
		store:    store,
		gates:    gates,
		events:   events,
		settings: current,
		memory:   newMemoryGate(),
		seen:     map[int64]time.Time{},
	}
}

// Result is the answer to an import.
type Result struct {
	Format string
	Tally  Tally
	Branch string
	Counts models.Counts // of the branch, over all its sources
	Gate   gate.Outcome
	// Warnings say what the import did otherwise than usual, and why.
	Warnings []string

	duplicates []models.Duplicate // of observations that it resolves, which are still to end
}

// May returns nil if the actor can import into a product, else fault.Forbidden or
// fault.NotFound.
func (s *Service) May(ctx context.Context, actor authz.Actor, productID int64) error {
	return authz.Require(ctx, s.store, actor, authz.Import, productID)
}

// untilCurrent runs an import until no other import of the same source is faster, at most
// maxTries times.
func untilCurrent(run func() (Result, error)) (Result, error) {
	for try := 1; ; try++ {
		result, err := run()
		if try == maxTries || !fault.Is(err, fault.Conflict) {
			return result, err
		}
	}
}

var errSourceChanged = fault.New(fault.Conflict, "Another import of the same source was faster: send it again")

// unchanged answers an import that changes nothing. It writes nothing, unless the report
// time is overdue or the caller stores the answer. It returns errSourceChanged if another
// import has changed the source since before was loaded.
func (s *Service) unchanged(ctx context.Context, dest Destination, before snapshot, r Result) (Result, error) {
	s.touchSource(before.source.ID) // first: a check for stale products after the next read finds it
	now, err := s.loadSnapshot(ctx, dest)
	if err != nil {
		return Result{}, err
	}
	if !now.hasSource || now.source.ID != before.source.ID || now.source.Version != before.source.Version {
		return Result{}, errSourceChanged
	}
	if now.branch.Default && !now.branch.StaleSince.IsZero() {
		if err := s.clearStale(ctx, dest.ProductID, now.source.ID); err != nil {
			return Result{}, err
		}
	}
	r = now.unchangedResult(r)
	if s.reportTimeOverdue(now.source) {
		return r, s.writeReportTime(ctx, dest, now.source, r)
	}
	s.touchSource(now.source.ID)
	if dest.Once == nil {
		return r, nil
	}
	return r, s.store.Write(ctx, func(tx *models.Tx) error { return dest.Once(tx, r) })
}
