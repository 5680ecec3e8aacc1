package product

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"gatecrier/app/audit"
	"gatecrier/app/authz"
	"gatecrier/app/event"
	"gatecrier/app/fault"
	"gatecrier/app/gate"
	"gatecrier/models"
)

const staleAtOnce = 100 // branches per query

// errKept reports that a branch must not be removed any more.
var errKept = errors.New("the branch is kept")

// removeBranch deletes a branch, a large one in several transactions. check runs in each
// transaction; its error stops the deletion. Between the transactions the branch is consistent,
// with fewer observations. It returns the number of deleted observations.
func (s *Service) removeBranch(
	ctx context.Context, actor authz.Actor, b models.Branch, check func(models.BranchRow) error,
) (removed int64, err error) {
	parts := models.Parts{Background: true}
	for done := false; !done; {
		var n int
		err := s.store.WritePart(ctx, &parts, func(tx *models.Tx, limit int) (_ int, err error) {
			n, done, err = s.removePart(tx, actor, b, limit, check)
			return n, err
		})
		if err != nil {
			return removed, err
		}
		removed += int64(n)
	}
	return removed, nil
}

// removePart deletes limit observations of a branch, or the branch with the rest of them. It
// deletes none where they have many duplicates, but ends some of these. done reports that the branch
// is deleted.
func (s *Service) removePart(
	tx *models.Tx, actor authz.Actor, b models.Branch, limit int, check func(models.BranchRow) error,
) (n int, done bool, err error) {
	if err := tx.LockProduct(b.ProductID); err != nil {
		return 0, false, err
	}
	now, err := tx.Branch(tx.Context(), models.SystemScope("the right to remove was checked"), b.ID)
	if err != nil {
		return 0, false, err
	}
	if err := check(now); err != nil {
		return 0, false, err
	}
	sources, err := tx.AllSources(tx.Context(), b.ID)
	if err != nil {
		return 0, false, err
	}
	for _, source := range sources {
		if source.Unsettled {
			text := "A large import into this branch is in progress. Try again when it has finished"
			return 0, false, fault.New(fault.Conflict, text)
		}
	}
	list, err := tx.AnyObservations(tx.Context(), b.ID, limit)
	if err != nil {
		return 0, false, err
	}
	if len(list) == limit {
		e := gate.Evaluation{
			Actor: actor.Label, Cause: event.Cause{Kind: event.CauseUser, Text: "the removal of the branch"},
		}
		n, err := s.removeObservations(tx, now.Branch, list, e)
		return n, false, err
	}
	if err := tx.DeleteBranch(b.ID); err != nil {
		return 0, false, err
	}
	return len(list), true, audit.Write(tx, actor, audit.Entry{
		Action:    audit.Delete,
		Kind:      audit.Branch,
		Name:      now.Name,
		ProductID: b.ProductID,
		Was:       branchValues(now.Branch),
	})
}

// removeObservations deletes observations of a branch and updates its counts and its gate, so
// that the branch is consistent if the rest has to wait: the duplicates that stay count again. It
// returns how many it has deleted.
func (s *Service) removeObservations(
	tx *models.Tx, b models.Branch, list []models.Observation, e gate.Evaluation,
) (int, error) {
	ended, err := endDuplicates(tx, list)
	if err != nil {
		return 0, err
	}
	e.Active = b.Plus(ended.Active)
	if len(ended.Rest) > 0 {
		return 0, s.evaluateRemoval(tx, b, e)
	}
	ids, shifts := make([]int64, len(list)), map[int64]models.Breakdown{}
	for i, o := range list {
		ids[i] = o.ID
		by := shifts[o.SourceID]
		if o.Status.Active() {
			by.Add(o.Severity, o.Flags(), -1)
			e.Active.Add(o.Severity, o.Flags(), -1)
		}
		shifts[o.SourceID] = by
	}
	if err := tx.DeleteObservations(ids); err != nil {
		return 0, err
	}
	for source, by := range shifts {
		if err := tx.ShiftSource(source, by); err != nil {
			return 0, err
		}
	}
	return len(list), s.evaluateRemoval(tx, b, e)
}

// endDuplicates ends the duplicates of observations that are deleted, except those among them.
func endDuplicates(tx *models.Tx, list []models.Observation) (gate.EndedDuplicates, error) {
	ids, deleted := make([]int64, len(list)), make(map[int64]bool, len(list))
	for i, o := range list {
		ids[i], deleted[o.ID] = o.ID, true
	}
	duplicates, err := tx.DuplicatesOf(tx.Context(), ids)
	if err != nil {
		return gate.EndedDuplicates{}, err
	}
	duplicates = slices.DeleteFunc(duplicates, func(d models.Duplicate) bool { return deleted[d.ID] })
	return gate.EndDuplicates(tx, duplicates, gate.OriginalDeleted, nil)
}

// evaluateRemoval evaluates the gate of a branch some of whose observations are removed.
func (s *Service) evaluateRemoval(tx *models.Tx, b models.Branch, e gate.Evaluation) error {
	g, err := tx.GateOf(b.ProductID, b.Name)
	if err != nil {
		return err
	}
	_, err = s.gates.Evaluate(tx, g, e)
	return err
}

// RemovedBranch is a branch that was removed because it got no reports.
type RemovedBranch struct {
	Product, Branch string
}

// RemoveStaleBranches removes the branches that got no report for a time, except default and
// protected ones. It skips a branch that gets a report in the meantime or has a large import in
// progress. It returns the removed branches, also with an error.
func (s *Service) RemoveStaleBranches(ctx context.Context, kept time.Duration) ([]RemovedBranch, error) {
	actor := authz.Actor{Label: "job forget_branches"}
	var removed []RemovedBranch
	for after := int64(0); ; {
		list, err := s.store.StaleBranches(ctx, s.store.Now().Add(-kept), after, staleAtOnce)
		if err != nil || len(list) == 0 {
			return removed, err
		}
		for _, b := range list {
			after = b.ID
			one, err := s.removeStale(ctx, actor, b, kept)
			switch {
			case err == nil:
				removed = append(removed, one)
			case errors.Is(err, errKept), fault.Is(err, fault.NotFound), fault.Is(err, fault.Conflict):
			default:
				return removed, fmt.Errorf("remove branch %d: %w", b.ID, err)
			}
		}
	}
}

// removeStale removes a branch that got no report for a time. It returns errKept for a branch
// that must stay.
func (s *Service) removeStale(
	ctx context.Context, actor authz.Actor, b models.Branch, kept time.Duration,
) (RemovedBranch, error) {
	row, err := s.store.Product(ctx, models.SystemScope("branches are removed automatically"), b.ProductID)
	if err != nil {
		return RemovedBranch{}, err
	}
	_, err = s.removeBranch(ctx, actor, b, func(now models.BranchRow) error {
		lastSeen := now.LastReportAt
		if lastSeen.IsZero() {
			lastSeen = now.CreatedAt
		}
		if now.Default || now.Protected || !lastSeen.Before(s.store.Now().Add(-kept)) {
			return errKept
		}
		return nil
	})
	return RemovedBranch{Product: row.Name, Branch: b.Name}, err
}
