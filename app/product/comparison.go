package product

import (
	"context"

	"gatecrier/app/authz"
	"gatecrier/models"
)

// maxCompared is how many observations are compared for a list of branches. Of
// more it does not say what they add; the comparison of one branch does.
const maxCompared = 20_000

// Comparison is a branch beside the default branch of its product.
type Comparison struct {
	models.Comparison
	Gone            models.Counts // what the branch does not have any more
	Branch, Default models.BranchRow
	Rows            []models.Added
}

// Compare tells what a branch adds to the default branch, and lists that. The
// filter's pair is set here.
func (s *Service) Compare(
	ctx context.Context, actor authz.Actor, id int64, f models.CompareFilter,
) (Comparison, error) {
	var c Comparison
	var err error
	if c.Branch, err = s.Branch(ctx, actor, id); err != nil {
		return c, err
	}
	def, err := s.store.BranchByName(ctx, actor.Scope(), c.Branch.ProductID, "")
	if err != nil {
		return c, err
	}
	if c.Default, err = s.Branch(ctx, actor, def.ID); err != nil {
		return c, err
	}
	f.BranchPair = models.BranchPair{BranchID: id, OtherID: def.ID}
	all, err := s.store.Compare(ctx, []int64{id}, def.ID)
	if err != nil {
		return c, err
	}
	c.Comparison = all[id]
	if c.Gone, err = s.store.ResolvedOnBranch(ctx, f.BranchPair); err != nil {
		return c, err
	}
	c.Rows, err = s.store.AddedObservations(ctx, f)
	return c, err
}

// BranchDelta tells of some branches of a product, that were read in scope, what each
// adds to the default one: as many of them as are compared quickly.
func (s *Service) BranchDelta(
	ctx context.Context, def models.Branch, list []models.BranchRow,
) (map[int64]models.Counts, error) {
	var ids []int64
	left := int64(maxCompared)
	for _, b := range list {
		if n := b.Counts.Total(); !b.Default && n <= left {
			ids, left = append(ids, b.ID), left-n
		}
	}
	found, err := s.store.Compare(ctx, ids, def.ID)
	adds := make(map[int64]models.Counts, len(ids))
	for _, id := range ids {
		adds[id] = found[id].Added
	}
	return adds, err
}
