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

// batch bounds the rows that one transaction of a job changes, so that other writers do not wait
// long.
const batch = 500

// Work is what a job works with during a run.
type Work struct {
	Services
	Keep     settings.Retention
	store    *models.Store
	affected int64
	message  string
}

// Services are the use cases that jobs call.
type Services struct {
	Observations *observation.Service
	Gates        *gate.Reconciler
	Products     *product.Service
	Reports      func() settings.Reports // returns the current settings
	Ingest       *ingest.Service
	Backups      func() settings.Backups // returns the current settings
	MakeBackup   func(ctx context.Context, path string) error
}

// Write runs fn in a transaction. fn returns the number of rows that it changed.
func (w *Work) Write(ctx context.Context, fn func(tx *models.Tx) (int64, error)) (int64, error) {
	var n int64
	err := w.store.Write(ctx, func(tx *models.Tx) (err error) {
		n, err = fn(tx)
		return err
	})
	if err == nil {
		w.affected += n
	}
	return n, err
}

// Repeat runs batches until one changes fewer rows than its limit.
func (w *Work) Repeat(ctx context.Context, fn func(tx *models.Tx, limit int) (int64, error)) error {
	for {
		n, err := w.Write(ctx, func(tx *models.Tx) (int64, error) { return fn(tx, batch) })
		if err != nil || n < batch {
			return err
		}
	}
}

// cutoff returns the time before which a retention in days deletes rows. If rows are kept for ever,
// it returns the message of the run that says so, else "".
func (w *Work) cutoff(days int64) (at time.Time, forever string) {
	if days == 0 {
		return time.Time{}, "Nothing was looked for: the retention is for ever"
	}
	return w.store.Now().Add(-time.Duration(days) * 24 * time.Hour), ""
}
