package gate

import (
	"cmp"
	"slices"
	"strings"

	"gatecrier/app/event"
	"gatecrier/models"
)

// Activated is what a cause has made active. It keeps how many of each severity,
// and by name only as many as an event tells. The zero value is empty.
type Activated struct {
	counts   models.Counts                       // new ones
	reopened models.Counts                       // known ones that are active again or more severe
	worst    map[models.Severity][]event.Finding // in order, each title once
}

// AddNew notes a finding that was seen for the first time.
func (f *Activated) AddNew(e event.Finding) {
	f.counts.Add(e.Severity, 1)
	f.keep(e)
}

// AddReopened notes a known finding that is active again or more severe.
func (f *Activated) AddReopened(e event.Finding) {
	f.reopened.Add(e.Severity, 1)
	f.keep(e)
}

func (f *Activated) keep(e event.Finding) {
	if f.worst == nil {
		f.worst = map[models.Severity][]event.Finding{}
	}
	f.worst[e.Severity] = among(f.worst[e.Severity], e)
}

// among puts a finding into a list of few, ordered by title and then by
// component. One that is in several components is kept once.
func among(list []event.Finding, e event.Finding) []event.Finding {
	at, there := slices.BinarySearchFunc(
		list, e, func(a, b event.Finding) int { return strings.Compare(a.Title, b.Title) },
	)
	switch {
	case there:
		list[at].Component = min(list[at].Component, e.Component)
		return list
	case at >= maxFailing:
		return list
	}
	list = slices.Insert(list, at, e)
	return list[:min(len(list), maxFailing)]
}

// failing are those of some severities, worst first.
func (f Activated) failing(over []models.Severity) event.Failing {
	t := event.Failing{Items: []event.Finding{}}
	for _, severity := range slices.SortedFunc(slices.Values(over), cmp.Compare[models.Severity]) {
		t.New += int(f.counts.Of(severity))
		t.Reopened += int(f.reopened.Of(severity))
		for _, e := range f.worst[severity] {
			t.Items = name(t.Items, e)
		}
	}
	return t
}
