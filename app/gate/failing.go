package gate

import (
	"context"

	"gatecrier/app/fault"
	"gatecrier/models"
)

// Failing lists the active observations that put a branch with these counts over its thresholds,
// worst first and at most limit, and counts all of them. Each has the severity as which it counts. A
// policy that does not count all by their severity applies to the present counts of the branch. Bare
// counts have no observations: they are only in the count. The caller must have checked a right to the
// product. Of a branch that is gone there are none.
func (s *Service) Failing(
	ctx context.Context, store *models.Store, productID int64, branch string, counts models.Counts, limit int,
) (list []models.Observation, total int64, err error) {
	scope := models.SystemScope("a right to the product was checked")
	row, err := store.Product(ctx, scope, productID)
	if err != nil {
		return nil, 0, unlessGone(err)
	}
	group, err := store.GroupOf(ctx, row.Product)
	if err != nil {
		return nil, 0, err
	}
	policy, active := s.Policy(group, row.Product), models.Breakdown{Counts: counts}
	b, err := store.BranchByName(ctx, scope, productID, branch)
	gone := fault.Is(err, fault.NotFound)
	if err != nil && !gone {
		return nil, 0, err
	}
	if policy.Counting.Any() && !gone {
		active = b.Breakdown
	}
	v := Decide(policy, active)
	for _, severity := range v.Over {
		total += v.Effective.Of(severity)
	}
	if gone {
		return nil, total, nil
	}
	list, err = store.FailingObservations(ctx, b.ID, v.Over, policy.Counting, limit)
	for i, o := range list {
		list[i].Severity, _ = policy.Counting.CountsAs(o.Severity, o.Flags())
	}
	return list, total, err
}

// unlessGone returns nil for the error of a read that found nothing.
func unlessGone(err error) error {
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	return err
}
