package ingest

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"gatecrier/app/event"
	"gatecrier/app/gate"
	"gatecrier/models"
)

// Tally is what an import did, by observation.
type Tally struct {
	New      int
	Updated  int // seen again, changed or not
	Reopened int // resolved by an earlier import, and back
	Resolved int // no longer in the report
}

// plan is the difference between a report and what its source said before. A
// large report has a million findings, so it names them by their numbers.
type plan struct {
	findings  *Findings
	now       time.Time
	insert    []int32              // new findings, worst first
	assessed  map[int64]assessment // of those that are updated, where people say something
	update    []renewal
	resolve   []int64        // ids of observations
	counts    models.Counts  // the active observations of the source, after it
	activated gate.Activated // what becomes active
	tally     Tally
}

// renewal is a finding that is known, but not as it is now.
type renewal struct {
	id      int64 // of the observation
	finding int32
}

// assessment is what people say of an observation.
type assessment struct {
	models.Assessed
	severity models.Severity // what counts: theirs, or the report's
}

// each calls a function with each observation of a source.
type each func(fn func(o *models.Observation)) error

// compare plans an import. It touches nothing.
func compare(report Report, known each, now time.Time) (*plan, error) {
	p := &plan{findings: report.Findings, now: now}
	seen := make([]bool, report.Findings.Len())
	err := known(func(o *models.Observation) {
		i, there := p.findings.number(o.Identity)
		if there {
			seen[i] = true
			p.again(i, o)
		} else if o.InReport() {
			p.resolve = append(p.resolve, o.ID)
		}
	})
	for i, known := range seen {
		if known {
			continue
		}
		f := p.findings.at(i)
		p.insert = append(p.insert, int32(i))
		if f.Status.Active() {
			p.counts.Add(f.Severity, 1)
			p.activated.AddNew(eventFinding(f, f.Severity))
		}
	}
	p.tally.New, p.tally.Resolved = len(p.insert), len(p.resolve)
	p.order()
	return p, err
}

// size is how many rows would be written.
func (p *plan) size() int { return len(p.insert) + len(p.update) + len(p.resolve) }

// rows is how many rows a large import writes on its way: what changes is
// written twice.
func (p *plan) rows() int { return p.size() + len(p.update) + len(p.resolve) }

// again compares a finding with what is known of it.
func (p *plan) again(i int, was *models.Observation) {
	if was.InReport() {
		p.tally.Updated++
	} else {
		p.tally.Reopened++
	}
	f, now := p.findings.at(i), *was
	now.Renew(f.Status, f.Severity)
	if now.Status.Active() {
		p.counts.Add(now.Severity, 1)
	}
	if f.says(was) {
		return
	}
	p.update = append(p.update, renewal{was.ID, int32(i)}) //nolint:gosec // there are fewer
	if was.Assessed.Any() {
		if p.assessed == nil {
			p.assessed = map[int64]assessment{}
		}
		p.assessed[was.ID] = assessment{was.Assessed, was.Severity}
	}
	if now.Status.Active() && (!was.Status.Active() || now.Severity < was.Severity) {
		p.activated.AddReopened(eventFinding(f, now.Severity))
	}
}

// eventFinding returns a finding as events name it, with the severity that counts.
func eventFinding(f Finding, severity models.Severity) event.Finding {
	return event.Finding{Title: f.Title, Severity: severity, Component: f.Component}
}

// order has the worst first, as lists of observations show them.
func (p *plan) order() {
	slices.SortFunc(p.insert, func(i, j int32) int {
		a, b := p.findings.at(int(i)), p.findings.at(int(j))
		return cmp.Or(
			cmp.Compare(a.Severity, b.Severity),
			strings.Compare(a.Title, b.Title),
			strings.Compare(a.Component, b.Component),
			cmp.Compare(i, j),
		)
	})
}

// inserted are the rows of some new findings.
func (p *plan) inserted(some []int32) []models.Observation {
	rows := make([]models.Observation, len(some))
	for n, i := range some {
		rows[n] = p.findings.at(int(i)).observation(p.now)
		rows[n].FirstSeenAt = p.now
	}
	return rows
}

// updated are the rows of some findings that are known.
func (p *plan) updated(some []renewal) []models.Observation {
	rows := make([]models.Observation, len(some))
	for n, r := range some {
		f := p.findings.at(int(r.finding))
		rows[n] = f.observation(p.now)
		rows[n].ID = r.id
		if said, ok := p.assessed[r.id]; ok {
			rows[n].Assessed, rows[n].Severity = said.Assessed, said.severity
			rows[n].Renew(f.Status, f.Severity)
		}
	}
	return rows
}

// says reports whether a finding is what an observation is already.
func (f Finding) says(o *models.Observation) bool {
	if !o.InReport() || o.ReportStatus != f.Status || o.ReportSeverity() != f.Severity {
		return false
	}
	return o.Title == f.Title && o.Description == f.Description && o.Component == f.Component &&
		o.Location == f.Location && o.Fix == f.Fix && o.URL == f.URL
}

func (f Finding) observation(now time.Time) models.Observation {
	return models.Observation{
		Identity: []byte(f.Identity), Title: f.Title, Description: f.Description, Component: f.Component,
		Location: f.Location, Fix: f.Fix, URL: f.URL, Severity: f.Severity,
		ReportStatus: f.Status, Status: f.Status, ChangedAt: now,
	}
}
