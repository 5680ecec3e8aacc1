package ingest

import (
	"context"

	"gatecrier/app/vex"
	"gatecrier/models"
)

// statements are what a product's VEX documents say of the findings of a report. The zero value says
// nothing.
type statements struct {
	matcher *vex.Matcher
	place   vex.Place
	version int64 // of the product's statements
}

// of returns what the statements say of a finding.
func (s statements) of(f Finding) models.VEX {
	if s.matcher == nil {
		return models.VEX{}
	}
	return s.matcher.Match(s.place, vex.Thing{Title: f.Title, Component: f.Component, Details: f.Details}, nil)
}

// at returns the statements for the findings of a source of a branch.
func (s statements) at(branchID int64, source string, facts models.SourceFacts) statements {
	s.place = vex.PlaceOf(branchID, source, facts)
	return s
}

// statementsOf reads the statements of a product.
func (s *Service) statementsOf(ctx context.Context, productID int64) (statements, error) {
	state, err := s.store.VEXState(ctx, productID)
	if err != nil || state.Version == 0 {
		return statements{}, err
	}
	rows, err := s.store.VEXStatements(ctx, productID)
	if err != nil {
		return statements{}, err
	}
	product, err := s.store.Product(ctx, models.SystemScope("the right to import was checked"), productID)
	if err != nil {
		return statements{}, err
	}
	matcher, err := vex.NewMatcher(product.Name, rows)
	return statements{matcher: matcher, version: state.Version}, err
}

// requireCurrent returns errSourceChanged if the statements of a product are others than those that
// an import has been compared with.
func (s statements) requireCurrent(tx *models.Tx, productID int64) error {
	state, err := tx.VEXState(tx.Context(), productID)
	if err == nil && state.Version != s.version {
		return errSourceChanged
	}
	return err
}
