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

// batch is how many rows a job reads at once, outside of transactions.
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

// Repeat runs parts until one changes fewer rows than its limit.
func (w *Work) Repeat(ctx context.Context, fn func(tx *models.Tx, limit int) (int64, error)) error {
	parts := models.Parts{Background: true}
	for more := true; more; {
		var n int64
		err := w.store.WritePart(ctx, &parts, func(tx *models.Tx, limit int) (_ int, err error) {
			n, err = fn(tx, limit)
			more = n >= int64(limit)
			return int(n), err
		})
		if err != nil {
			return err
		}
		w.affected += n
	}
	return nil
}

// writeInParts calls fn with a list in parts, each in a transaction. fn returns the number of rows that
// it changed.
func writeInParts[T any](
	ctx context.Context, w *Work, parts *models.Parts, list []T, fn func(tx *models.Tx, part []T) (int64, error),
) error {
	var n int64
	return models.WriteInParts(ctx, w.store, parts, list, func(tx *models.Tx, part []T) (err error) {
		n, err = fn(tx, part)
		tx.AfterCommit(func() { w.affected += n })
		return err
	})
}

// cutoff returns the time before which a retention in days deletes rows. If rows are kept forever,
// it returns the message of the run that says so, else "".
func (w *Work) cutoff(days int64) (at time.Time, forever string) {
	if days == 0 {
		return time.Time{}, "Nothing to delete: the retention is unlimited"
	}
	return w.store.Now().Add(-time.Duration(days) * 24 * time.Hour), ""
}
