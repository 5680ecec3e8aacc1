package jobs

import (
	"context"
	"log/slog"
	"time"

	"gatecrier/models"
)

// removalKeys is how many keys a removal reads at once, outside of transactions: a read passes the
// rows before them that were just removed.
const removalKeys = 5000

// Remover removes the rows of products and connections that were deleted, in parts.
type Remover struct {
	Store *models.Store
	Log   *slog.Logger
	// Source removes what is left of a source: the gate of its branch changes with it.
	Source func(ctx context.Context, m models.Removal) error
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
	if m.Kind == models.RemoveSource {
		return r.Source(ctx, m)
	}
	for done := false; !done; {
		keys, err := r.Store.NextRemovalKeys(ctx, m, removalKeys)
		if err != nil {
			return err
		}
		if len(keys.List) == 0 {
			err = r.Store.Write(ctx, func(tx *models.Tx) (err error) {
				done, err = tx.FinishRemoval(m)
				return err
			})
		} else {
			err = r.removeRows(ctx, m, keys)
		}
		if err != nil {
			return err
		}
	}
	r.Log.InfoContext(ctx, "finish removal", "kind", m.Kind, "id", m.SubjectID)
	return nil
}

// removeRows removes rows in parts.
func (r *Remover) removeRows(ctx context.Context, m models.Removal, keys models.RemovalKeys) error {
	parts := models.Parts{Background: true}
	return models.WriteInParts(ctx, r.Store, &parts, keys.List, func(tx *models.Tx, part []int64) error {
		return tx.RemoveRows(m, keys, part)
	})
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
