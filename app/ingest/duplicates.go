package ingest

import (
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

// endDuplicates ends the duplicates of the observations that an import of a source resolves. It
// returns errDuplicatesBusy while a large import of another source of theirs is in progress.
func endDuplicates(tx *models.Tx, sourceID int64, c change) (gate.EndedDuplicates, error) {
	list := c.duplicates
	if c.diff != nil {
		var err error
		if list, err = tx.DuplicatesOf(tx.Context(), c.diff.resolve); err != nil {
			return gate.EndedDuplicates{}, err
		}
	}
	ended, err := gate.EndDuplicates(tx, list, gate.OriginalResolved, sourceID)
	if fault.Is(err, fault.Conflict) {
		err = errDuplicatesBusy
	}
	return ended, err
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
// result with the counts and the gate after that. The import is complete: if this fails, the
// hourly reconciliation ends them.
func (s *Service) endOtherDuplicates(
	ctx context.Context, actor authz.Actor, dest Destination, cause event.Cause, result Result,
) Result {
	ctx = context.WithoutCancel(ctx)
	for len(result.duplicates) > 0 {
		next := result
		err := s.store.Write(ctx, func(tx *models.Tx) error {
			ended, counts, outcome, err := s.gates.EndOrphans(
				tx, dest.ProductID, result.Branch, result.duplicates, gate.Evaluation{Cause: cause, Actor: actor.Label},
			)
			next.duplicates, next.Counts = ended.Rest, counts
			next.Gate.After, next.Gate.Why = outcome.After, outcome.Why
			if outcome.Before != outcome.After {
				next.Gate.Event, next.Gate.Held = outcome.Event, outcome.Held
			}
			return err
		})
		if err != nil {
			break
		}
		result = next
	}
	return result
}
