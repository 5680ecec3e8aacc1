package ingest

import (
	"context"
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
// few seconds and at the end; what is lost in a crash is only such a time.
func (s *Service) Flush(ctx context.Context) error {
	s.mu.Lock()
	seen := s.seen
	s.seen = map[int64]time.Time{}
	s.mu.Unlock()
	if len(seen) == 0 {
		return nil
	}
	return s.store.Write(ctx, func(tx *models.Tx) error { return tx.TouchSources(seen) })
}
