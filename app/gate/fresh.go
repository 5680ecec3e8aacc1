package gate

import (
	"cmp"
	"slices"
	"strings"

	"gatecrier/app/event"
	"gatecrier/models"
)

// NewlyActive is what a cause has made active. It keeps how many of each severity,
// and by name only as many as an event tells. The zero value is empty.
type NewlyActive struct {
	counts models.Counts
	worst  map[models.Severity][]event.Finding // in order, each title once
}

// Add notes a finding.
func (f *NewlyActive) Add(e event.Finding) {
	f.counts.Add(e.Severity, 1)
	if f.worst == nil {
		f.worst = map[models.Severity][]event.Finding{}
	}
	f.worst[e.Severity] = among(f.worst[e.Severity], e)
}

// among puts a finding into a list of few, ordered by title and then by
// component. One that is in several components is kept once.
func among(list []event.Finding, e event.Finding) []event.Finding {
	at, there := slices.BinarySearchFunc(list, e, func(a, b event.Finding) int { return strings.Compare(a.Title, b.Title) })
	switch {
	case there:
		list[at].Component = min(list[at].Component, e.Component)
		return list
	case at >= maxTipped:
		return list
	}
	list = slices.Insert(list, at, e)
	return list[:min(len(list), maxTipped)]
}

// failing are those of some severities, worst first.
func (f NewlyActive) failing(over []models.Severity) event.Tipped {
	t := event.Tipped{Items: []event.Finding{}}
	for _, severity := range slices.SortedFunc(slices.Values(over), cmp.Compare[models.Severity]) {
		t.New += int(f.counts.Of(severity))
		for _, e := range f.worst[severity] {
			t.Items = name(t.Items, e)
		}
	}
	return t
}
