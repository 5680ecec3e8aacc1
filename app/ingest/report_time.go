package ingest

import (
	"context"
	"maps"
	"time"

	"gatecrier/models"
)

// touch remembers that a source reported and changed nothing, which is worth
// no transaction of its own.
func (s *Service) touch(sourceID int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen[sourceID] = s.store.Now()
}

// writeReportTimeAfter is after how long the time of a report is written at once, even
// where it changed nothing: well before a branch counts as abandoned, so that
// none is removed while its newest report is only remembered.
const writeReportTimeAfter = time.Hour

func (s *Service) overdue(source models.Source) bool {
	return s.store.Now().Sub(source.LastReportAt) >= writeReportTimeAfter
}

// writeReportTime writes the time of a report that changed nothing. The branch may
// be gone meanwhile; then it is a conflict, and all of it is imported anew.
func (s *Service) writeReportTime(ctx context.Context, dest Destination, source models.Source, r Result) error {
	return s.store.Write(ctx, func(tx *models.Tx) error {
		if err := tx.LockProductShared(dest.ProductID); err != nil {
			return err
		}
		_, there, err := tx.Source(tx.Context(), source.BranchID, source.Scanner, source.Name)
		if err != nil {
			return err
		}
		if !there {
			return errSourceChanged
		}
		if err := tx.TouchSources(map[int64]time.Time{source.ID: tx.Now()}); err != nil || dest.Once == nil {
			return err
		}
		return dest.Once(tx, r)
	})
}

// Flush writes the times of reports that changed nothing. It is called every
// few seconds and at the end; what is lost in a crash is only such a time. They
// are kept in memory until they are written: who looks for silence finds each in
// one of the two places.
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
