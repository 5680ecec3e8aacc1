package ingest

import (
	"context"

	"gatecrier/app/authz"
	"gatecrier/app/fault"
	"gatecrier/models"
)

const (
	// formatCounts is the format of a source of bare counts.
	formatCounts = models.FormatCounts
	// maxCount keeps sums of counts far from overflow.
	maxCount = 1_000_000_000
)

// Counts imports bare counts of a scanner whose reports Gatecrier does not read. They
// replace that scanner's previous counts.
func (s *Service) Counts(
	ctx context.Context, actor authz.Actor, dest Destination, counts models.Counts,
) (Result, error) {
	if err := s.authorize(ctx, actor, &dest); err != nil {
		return Result{}, err
	}
	if err := checkCounts(dest, counts); err != nil {
		return Result{}, err
	}
	if err := s.expireWaivers(ctx, dest.ProductID); err != nil {
		return Result{}, err
	}
	dest.Once = nil // only an answer to a report is stored
	results, err := untilCurrent(func() ([]Result, error) { return s.importCounts(ctx, actor, dest, counts) })
	if err != nil {
		return Result{}, err
	}
	return results[0], nil
}

func (s *Service) importCounts(
	ctx context.Context, actor authz.Actor, dest Destination, counts models.Counts,
) ([]Result, error) {
	before, err := s.loadSnapshot(ctx, dest)
	if err != nil {
		return nil, err
	}
	c := &change{source: models.Source{Scanner: dest.Scanner, Name: dest.Source}}
	for _, source := range before.sources {
		if source.Scanner != dest.Scanner {
			continue
		}
		if source.Name == dest.Source {
			c.source = source
		}
		if dest.Source == "" && source.Format != formatCounts && source.Facts.Decode().Unnamed {
			return nil, errHasReports() // both would count
		}
	}
	if err := s.finishStaged(ctx, c.source); err != nil {
		return nil, err
	}
	if c.source.Version > 0 && c.source.Format != formatCounts {
		return nil, errHasReports()
	}
	c.before = c.source
	c.source.Format, c.source.Breakdown = formatCounts, models.Breakdown{Counts: counts}
	c.result = Result{Format: formatCounts, Scanner: c.source.Scanner, Source: c.source.Name}
	changes := []*change{c}
	if before.branch.Evaluated && !before.renames(dest) && isUnchanged(changes) {
		return s.unchanged(ctx, dest, before, changes)
	}
	return s.write(ctx, actor, dest, before, changes)
}

func errHasReports() error {
	return fault.BadField(
		"scanner",
		"Reports of this scanner are imported already: bare counts need a scanner name of their own",
	)
}

func checkCounts(dest Destination, counts models.Counts) error {
	var fieldErrs fault.Fields
	if dest.Scanner == "" {
		fieldErrs.Add("scanner", "Name the scanner that the counts come from")
	}
	for _, sev := range models.Severities() {
		if n := counts.Of(sev); n < 0 || n > maxCount {
			fieldErrs.Add("counts."+sev.String(), "From 0 to 1,000,000,000")
		}
	}
	return fieldErrs.Err()
}
