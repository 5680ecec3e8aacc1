package product

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gatecrier/app/audit"
	"gatecrier/app/authz"
	"gatecrier/app/event"
	"gatecrier/app/fault"
	"gatecrier/app/gate"
	"gatecrier/models"
)

const (
	removeAtOnce = 500 // observations in one transaction: others wait for no longer
	staleAtOnce  = 100 // branches in one look
)

// errKept is that a branch is not to be removed any more.
var errKept = errors.New("the branch is kept")

// removeBranch removes a branch, in parts where it is large. may looks at it in
// each transaction, and ends that by an error. It returns how many observations
// went. Between the parts the branch is whole, with fewer of them.
func (s *Service) removeBranch(
	ctx context.Context, actor authz.Actor, b models.Branch, may func(models.BranchRow) error,
) (gone int64, err error) {
	for done := false; !done; {
		var n int
		err := s.store.Write(ctx, func(tx *models.Tx) (err error) {
			n, done, err = s.removePart(tx, actor, b, may)
			return err
		})
		if err != nil {
			return gone, err
		}
		gone += int64(n)
	}
	return gone, nil
}

func (s *Service) removePart(
	tx *models.Tx, actor authz.Actor, b models.Branch, may func(models.BranchRow) error,
) (n int, done bool, err error) {
	if err := tx.LockProduct(b.ProductID); err != nil {
		return 0, false, err
	}
	now, err := tx.Branch(tx.Context(), models.SystemScope("the right to remove was checked"), b.ID)
	if err != nil {
		return 0, false, err
	}
	if err := may(now); err != nil {
		return 0, false, err
	}
	sources, err := tx.SourcesOf(tx.Context(), b.ID)
	if err != nil {
		return 0, false, err
	}
	for _, source := range sources {
		if source.Unsettled {
			return 0, false, fault.New(fault.Conflict, "A large import into this branch is at work: try again when that is done")
		}
	}
	list, err := tx.AnyObservations(tx.Context(), b.ID, removeAtOnce)
	if err != nil {
		return 0, false, err
	}
	if len(list) == removeAtOnce {
		return len(list), false, s.removeSome(tx, actor, now.Branch, list)
	}
	if err := tx.DeleteBranch(b.ID); err != nil {
		return 0, false, err
	}
	return len(
			list,
		), true, audit.Write(tx, actor, audit.Entry{
			Action:    audit.Delete,
			Kind:      audit.Branch,
			Name:      now.Name,
			ProductID: b.ProductID,
			Was:       branchValues(now.Branch),
		})
}

// removeSome removes some observations of a branch. What it counts follows, so
// that nothing is out of step if the rest of it has to wait.
func (s *Service) removeSome(tx *models.Tx, actor authz.Actor, b models.Branch, list []models.Observation) error {
	ids, total := make([]int64, len(list)), b.Counts
	shifts := map[int64]models.Counts{}
	for i, o := range list {
		ids[i] = o.ID
		by := shifts[o.SourceID]
		if o.Status.Active() {
			by.Add(o.Severity, -1)
			total.Add(o.Severity, -1)
		}
		shifts[o.SourceID] = by
	}
	if err := tx.DeleteObservations(ids); err != nil {
		return err
	}
	for source, by := range shifts {
		if err := tx.ShiftSource(source, by); err != nil {
			return err
		}
	}
	g, err := tx.GateOf(b.ProductID, b.Name)
	if err != nil {
		return err
	}
	_, err = s.gates.Evaluate(tx, g, gate.Change{
		Counts: total,
		Actor:  actor.Label,
		Cause:  event.Cause{Kind: event.CauseUser, Text: "the removal of the branch"},
	})
	return err
}

// RemovedBranches is a branch that was removed since no reports come of it.
type RemovedBranches struct {
	Product, Branch string
}

// RemoveStaleBranches removes the branches that got no report for a time, neither
// default ones nor protected ones. One that gets a report meanwhile, or at which
// a large import is at work, is left alone. What is removed is told also where
// it returns an error.
func (s *Service) RemoveStaleBranches(ctx context.Context, kept time.Duration) ([]RemovedBranches, error) {
	actor := authz.Actor{Label: "job forget_branches"}
	var gone []RemovedBranches
	for after := int64(0); ; {
		list, err := s.store.StaleBranches(ctx, s.store.Now().Add(-kept), after, staleAtOnce)
		if err != nil || len(list) == 0 {
			return gone, err
		}
		for _, b := range list {
			after = b.ID
			one, err := s.forget(ctx, actor, b, kept)
			switch {
			case err == nil:
				gone = append(gone, one)
			case errors.Is(err, errKept), fault.Is(err, fault.NotFound), fault.Is(err, fault.Conflict):
			default:
				return gone, fmt.Errorf("remove branch %d: %w", b.ID, err)
			}
		}
	}
}

func (s *Service) forget(
	ctx context.Context, actor authz.Actor, b models.Branch, kept time.Duration,
) (RemovedBranches, error) {
	row, err := s.store.Product(ctx, models.SystemScope("branches go by themselves"), b.ProductID)
	if err != nil {
		return RemovedBranches{}, err
	}
	_, err = s.removeBranch(ctx, actor, b, func(now models.BranchRow) error {
		seen := now.LastReportAt
		if seen.IsZero() {
			seen = now.CreatedAt
		}
		if now.Default || now.Protected || !seen.Before(s.store.Now().Add(-kept)) {
			return errKept
		}
		return nil
	})
	return RemovedBranches{Product: row.Name, Branch: b.Name}, err
}
