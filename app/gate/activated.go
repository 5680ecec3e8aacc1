package gate

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"gatecrier/app/event"
	"gatecrier/models"
)

// Activated are the findings that a cause has made active. It counts all of them by
// severity, and keeps only as many as an event names. The zero value is empty.
type Activated struct {
	counts   models.Counts                       // of new findings
	reopened models.Counts                       // of known findings that are active again or more severe
	named    map[models.Severity][]event.Finding // by title, each title once, at most maxFailing
}

// AddNew adds a finding that was seen for the first time.
func (f *Activated) AddNew(e event.Finding) {
	f.counts.Add(e.Severity, 1)
	f.keep(e)
}

// AddReopened adds a known finding that is active again or more severe.
func (f *Activated) AddReopened(e event.Finding) {
	f.reopened.Add(e.Severity, 1)
	f.keep(e)
}

// clone returns a copy that shares nothing with f.
func (f Activated) clone() Activated {
	f.named = maps.Clone(f.named)
	for severity, list := range f.named {
		f.named[severity] = slices.Clone(list)
	}
	return f
}

func (f *Activated) keep(e event.Finding) {
	if f.named == nil {
		f.named = map[models.Severity][]event.Finding{}
	}
	f.named[e.Severity] = insertByTitle(f.named[e.Severity], e)
}

// insertByTitle inserts a finding into a list that is ordered by title and holds at most
// maxFailing. Of a finding in several components it keeps the first component by name.
func insertByTitle(list []event.Finding, e event.Finding) []event.Finding {
	byTitle := func(a, b event.Finding) int { return strings.Compare(a.Title, b.Title) }
	at, found := slices.BinarySearchFunc(list, e, byTitle)
	switch {
	case found:
		list[at].Component = min(list[at].Component, e.Component)
		return list
	case at >= maxFailing:
		return list
	}
	list = slices.Insert(list, at, e)
	return list[:min(len(list), maxFailing)]
}

// failing returns the findings of some severities, the worst severity first.
func (f Activated) failing(over []models.Severity) event.Failing {
	t := event.Failing{Items: []event.Finding{}}
	for _, severity := range slices.SortedFunc(slices.Values(over), cmp.Compare[models.Severity]) {
		t.New += int(f.counts.Of(severity))
		t.Reopened += int(f.reopened.Of(severity))
		for _, e := range f.named[severity] {
			t.Items = appendTitle(t.Items, e)
		}
	}
	return t
}
