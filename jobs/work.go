package jobs

import (
	"context"
	"time"

	"gatecrier/app/gate"
	"gatecrier/app/ingest"
	"gatecrier/app/observation"
	"gatecrier/app/product"
	"gatecrier/app/settings"
	"gatecrier/models"
)

// batch bounds what one transaction of a job changes, so that it never holds
// the writer for long.
const batch = 500

// Work is a run as its job sees it.
type Work struct {
	Services
	Keep     settings.Retention
	store    *models.Store
	affected int64
	message  string
}

// Services are the use cases that jobs carry out beside what models do.
type Services struct {
	Observations *observation.Service
	Gates        *gate.Reconciler
	Products     *product.Service
	Reports      func() settings.Reports // what is current
	Ingest       *ingest.Service
}

// Write does one batch, which says how many rows it has changed.
func (w *Work) Write(ctx context.Context, fn func(tx *models.Tx) (int64, error)) (int64, error) {
	var n int64
	err := w.store.Write(ctx, func(tx *models.Tx) (err error) { n, err = fn(tx); return err })
	if err == nil {
		w.affected += n
	}
	return n, err
}

// Repeat does batches until one is not full.
func (w *Work) Repeat(ctx context.Context, fn func(tx *models.Tx, limit int) (int64, error)) error {
	for {
		n, err := w.Write(ctx, func(tx *models.Tx) (int64, error) { return fn(tx, batch) })
		if err != nil || n < batch {
			return err
		}
	}
}

// cutoff is the time that retention of so many days keeps rows from; ends is
// false where they are kept for ever, which the run then says.
func (w *Work) cutoff(days int64) (at time.Time, ends bool) {
	if days == 0 {
		w.message = "Nothing was looked for: the retention is for ever"
		return time.Time{}, false
	}
	return w.store.Now().Add(-time.Duration(days) * 24 * time.Hour), true
}
