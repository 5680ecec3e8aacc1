package ingest

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
	"time"

	"gatecrier/app/event"
	"gatecrier/app/gate"
	"gatecrier/models"
)

// Tally counts the observations of an import.
type Tally struct {
	New      int
	Updated  int // seen again, changed or not
	Reopened int // resolved by an earlier import, and back
	Resolved int // no longer in the report
}

// diff is the difference between a report and the observations of its source. A large
// report has a million findings, so a diff refers to them by number.
type diff struct {
	findings  *Findings
	now       time.Time
	late      bool                 // what the last report contains stays as it is
	insert    []int32              // new findings, worst first
	assessed  map[int64]assessment // of the updated observations that have one, by ID
	update    []update
	resolve   []int64          // IDs of observations
	unsure    []int64          // IDs of moved observations whose assessments end: another finding fits as well
	counts    models.Breakdown // of the active observations after the import
	activated gate.Activated   // the findings that become active
	tally     Tally
}

// update is a known finding that has changed.
type update struct {
	id      int64 // of the observation
	finding int32
	moved   bool // it has another identity
}

// assessment is the users' assessment of an observation.
type assessment struct {
	models.Assessed
	severity models.Severity // the assessed severity, else the report's
}

// observations calls fn with each observation of a source.
type observations func(fn func(o *models.Observation)) error

// compare returns the difference between a report and the known observations. It writes nothing;
// its only read is known. It pairs them by identity first; then pairs what is left over on both
// sides by match key. What a partial report does not contain stays as it is, and counts on. A late
// report changes none of the known observations that the last one contains.
func compare(report Report, known observations, now time.Time) (*diff, error) {
	d := &diff{findings: report.Findings, now: now, late: report.Late}
	seen := make([]bool, report.Findings.Len())
	var missing leftovers
	err := known(func(o *models.Observation) {
		i, found := d.findings.number(o.Identity)
		switch {
		case found:
			seen[i] = true
			d.matchKnown(update{id: o.ID, finding: int32(i)}, o) //nolint:gosec // a report has fewer findings
		case o.InReport() || len(o.MatchKey) == 0:
			missing.add(o)
		}
	})
	if err != nil {
		return nil, err
	}
	d.findings.dropIndex()
	d.pairMoved(&missing, seen)
	for _, o := range missing.list {
		switch {
		case o.paired || o.resolved:
		case !report.Partial:
			d.resolve = append(d.resolve, o.id)
		case allStatuses[o.status].Active():
			d.counts.Add(models.Severity(o.severity), o.flags(), 1)
		}
	}
	d.insert = make([]int32, 0, countOf(seen, false))
	for i, known := range seen {
		if known {
			continue
		}
		f := d.findings.at(i)
		d.insert = append(d.insert, int32(i))
		if cmp.Or(d.findings.said.of(f).Status, f.Status).Active() {
			d.counts.Add(f.Severity, f.flags(), 1)
			d.activated.AddNew(eventFinding(f, f.Severity))
		}
	}
	d.tally.New, d.tally.Resolved = len(d.insert), len(d.resolve)
	d.sortBySeverity()
	return d, nil
}

// countOf returns how many values of a list equal one.
func countOf[T comparable](list []T, value T) (n int) {
	for _, v := range list {
		if v == value {
			n++
		}
	}
	return n
}

// size returns how many rows change.
func (d *diff) size() int { return len(d.insert) + len(d.update) + len(d.resolve) }

// rows returns how many rows a staged import writes: updated and resolved ones twice.
func (d *diff) rows() int { return d.size() + len(d.update) + len(d.resolve) }

// matchKnown compares a finding with its known observation.
func (d *diff) matchKnown(u update, was *models.Observation) {
	if was.InReport() {
		d.tally.Updated++
	} else {
		d.tally.Reopened++
	}
	if d.late && was.InReport() {
		if was.Status.Active() {
			d.counts.Add(was.Severity, was.Flags(), 1)
		}
		return
	}
	f, now := d.findings.at(int(u.finding)), *was
	now.VEX = d.findings.said.of(f)
	now.Renew(f.Status, f.Severity)
	if now.Status.Active() {
		d.counts.Add(now.Severity, f.flags(), 1)
	}
	if !u.moved && f.equal(was) && now.VEX.Same(was.VEX) {
		return
	}
	d.update = append(d.update, u)
	if was.Assessed.Any() {
		if d.assessed == nil {
			d.assessed = map[int64]assessment{}
		}
		d.assessed[was.ID] = assessment{was.Assessed, was.Severity}
	}
	if now.Status.Active() {
		known := eventFinding(f, now.Severity)
		known.ID = was.ID
		d.activated.AddKnown(known, was)
	}
}

// flags returns what a gate can look at beside the severity.
func (f Finding) flags() models.Flags { return models.Flags{KEV: f.KEV, Unfixed: f.Unfixed} }

// eventFinding returns a finding as events name it, with the severity that counts.
func eventFinding(f Finding, severity models.Severity) event.Finding {
	return event.Finding{
		Title: f.Title, Severity: severity, Component: f.Component, Fix: f.Fix, URL: f.URL, KEV: f.KEV, Unfixed: f.Unfixed,
		Identity: f.Identity,
	}
}

// sortBySeverity sorts the new findings like the lists of observations: worst first. Findings of one
// title and component stay in the report's order if they are few. Many are sorted by identity: written in
// the order of the index of identities, they dirty each of its pages once.
func (d *diff) sortBySeverity() {
	texts, many := d.findings.texts, len(d.insert) > stageFrom
	slices.SortFunc(d.insert, func(i, j int32) int {
		a, b := d.findings.list.at(int(i)), d.findings.list.at(int(j))
		order := cmp.Compare(a.state.severity(), b.state.severity())
		if order == 0 && a.title != b.title {
			order = strings.Compare(texts.get(a.title), texts.get(b.title))
		}
		if order == 0 && a.component != b.component {
			order = strings.Compare(texts.get(a.component), texts.get(b.component))
		}
		if order == 0 && many {
			order = bytes.Compare(a.identity[:], b.identity[:])
		}
		return cmp.Or(order, cmp.Compare(i, j))
	})
}

// inserted returns the rows of some new findings.
func (d *diff) inserted(some []int32) []models.Observation {
	rows := make([]models.Observation, len(some))
	for n, i := range some {
		rows[n] = d.row(d.findings.at(int(i)))
		rows[n].FirstSeenAt = d.now
	}
	return rows
}

// updated returns the rows of some known findings, with their assessments.
func (d *diff) updated(some []update) []models.Observation {
	rows := make([]models.Observation, len(some))
	for n, r := range some {
		f := d.findings.at(int(r.finding))
		rows[n] = d.row(f)
		if rows[n].ID = r.id; !r.moved {
			rows[n].Identity = nil // unchanged
		}
		if said, ok := d.assessed[r.id]; ok {
			rows[n].Assessed, rows[n].Severity = said.Assessed, said.severity
			rows[n].Renew(f.Status, f.Severity)
		}
	}
	return rows
}

// row returns the row of a finding that no user has assessed.
func (d *diff) row(f Finding) models.Observation {
	o := f.observation(d.now)
	o.VEX = d.findings.said.of(f)
	o.Renew(f.Status, f.Severity)
	return o
}

// equal reports whether an observation has the values of a finding already.
func (f Finding) equal(o *models.Observation) bool {
	if !o.InReport() || o.ReportStatus != f.Status || o.ReportSeverity() != f.Severity {
		return false
	}
	return o.Title == f.Title && o.Description == f.Description && o.Component == f.Component &&
		o.Location == f.Location && o.Fix == f.Fix && o.URL == f.URL && o.Details == f.Details && o.KEV == f.KEV &&
		o.Unfixed == f.Unfixed && string(o.MatchKey) == string(f.Match.stored())
}

func (f Finding) observation(now time.Time) models.Observation {
	return models.Observation{
		Identity: []byte(f.Identity), MatchKey: f.Match.stored(), Title: f.Title, Description: f.Description,
		Component: f.Component, Location: f.Location, Fix: f.Fix, URL: f.URL, Details: f.Details, KEV: f.KEV,
		Unfixed: f.Unfixed, Severity: f.Severity,
		ReportStatus: f.Status, Status: f.Status, ChangedAt: now,
	}
}
