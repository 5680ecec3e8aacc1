package ingest

import (
	"context"

	"gatecrier/app/authz"
	"gatecrier/app/event"
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
	return untilCurrent(func() (Result, error) { return s.importCounts(ctx, actor, dest, counts) })
}

func (s *Service) importCounts(
	ctx context.Context, actor authz.Actor, dest Destination, counts models.Counts,
) (Result, error) {
	before, err := s.loadSnapshot(ctx, dest)
	if err != nil {
		return Result{}, err
	}
	if err := s.finishStaged(ctx, before); err != nil {
		return Result{}, err
	}
	if before.hasSource && before.source.Version > 0 && before.source.Format != formatCounts {
		return Result{}, fault.BadField(
			"scanner",
			"Reports of this scanner are imported already: bare counts need a scanner name of their own",
		)
	}
	result, active := Result{Format: formatCounts}, models.Breakdown{Counts: counts}
	if before.isCurrent(formatCounts) && before.source.Breakdown == active && !before.renames(dest) {
		dest.Once = nil // only an answer to a report is stored
		return s.unchanged(ctx, dest, before, result)
	}
	cause := event.Cause{Kind: event.CauseCounts, Text: "counts from " + dest.Scanner}
	return s.write(ctx, actor, dest, before, change{format: formatCounts, counts: active, cause: cause}, result)
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
