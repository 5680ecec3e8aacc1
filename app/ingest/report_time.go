package ingest

import (
	"context"
	"maps"
	"time"

	"gatecrier/models"
)

// touchSource keeps the time of a report that changed nothing until Flush stores it, to
// save a transaction per report.
func (s *Service) touchSource(sourceID int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen[sourceID] = s.store.Now()
}

// writeReportTimeAfter is the age of the stored time after which an unchanged report stores
// its time at once. It is far shorter than the time until a branch counts as abandoned,
// so that no branch is removed while the time of its latest report is only in memory.
const writeReportTimeAfter = time.Hour

func (s *Service) reportTimeOverdue(source models.Source) bool {
	return s.store.Now().Sub(source.LastReportAt) >= writeReportTimeAfter
}

// writeReportTime stores the time of a report that changed nothing. If the branch is gone
// meanwhile it returns errSourceChanged, and the import starts over.
func (s *Service) writeReportTime(ctx context.Context, dest Destination, source models.Source, r Result) error {
	return s.store.Write(ctx, func(tx *models.Tx) error {
		if err := tx.LockProductShared(dest.ProductID); err != nil {
			return err
		}
		_, found, err := tx.Source(tx.Context(), source.BranchID, source.Scanner, source.Name)
		if err != nil {
			return err
		}
		if !found {
			return errSourceChanged
		}
		if err := tx.TouchSources(map[int64]time.Time{source.ID: tx.Now()}); err != nil || dest.Once == nil {
			return err
		}
		return dest.Once(tx, r)
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
	maps.DeleteFunc(s.seen, func(id int64, at time.Time) bool { return at.Equal(seen[id]) })
	return nil
}
