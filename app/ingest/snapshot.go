package ingest

import (
	"context"

	"gatecrier/app/fault"
	"gatecrier/models"
)

// snapshot is the state of a destination before an import.
type snapshot struct {
	branch    models.Branch
	hasBranch bool
	sources   []models.Source // of the branch
	productID int64
	said      statements // by changesOf
}

func (s *Service) loadSnapshot(ctx context.Context, dest Destination) (snapshot, error) {
	b := snapshot{productID: dest.ProductID}
	var err error
	scope := models.SystemScope("the right to import was checked")
	b.branch, err = s.store.BranchByName(ctx, scope, dest.ProductID, dest.Branch)
	if fault.Is(err, fault.NotFound) {
		return b, nil
	}
	if err != nil {
		return b, err
	}
	b.hasBranch = true
	b.sources, err = s.store.AllSources(ctx, b.branch.ID)
	return b, err
}

// renames reports whether an import asks for another default branch.
func (b snapshot) renames(dest Destination) bool { return dest.AsDefault && !b.branch.Default }

// source returns the source with an ID; ok is false if it is not one of the branch.
func (b snapshot) source(id int64) (s models.Source, ok bool) {
	for _, s := range b.sources {
		if s.ID == id {
			return s, true
		}
	}
	return models.Source{}, false
}
