package jobs

import (
	"context"
	"log/slog"
	"time"

	"gatecrier/models"
)

const (
	// removeAtOnce is how many rows a transaction of a removal removes.
	removeAtOnce = 200
	// removalShare is how many times as long as it writes a removal lets others write.
	removalShare = 2
)

// Remover removes the rows of products and connections that were deleted, in parts.
type Remover struct {
	Store *models.Store
	Log   *slog.Logger
}

// removeEvery is how often a Remover looks for work.
const removeEvery = time.Second

// Run removes what was deleted until ctx ends. After a crash the next start continues.
func (r *Remover) Run(ctx context.Context) {
	for ctx.Err() == nil {
		if err := r.removeAll(ctx); err != nil && ctx.Err() == nil {
			r.Log.ErrorContext(ctx, "remove what was deleted", "error", err)
		}
		pause(ctx, removeEvery)
	}
}

func (r *Remover) removeAll(ctx context.Context) error {
	list, err := r.Store.Removals(ctx)
	if err != nil {
		return err
	}
	for _, m := range list {
		if err := r.remove(ctx, m); err != nil {
			return err
		}
	}
	return nil
}

func (r *Remover) remove(ctx context.Context, m models.Removal) error {
	if m.Total == 0 {
		total, err := r.Store.RemovalRows(ctx, m)
		if err == nil {
			err = r.Store.Write(ctx, func(tx *models.Tx) error { return tx.SaveRemovalTotal(m, total) })
		}
		if err != nil {
			return err
		}
	}
	for done := false; !done; {
		if err := ctx.Err(); err != nil {
			return err
		}
		began := time.Now()
		err := r.Store.Write(ctx, func(tx *models.Tx) (err error) {
			done, err = tx.RemovePart(m, removeAtOnce)
			return err
		})
		if err != nil {
			return err
		}
		if !done {
			pause(ctx, removalShare*time.Since(began))
		}
	}
	r.Log.InfoContext(ctx, "finish removal", "kind", m.Kind, "id", m.SubjectID)
	return nil
}

// pause waits, but not beyond the end of ctx.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
