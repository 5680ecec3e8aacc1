package ingest

import (
	"context"

	"gatecrier/app/fault"
	"gatecrier/app/gate"
	"gatecrier/models"
)

// snapshot is the state of a destination before an import.
type snapshot struct {
	branch    models.Branch
	hasBranch bool
	source    models.Source
	hasSource bool
}

func (s *Service) loadSnapshot(ctx context.Context, dest Destination) (snapshot, error) {
	var b snapshot
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
	b.source, b.hasSource, err = s.store.Source(ctx, b.branch.ID, dest.Scanner, dest.Source)
	return b, err
}

// isCurrent reports whether the source has an import of a format, and the branch an
// evaluated gate.
func (b snapshot) isCurrent(format string) bool {
	return b.hasSource && b.source.Version > 0 && b.branch.Evaluated && b.source.Format == format
}

// renames reports whether an import asks for another default branch.
func (b snapshot) renames(dest Destination) bool { return dest.AsDefault && !b.branch.Default }

// unchangedResult returns r with the branch's present counts and gate.
func (b snapshot) unchangedResult(r Result) Result {
	r.Branch, r.Counts = b.branch.Name, b.branch.Counts
	r.Gate = gate.Outcome{Before: b.branch.Gate, After: b.branch.Gate, Why: b.branch.Why}
	return r
}
