package gate

import (
	"context"

	"gatecrier/app/fault"
	"gatecrier/models"
)

// Failing lists the active observations that put a branch with these counts over its thresholds,
// worst first and at most limit, and counts all of them. Bare counts have no observations: they
// are only in the count. The caller must have checked a right to the product. Of a branch that is
// gone there are none.
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
	over := Decide(s.Policy(group, row.Product), counts).Over
	for _, severity := range over {
		total += counts.Of(severity)
	}
	b, err := store.BranchByName(ctx, scope, productID, branch)
	if err != nil {
		return nil, total, unlessGone(err)
	}
	list, err = store.FailingObservations(ctx, b.ID, over, limit)
	return list, total, err
}

// unlessGone returns nil for the error of a read that found nothing.
func unlessGone(err error) error {
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	return err
}
