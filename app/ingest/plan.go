package ingest

import (
	"sort"
	"time"

	"gatecrier/app/event"
	"gatecrier/models"
)

// Tally is what an import did, by observation.
type Tally struct {
	New      int
	Updated  int // seen again, changed or not
	Reopened int // resolved by an earlier import, and back
	Resolved int // no longer in the report
}

// plan is the difference between a report and what its source said before.
type plan struct {
	insert  []models.Observation
	update  []models.Observation
	resolve []int64
	counts  models.Counts   // the active observations of the source, after it
	fresh   []event.Finding // what becomes active, worst first
	tally   Tally
}

// empty reports whether nothing would be written.
func (p plan) empty() bool { return len(p.insert)+len(p.update)+len(p.resolve) == 0 }

// compare plans an import. It touches nothing.
func compare(report Report, known map[string]models.Known, now time.Time) plan {
	var p plan
	for f := range report.Findings.All() {
		if f.Status.Active() {
			p.counts.Add(f.Severity, 1)
		}
		if k, ok := known[f.Identity]; ok {
			p.again(f, k, now)
		} else {
			p.first(f, now)
		}
	}
	for id, k := range known {
		if !report.Findings.Has(id) && k.Status != models.StatusResolved {
			p.resolve = append(p.resolve, k.ID)
		}
	}
	p.tally.Resolved = len(p.resolve)
	p.order()
	return p
}

func (p *plan) first(f Finding, now time.Time) {
	p.tally.New++
	o := f.observation(now)
	o.FirstSeenAt = now
	p.insert = append(p.insert, o)
	p.freshen(f)
}

func (p *plan) again(f Finding, k models.Known, now time.Time) {
	o := f.observation(now)
	o.ID = k.ID
	wasActive := k.Status.Active()
	if k.Status == models.StatusResolved {
		p.tally.Reopened++
	} else {
		p.tally.Updated++
	}
	if k.Status == o.Status && k.ReportStatus == o.ReportStatus && k.Severity == o.Severity && k.Digest == o.Texts() {
		return
	}
	p.update = append(p.update, o)
	if !wasActive || f.Severity < k.Severity {
		p.freshen(f)
	}
}

func (p *plan) freshen(f Finding) {
	if f.Status.Active() {
		p.fresh = append(p.fresh, event.Finding{Title: f.Title, Severity: f.Severity, Component: f.Component})
	}
}

// order makes what a map left in any order the same each time: worst first.
func (p *plan) order() {
	sort.Slice(p.insert, func(i, j int) bool {
		a, b := p.insert[i], p.insert[j]
		return a.Severity < b.Severity || a.Severity == b.Severity && a.Title+a.Component < b.Title+b.Component
	})
	sort.Slice(p.fresh, func(i, j int) bool {
		a, b := p.fresh[i], p.fresh[j]
		return a.Severity < b.Severity || a.Severity == b.Severity && a.Title+a.Component < b.Title+b.Component
	})
}

func (f Finding) observation(now time.Time) models.Observation {
	return models.Observation{
		Identity: []byte(f.Identity), Title: f.Title, Description: f.Description, Component: f.Component,
		Location: f.Location, Fix: f.Fix, URL: f.URL, Severity: f.Severity,
		ReportStatus: f.Status, Status: f.Status, ChangedAt: now,
	}
}
