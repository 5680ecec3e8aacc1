package gate

import (
	"context"
	"errors"
	"fmt"

	"gatecrier/app/event"
	"gatecrier/app/fault"
	"gatecrier/models"
)

// endOrphans ends the duplicates of resolved originals that no import has ended, such as those of
// before it did, and adds them to the repairs. It skips those of a source with a large import in
// progress. If one branch fails, it goes on with the others and returns all errors joined.
func (r *Reconciler) endOrphans(ctx context.Context, repairs *Repairs) error {
	var errs error
	for after := (models.Duplicate{}); ; {
		list, err := r.store.OrphanedDuplicates(ctx, after, MaxEnded)
		if err != nil || len(list) == 0 {
			return errors.Join(errs, err)
		}
		after = list[len(list)-1].Duplicate
		for at, duplicates := range byBranch(list) {
			what, err := r.endOrphansOf(ctx, at, duplicates)
			if err != nil {
				errs = errors.Join(errs, fmt.Errorf("end duplicates of product %d (%s): %w", at.product, at.branch, err))
			}
			if what != "" {
				repairs.add(what)
				r.log.WarnContext(ctx, "end duplicates of resolved originals", "product", at.product, "branch", at.branch)
			}
		}
	}
}

// branchKey is a branch of a product.
type branchKey struct {
	product int64
	branch  string
}

func byBranch(list []models.OrphanedDuplicate) map[branchKey][]models.Duplicate {
	branches := map[branchKey][]models.Duplicate{}
	for _, d := range list {
		at := branchKey{d.ProductID, d.Branch}
		branches[at] = append(branches[at], d.Duplicate)
	}
	return branches
}

// endOrphansOf ends duplicates of one branch, and returns what was wrong, "" for nothing.
func (r *Reconciler) endOrphansOf(
	ctx context.Context, at branchKey, list []models.Duplicate,
) (what string, err error) {
	err = r.store.Write(ctx, func(tx *models.Tx) error {
		what = ""
		sweep, err := tx.GateSweep(tx.Context())
		if err != nil || sweep.Version > r.gates.settings().Version { // another instance has newer settings
			return err
		}
		cause := event.Cause{Kind: event.CauseReconcile, Text: reconcileText}
		ended, _, _, err := r.gates.EndOrphans(tx, at.product, at.branch, list, Evaluation{Cause: cause})
		if err != nil || ended.Ended == 0 {
			return err
		}
		g, err := tx.GateOf(at.product, at.branch)
		what = fmt.Sprintf("%s: duplicates of resolved observations: %d", nameOf(g), ended.Ended)
		return err
	})
	if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Conflict) {
		return "", nil // deleted, or left for the next reconciliation
	}
	return what, err
}
