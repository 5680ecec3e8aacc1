package ingest

import (
	"context"

	"gatecrier/app/event"
	"gatecrier/app/gate"
	"gatecrier/models"
)

// change is what an import makes current in one source.
type change struct {
	incoming   *incoming     // nil for bare counts
	source     models.Source // as it becomes; without an ID if it is new
	before     models.Source // as it was read
	activated  gate.Activated
	diff       *diff                     // nil for bare counts, and once its rows are written
	unsure     []int64                   // IDs of observations whose assessments end
	said       *statements               // that the findings are compared with; nil for bare counts
	duplicates []models.Duplicate        // of a staged import: those of the observations that it resolves
	renewLease func(tx *models.Tx) error // of a staged import: fails if another one has taken over
	result     Result
}

// changeOf compares a report with the source that it replaces.
func (s *Service) changeOf(ctx context.Context, before snapshot, p *incoming, source models.Source) (*change, error) {
	now := s.store.Now()
	f, err := p.follow(source, s.lastReportOf(source), now)
	if err != nil {
		return nil, err
	}
	report := p.report
	report.Partial, report.Late = f.partial, f.late
	report.Findings.said = before.said.at(before.branch.ID, source.Name, f.facts)
	known := s.observationsOf(ctx, source)
	d, err := compare(report, known, now)
	if err != nil {
		return nil, err
	}
	c := &change{incoming: p, source: source, before: source, diff: d, activated: d.activated, unsure: d.unsure}
	c.said = &before.said
	if was, ok := before.source(source.ID); ok {
		c.before = was // one that is taken over has another name
	}
	c.source.Format, c.source.Breakdown = report.Format, d.counts
	c.source.Facts, c.source.MadeAt = f.facts.Encode(), f.made
	c.result = Result{
		File: p.label, Format: report.Format, Scanner: source.Scanner, Source: source.Name, Tally: d.tally,
		Warnings: append(f.warnings, report.Warnings...),
	}
	c.result.Warnings = append(c.result.Warnings, twice(source, before.sources, p.tools())...)
	unrelated, err := p.unrelated(source, d.tally, known)
	if err == nil && unrelated != "" {
		c.result.Warnings = append(c.result.Warnings, unrelated)
	}
	return c, err
}

// observationsOf returns the observations of a source; none of a new one.
func (s *Service) observationsOf(ctx context.Context, source models.Source) observations {
	return func(fn func(o *models.Observation)) error {
		if source.ID == 0 {
			return nil
		}
		return s.store.EachObservation(ctx, source.ID, fn)
	}
}

// size returns how many rows of observations change.
func (c *change) size() int {
	if c.diff == nil {
		return 0
	}
	return c.diff.size()
}

// isUnchanged reports whether an import writes nothing but the times of its reports.
func isUnchanged(changes []*change) bool {
	for _, c := range changes {
		was, is := c.before, c.source
		if was.ID == 0 || was.Version == 0 || c.size() > 0 || was.Breakdown != is.Breakdown || was.Format != is.Format ||
			was.Name != is.Name || was.Facts != is.Facts {
			return false
		}
	}
	return true
}

// causeOf returns the cause of an import for events.
func causeOf(changes []*change) event.Cause {
	var names []string
	for _, c := range changes {
		names = append(names, nameOf(c.source))
	}
	switch {
	case changes[0].incoming == nil:
		return event.Cause{Kind: event.CauseCounts, Text: "counts from " + changes[0].source.Scanner}
	case len(names) == 1:
		return event.Cause{Kind: event.CauseImport, Text: "a report of " + names[0]}
	}
	return event.Cause{Kind: event.CauseImport, Text: "reports of " + listed(names)}
}
