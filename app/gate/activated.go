package gate

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"gatecrier/app/event"
	"gatecrier/models"
)

// Activated are the findings that a cause has made active. It counts all of them, and keeps
// only as many as an event names. The zero value is empty.
type Activated struct {
	groups map[activation]*activatedGroup
}

// standing is what a policy looks at in an active observation.
type standing struct {
	severity models.Severity
	flags    models.Flags
}

// activation is how findings count now, and how they counted before unless they were inactive.
// Which policy applies is not known before the gate is evaluated.
type activation struct {
	now, was  standing
	wasActive bool
}

// activatedGroup are the findings of one activation.
type activatedGroup struct {
	added    int             // findings seen for the first time
	reopened int             // known findings that are active again or more severe
	named    []event.Finding // by title, each title once, at most maxFailing
}

// AddNew adds a finding that was seen for the first time.
func (f *Activated) AddNew(e event.Finding) {
	e.Change = event.ChangeNew
	f.group(activation{now: standingOf(e)}).add(e).added++
}

// AddReopened adds a known finding that was not active before.
func (f *Activated) AddReopened(e event.Finding) {
	e.Change = event.ChangeReopened
	f.group(activation{now: standingOf(e)}).add(e).reopened++
}

// Clone returns a copy that shares nothing with f.
func (f Activated) Clone() Activated {
	f.groups = maps.Clone(f.groups)
	for a, g := range f.groups {
		f.groups[a] = &activatedGroup{added: g.added, reopened: g.reopened, named: slices.Clone(g.named)}
	}
	return f
}

// AddKnown adds an active finding that was known before. It leaves out one that no policy counts
// as more severe than before.
func (f *Activated) AddKnown(e event.Finding, was *models.Observation) {
	a := activation{standingOf(e), standing{was.Severity, was.Flags()}, was.Status.Active()}
	switch {
	case !a.wasActive:
		f.AddReopened(e)
	case e.Severity < was.Severity, e.KEV && !was.KEV, !e.Unfixed && was.Unfixed:
		e.Change = event.ChangeReopened
		f.group(a).add(e).reopened++
	}
}

// Merge adds the findings of another cause.
func (f *Activated) Merge(o Activated) {
	for a, g := range o.groups {
		to := f.group(a)
		to.added, to.reopened = to.added+g.added, to.reopened+g.reopened
		for _, e := range g.named {
			to.add(e)
		}
	}
}

func standingOf(e event.Finding) standing {
	return standing{e.Severity, models.Flags{KEV: e.KEV, Unfixed: e.Unfixed}}
}

func (f *Activated) group(a activation) *activatedGroup {
	g := f.groups[a]
	if g == nil {
		if f.groups == nil {
			f.groups = map[activation]*activatedGroup{}
		}
		g = &activatedGroup{}
		f.groups[a] = g
	}
	return g
}

func (g *activatedGroup) add(e event.Finding) *activatedGroup {
	g.named = insertByTitle(g.named, e)
	return g
}

// insertByTitle inserts a finding into a list that is ordered by title and holds at most
// maxFailing. Of a finding in several components it keeps the first component by name.
func insertByTitle(list []event.Finding, e event.Finding) []event.Finding {
	byTitle := func(a, b event.Finding) int { return strings.Compare(a.Title, b.Title) }
	at, found := slices.BinarySearchFunc(list, e, byTitle)
	switch {
	case found:
		old := list[at]
		if cmp.Or(strings.Compare(e.Component, old.Component), strings.Compare(e.Identity, old.Identity)) < 0 {
			list[at] = e
		}
		return list
	case at >= maxFailing:
		return list
	}
	list = slices.Insert(list, at, e)
	return list[:min(len(list), maxFailing)]
}

// countsAs returns the severity as which findings of an activation have come to count. ok is
// false if they do not count, or counted as no less severe before.
func (a activation) countsAs(c models.Counting) (as models.Severity, ok bool) {
	as, ok = c.CountsAs(a.now.severity, a.now.flags)
	if !ok || !a.wasActive {
		return as, ok
	}
	was, counted := c.CountsAs(a.was.severity, a.was.flags)
	return as, !counted || as < was
}

// failing returns the findings that count as some severities, the worst severity first.
func (f Activated) failing(over []models.Severity, c models.Counting) event.Failing {
	t := event.Failing{Items: []event.Finding{}}
	named := map[models.Severity][]event.Finding{}
	for a, g := range f.groups {
		as, ok := a.countsAs(c)
		if !ok || !slices.Contains(over, as) {
			continue
		}
		t.New += g.added
		t.Reopened += g.reopened
		for _, e := range g.named {
			e.Severity = as
			named[as] = insertByTitle(named[as], e)
		}
	}
	for _, severity := range slices.SortedFunc(slices.Values(over), cmp.Compare[models.Severity]) {
		for _, e := range named[severity] {
			t.Items = appendTitle(t.Items, e)
		}
	}
	return t
}
