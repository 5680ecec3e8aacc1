package ingest

import (
	"context"
	"io"
	"strings"

	"gatecrier/app/authz"
	"gatecrier/app/event"
	"gatecrier/models"
)

// Upload imports a report. It reads and compares the report before any transaction, and
// compares again if another import of the same destination was faster. decode says how the
// body can be encoded and packed.
func (s *Service) Upload(ctx context.Context, actor authz.Actor, dest Destination, body io.Reader) (Result, error) {
	if err := s.authorize(ctx, actor, &dest); err != nil {
		return Result{}, err
	}
	limit := s.settings().MaxBytes
	r := s.memory.begin(ctx, decode(body, limit), limit)
	defer r.end()
	report, err := parseFor(dest, r)
	if err != nil {
		return Result{}, err
	}
	if dest.Scanner == "" {
		dest.Scanner = clean(report.Tool, maxTitle)
	}
	if dest.Scanner == "" || strings.EqualFold(dest.Scanner, models.ManualScanner) {
		dest.Scanner = report.Format
	}
	return untilCurrent(func() (Result, error) { return s.importReport(ctx, actor, dest, report) })
}

func (s *Service) importReport(
	ctx context.Context, actor authz.Actor, dest Destination, report Report,
) (Result, error) {
	before, err := s.loadSnapshot(ctx, dest)
	if err != nil {
		return Result{}, err
	}
	if err := s.finishStaged(ctx, before); err != nil {
		return Result{}, err
	}
	d, err := compare(report, s.previousObservations(ctx, before), s.store.Now())
	if err != nil {
		return Result{}, err
	}
	result := Result{Format: report.Format, Tally: d.tally, Warnings: report.Warnings}
	if d.size() == 0 && before.isCurrent(report.Format) && !before.renames(dest) {
		return s.unchanged(ctx, dest, before, result)
	}
	cause := event.Cause{Kind: event.CauseImport, Text: reportText(dest)}
	c := change{format: report.Format, counts: d.counts, cause: cause, activated: d.activated, diff: d, unsure: d.unsure}
	put := s.write
	if d.size() > stageFrom {
		put = s.stage
	}
	if result, err = put(ctx, actor, dest, before, c, result); err != nil {
		return Result{}, err
	}
	return s.endOtherDuplicates(ctx, actor, dest, cause, result), nil
}

// previousObservations returns the observations of a snapshot's source.
func (s *Service) previousObservations(ctx context.Context, before snapshot) observations {
	return func(fn func(o *models.Observation)) error {
		if !before.hasSource {
			return nil
		}
		return s.store.EachObservation(ctx, before.source.ID, fn)
	}
}

func reportText(dest Destination) string {
	text := "a report of " + dest.Scanner
	if dest.Source != "" {
		text += " (" + dest.Source + ")"
	}
	return text
}
