package product

import (
	"context"

	"gatecrier/app/authz"
	"gatecrier/models"
)

// maxCompared bounds the observations that BranchDelta compares for a list of branches. Compare
// has no bound.
const maxCompared = 20_000

// Comparison compares a branch with the default branch of its product.
type Comparison struct {
	models.Comparison
	Gone            models.Counts // observations that the branch no longer has
	Branch, Default models.BranchRow
	Rows            []models.Added
}

// Compare compares a branch with the default branch, and lists the observations that it adds. It
// sets the pair of the filter itself.
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

// BranchDelta returns the counts that branches add to the default branch, by branch. It leaves
// out branches beyond maxCompared observations. The actor must be able to see the branches.
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
