package ingest

import (
	"cmp"
	"slices"

	"gatecrier/models"
)

// find returns the source that the report replaces, among those of its branch; without an ID if
// the report is the first of its source. Scanner and name are as they are after the import.
//
// A source is scanner and source name. The runs of a SARIF file are a bundle, in any order: a
// file is the next of a bundle if it shares a tool with it that never came alone. A source from
// before reports named their subject is taken over by the first report that does.
func (p *incoming) find(sources []models.Source) models.Source {
	name, tools, scanner := p.sourceName(), p.tools(), p.scannerName()
	sources = slices.SortedFunc(slices.Values(sources), func(a, b models.Source) int { return cmp.Compare(a.ID, b.ID) })
	alone := aloneTools(sources, name)
	best, rank := models.Source{Scanner: scanner, Name: name}, 0
	for _, s := range sources {
		if s.Name == name && s.Reports() {
			if n := rankOf(s, scanner, tools, alone); n > rank {
				best, rank = s, n
			}
		}
	}
	if rank > 0 || !p.unnamed() || name == "" {
		return best
	}
	for _, candidate := range append([]string{scanner}, tools...) {
		for _, s := range sources {
			if s.Name == "" && isFromBefore(s) && s.Scanner == candidate && (candidate == scanner || s.Format == formatSARIF) {
				s.Name = name
				return s
			}
		}
	}
	return best
}

// formatSARIF is the format of files with several tools.
const formatSARIF = "sarif"

// isFromBefore reports whether a source has had no report since sources remember facts of them.
func isFromBefore(s models.Source) bool { return s.Facts == "" && s.Reports() }

// The ranks of a source, as the one that a report replaces. Of several, the one with most of the
// report's tools is the one.
const (
	rankOwn    = 1 << 10 // its scanner is one of several tools
	rankBundle = 1 << 20 // it has a tool that never came alone
	rankExact  = 1 << 30 // its scanner is that of a report with one tool
)

// rankOf returns how well a source of the right name fits a report, 0 for not at all.
func rankOf(s models.Source, scanner string, tools []string, alone map[string]bool) int {
	known := s.Facts.Decode().Tools
	shared, bundle := 0, false
	for _, tool := range tools {
		if slices.Contains(known, tool) {
			shared++
			bundle = bundle || !alone[tool]
		}
	}
	own := s.Scanner == scanner ||
		slices.Contains(tools, s.Scanner) && (len(known) > 0 || isFromBefore(s) && s.Format == formatSARIF)
	switch {
	case len(tools) <= 1 && s.Scanner == scanner:
		return rankExact
	case bundle:
		return rankBundle + shared
	case len(tools) > 1 && own:
		return rankOwn + shared
	}
	return 0
}

// aloneTools returns the tools that came alone to a source of a name.
func aloneTools(sources []models.Source, name string) map[string]bool {
	alone := map[string]bool{}
	for _, s := range sources {
		if s.Name == name {
			for _, tool := range s.Facts.Decode().Alone {
				alone[tool] = true
			}
		}
	}
	return alone
}
