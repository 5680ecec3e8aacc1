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
