package account

import (
	"context"
	"sync"
	"time"

	"gatecrier/models"
)

// pendingTimes are times by key that wait for their flush to the database. The zero value is
// ready, and safe for concurrent use.
type pendingTimes[K comparable] struct {
	mu    sync.Mutex
	times map[K]time.Time
}

func (p *pendingTimes[K]) set(key K, at time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.times == nil {
		p.times = map[K]time.Time{}
	}
	p.times[key] = at
}

// take returns the times since the last take.
func (p *pendingTimes[K]) take() map[K]time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	times := p.times
	p.times = nil
	return times
}

// flush writes the times by save in one transaction. It opens none if there are no times.
func (p *pendingTimes[K]) flush(
	ctx context.Context, store *models.Store, save func(tx *models.Tx, times map[K]time.Time) error,
) error {
	times := p.take()
	if len(times) == 0 {
		return nil
	}
	return store.Write(ctx, func(tx *models.Tx) error { return save(tx, times) })
}
