package ingest

import (
	"context"
	"maps"
	"time"

	"gatecrier/app/gate"
	"gatecrier/models"
)

// lastReportOf returns the times of a source's last report, also of one whose times this instance
// has not stored yet.
func (s *Service) lastReportOf(source models.Source) models.ReportTimes {
	s.mu.Lock()
	defer s.mu.Unlock()
	return later(models.ReportTimes{Received: source.LastReportAt, Made: source.MadeAt}, s.seen[source.ID])
}

// later returns the later of both times.
func later(a, b models.ReportTimes) models.ReportTimes {
	if b.Received.After(a.Received) {
		a.Received = b.Received
	}
	if b.Made.After(a.Made) {
		a.Made = b.Made
	}
	return a
}

// touchSources keeps the times of reports that changed nothing until Flush stores them, to
// save a transaction per report.
func (s *Service) touchSources(changes []*change) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, at := range s.timesOf(changes) {
		s.seen[id] = later(s.seen[id], at)
	}
}

// timesOf returns the times of the reports of changes, by source.
func (s *Service) timesOf(changes []*change) map[int64]models.ReportTimes {
	times := map[int64]models.ReportTimes{}
	for _, c := range changes {
		times[c.source.ID] = models.ReportTimes{Received: s.store.Now(), Made: c.source.MadeAt}
	}
	return times
}

// writeReportTimeAfter is the age of the stored time after which an unchanged report stores
// its time at once. It is far shorter than the time until a branch counts as abandoned,
// so that no branch is removed while the time of its latest report is only in memory.
const writeReportTimeAfter = time.Hour

// unchanged answers an import that changes nothing. It writes nothing, unless a report time is
// overdue or the caller stores the answer. It returns errSourceChanged if another import has
// changed a source since before was loaded.
func (s *Service) unchanged(
	ctx context.Context, dest Destination, before snapshot, changes []*change,
) ([]Result, error) {
	s.touchSources(changes) // first: a check for stale products after the next read finds it
	now, err := s.loadSnapshot(ctx, dest)
	if err != nil {
		return nil, err
	}
	if now.branch.ID != before.branch.ID {
		return nil, errSourceChanged
	}
	overdue := false
	for _, c := range changes {
		source, ok := now.source(c.source.ID)
		if !ok || source.Version != c.before.Version {
			return nil, errSourceChanged
		}
		overdue = overdue || s.store.Now().Sub(source.LastReportAt) >= writeReportTimeAfter
	}
	if now.branch.Default && !now.branch.StaleSince.IsZero() {
		if err := s.clearStale(ctx, dest.ProductID, s.timesOf(changes)); err != nil {
			return nil, err
		}
	}
	same := gate.Outcome{Before: now.branch.Gate, After: now.branch.Gate, Why: now.branch.Why}
	results := resultsOf(changes, now.branch.Name, now.branch.Counts, same)
	switch {
	case overdue:
		return results, s.writeReportTimes(ctx, dest, changes, results)
	case dest.Once != nil:
		return results, s.store.Write(ctx, func(tx *models.Tx) error { return dest.Once(tx, results) })
	}
	return results, nil
}

// writeReportTimes stores the times of reports that changed nothing. If the branch is gone
// meanwhile it returns errSourceChanged, and the import starts over.
func (s *Service) writeReportTimes(ctx context.Context, dest Destination, changes []*change, results []Result) error {
	return s.store.Write(ctx, func(tx *models.Tx) error {
		if err := tx.LockProductShared(dest.ProductID); err != nil {
			return err
		}
		for _, c := range changes {
			_, found, err := tx.Source(tx.Context(), c.source.BranchID, c.source.Scanner, c.source.Name)
			if err != nil {
				return err
			}
			if !found {
				return errSourceChanged
			}
		}
		if err := tx.TouchSources(s.timesOf(changes)); err != nil || dest.Once == nil {
			return err
		}
		return dest.Once(tx, results)
	})
}

// Flush stores the times of reports that changed nothing. It is called every few seconds
// and at shutdown; a crash loses only such times. They stay in memory until they are
// stored, so that a check for stale products finds each in one of the two.
func (s *Service) Flush(ctx context.Context) error {
	s.mu.Lock()
	seen := maps.Clone(s.seen)
	s.mu.Unlock()
	if len(seen) == 0 {
		return nil
	}
	if err := s.store.Write(ctx, func(tx *models.Tx) error { return tx.TouchSources(seen) }); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	maps.DeleteFunc(s.seen, func(id int64, at models.ReportTimes) bool { return at == seen[id] })
	return nil
}
