package ingest

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"gatecrier/app/authz"
	"gatecrier/app/event"
	"gatecrier/app/fault"
	"gatecrier/app/gate"
	"gatecrier/models"
)

// errDuplicatesBusy is the conflict of an import with a large one that has the duplicates of what
// it resolves.
var errDuplicatesBusy = fault.New(
	fault.Conflict,
	"This report resolves the originals of duplicates, and a large import of their source is in progress: "+
		"send it again when that is done",
)

// endDuplicates ends the duplicates of the observations that the changes of some sources resolve. at
// is the change to name them with. It returns errDuplicatesBusy while a large import of another
// source of theirs is in progress.
func endDuplicates(
	tx *models.Tx, sources []int64, changes []*change,
) (ended gate.EndedDuplicates, at int, err error) {
	var all []models.Duplicate
	for i, c := range changes {
		list := c.duplicates
		if c.diff != nil {
			if list, err = tx.DuplicatesOf(tx.Context(), c.diff.resolve); err != nil {
				return ended, 0, err
			}
		}
		if len(all) == 0 {
			at = i
		}
		all = append(all, list...)
	}
	slices.SortFunc(all, func(a, b models.Duplicate) int {
		return cmp.Or(cmp.Compare(a.Severity, b.Severity), cmp.Compare(a.ID, b.ID))
	})
	ended, err = gate.EndDuplicates(tx, all, gate.OriginalResolved, sources)
	if fault.Is(err, fault.Conflict) {
		err = errDuplicatesBusy
	}
	return ended, at, err
}

// withDuplicates adds a warning that names the number of duplicates that an import has ended.
func withDuplicates(warnings []string, ended gate.EndedDuplicates) []string {
	n := ended.Ended + len(ended.Rest)
	switch n {
	case 0:
		return warnings
	case 1:
		return append(slices.Clip(warnings), "1 observation is no duplicate any more: its original is resolved")
	}
	text := fmt.Sprintf("%d observations are no duplicates any more: their originals are resolved", n)
	return append(slices.Clip(warnings), text)
}

// endOtherDuplicates ends the duplicates that the transaction of an import has left, and returns the
// results with the counts and the gate after that. The import is complete: if this fails, the
// hourly reconciliation ends them.
func (s *Service) endOtherDuplicates(
	ctx context.Context, actor authz.Actor, dest Destination, cause event.Cause, results []Result,
) []Result {
	ctx = context.WithoutCancel(ctx)
	var rest []models.Duplicate
	for _, r := range results {
		rest = append(rest, r.duplicates...)
	}
	for len(rest) > 0 {
		next := results[0]
		err := s.store.Write(ctx, func(tx *models.Tx) error {
			ended, counts, outcome, err := s.gates.EndOrphans(
				tx, dest.ProductID, next.Branch, rest, gate.Evaluation{Cause: cause, Actor: actor.Label},
			)
			next.duplicates, next.Counts, next.Gate = ended.Rest, counts, results[0].Gate
			next.Gate.After, next.Gate.Why = outcome.After, outcome.Why
			if outcome.Before != outcome.After {
				next.Gate.Event, next.Gate.Held = outcome.Event, outcome.Held
			}
			return err
		})
		if err != nil {
			break
		}
		rest = next.duplicates
		for i := range results {
			results[i].Counts, results[i].Gate = next.Counts, next.Gate
		}
	}
	return results
}
