package ingest

import (
	"context"
	"sync"

	"gatecrier/app/authz"
	"gatecrier/app/event"
	"gatecrier/app/fault"
	"gatecrier/app/gate"
	"gatecrier/app/settings"
	"gatecrier/app/vex"
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
	assessor Assessor // nil in tests without VEX documents

	mu   sync.Mutex
	seen map[int64]models.ReportTimes // by source: unstored times of reports that changed nothing
}

// New returns a service that reads its settings for each import.
func New(store *models.Store, gates *gate.Service, events *event.Log, current func() settings.Reports) *Service {
	return &Service{
		store:    store,
		gates:    gates,
		events:   events,
		settings: current,
		memory:   newMemoryGate(),
		seen:     map[int64]models.ReportTimes{},
	}
}

// Result is the answer to an import, or to one of the files of it.
type Result struct {
	File    string // "file 2 (b.json)"; "" of a request without named files
	Format  string
	Scanner string
	Source  string // the name, "" for none
	Tally   Tally
	Branch  string
	Counts  models.Counts // of the branch, over all its sources
	Gate    gate.Outcome
	// Warnings say what the import did otherwise than usual, and why.
	Warnings []string

	// VEX is what a VEX document has changed; nil for a report.
	VEX *vex.Result

	duplicates []models.Duplicate // of observations that it resolves, which are still to end
}

// May returns nil if the actor can import into a product, else fault.Forbidden or
// fault.NotFound.
func (s *Service) May(ctx context.Context, actor authz.Actor, productID int64) error {
	return authz.Require(ctx, s.store, actor, authz.Import, productID)
}

// untilCurrent runs an import until no other import of the same source is faster, at most
// maxTries times.
func untilCurrent(run func() ([]Result, error)) ([]Result, error) {
	for try := 1; ; try++ {
		results, err := run()
		if try == maxTries || !fault.Is(err, fault.Conflict) {
			return results, err
		}
	}
}

var errSourceChanged = fault.New(fault.Conflict, "Another import of this source finished first: send the report again")
