package ingest

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatecrier/app/event"
	"gatecrier/app/gate"
	"gatecrier/models"
)

func TestCompare(t *testing.T) {
	now := time.Unix(1, 0)
	finding := func(id string, s models.Severity) Finding {
		return Finding{Identity: wide(id), Title: id, Severity: s, Status: models.StatusOpen}
	}
	same := finding("same", models.High)
	worseNow := finding("worse", models.Low)
	back := finding("back", models.High)
	gone := finding("gone", models.Low)
	old := finding("old", models.Low)
	before := said(
		earlier(1, same, models.StatusOpen),
		earlier(2, worseNow, models.StatusOpen),
		earlier(3, back, models.StatusResolved),
		earlier(4, gone, models.StatusOpen),
		earlier(5, old, models.StatusResolved),
	)
	worseNow.Severity = models.Critical
	report := reportOf(same, finding("new", models.Medium), worseNow, back, finding("newer", models.High))

	d, err := compare(report, before, now)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Tally{New: 2, Updated: 2, Reopened: 1, Resolved: 1}, d.tally); diff != "" {
		t.Errorf("tally (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(models.Breakdown{Counts: models.Counts{Critical: 1, High: 3, Medium: 1}}, d.counts); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]int64{4}, d.resolve); diff != "" {
		t.Errorf("resolved (-want +got):\n%s", diff)
	}
	var rows []string
	for _, o := range append(d.inserted(d.insert), d.updated(d.update)...) {
		rows = append(rows, fmt.Sprint(o.ID, " ", o.Title, " ", o.Severity))
	}
	if diff := cmp.Diff([]string{"0 newer high", "0 new medium", "2 worse critical", "3 back high"}, rows); diff != "" {
		t.Errorf("written, the new ones worst first (-want +got):\n%s", diff)
	}
	want := gate.Activated{}
	wasLow := &models.Observation{Severity: models.Low, Status: models.StatusOpen}
	known := func(id int64, f Finding) event.Finding {
		e := eventFinding(f, f.Severity)
		e.ID = id
		return e
	}
	want.AddKnown(known(2, worseNow), wasLow)
	want.AddReopened(known(3, back))
	for _, f := range []Finding{finding("new", models.Medium), finding("newer", models.High)} {
		want.AddNew(eventFinding(f, f.Severity))
	}
	if diff := cmp.Diff(want, d.activated, allFields); diff != "" {
		t.Errorf("activated (-want +got):\n%s", diff)
	}
}

// A report that is older than the last one adds what is new, and changes nothing else: no severity, no
// status, no place.
func TestCompare_LateReport(t *testing.T) {
	finding := func(id string, s models.Severity, status models.Status) Finding {
		return Finding{Identity: wide(id), Title: id, Severity: s, Status: status, Match: matchKey{stable: part(id)}}
	}
	milder := finding("milder", models.High, models.StatusOpen)
	accepted := finding("accepted", models.High, models.StatusOpen)
	moved := finding("moved", models.High, models.StatusOpen)
	before := said(
		earlier(1, milder, models.StatusOpen), earlier(2, accepted, models.StatusOpen), earlier(3, moved, models.StatusOpen),
	)
	milder.Severity, accepted.Status = models.Low, models.StatusRiskAccepted
	moved.Identity, moved.Location = wide("elsewhere"), "elsewhere"
	report := reportOf(milder, accepted, moved, finding("new", models.Medium, models.StatusOpen))
	report.Partial, report.Late = true, true
	d, err := compare(report, before, time.Unix(1, 0))
	if err != nil {
		t.Fatal(err)
	}
	if d.tally != (Tally{New: 1, Updated: 3}) || len(d.update)+len(d.resolve)+len(d.unsure) > 0 {
		t.Errorf("a late report changes known observations: %+v", d)
	}
	if want := (models.Counts{High: 3, Medium: 1}); d.counts.Counts != want {
		t.Errorf("counts %+v, want %+v", d.counts.Counts, want)
	}
}

// Many new findings of one title are written in the order of their identities, which is that of an index.
func TestCompare_SortsManyByIdentity(t *testing.T) {
	var list []Finding
	for i := range stageFrom {
		id := fmt.Sprint((i * 7) % stageFrom)
		list = append(list, Finding{Identity: wide(id), Title: "rule", Severity: models.Low, Status: models.StatusOpen})
	}
	last := Finding{Identity: wide("!"), Title: "another", Severity: models.Low, Status: models.StatusOpen}
	worst := Finding{Identity: wide("~"), Title: "rule", Severity: models.High, Status: models.StatusOpen}
	d, err := compare(reportOf(append(list, last, worst)...), said(), time.Unix(1, 0))
	if err != nil {
		t.Fatal(err)
	}
	rows := d.inserted(d.insert)
	if rows[0].Severity != models.High || rows[1].Title != "another" {
		t.Errorf("first rows %s %q and %s %q, want the worst and then by title",
			rows[0].Severity, rows[0].Title, rows[1].Severity, rows[1].Title)
	}
	byIdentity := func(a, b models.Observation) int { return bytes.Compare(a.Identity, b.Identity) }
	if !slices.IsSortedFunc(rows[2:], byIdentity) {
		t.Error("the rows of one title are not sorted by identity")
	}
}

// allFields compares unexported fields too, those of other packages as well.
var allFields = cmp.Exporter(func(reflect.Type) bool { return true })

// earlier returns the observation of a finding in an earlier report.
func earlier(n int64, f Finding, status models.Status) models.Observation {
	o := f.observation(time.Time{})
	if o.ID = n; status == models.StatusResolved {
		o.Status, o.ResolvedAt = status, time.Unix(9, 0)
	}
	return o
}

func said(list ...models.Observation) observations {
	return func(fn func(o *models.Observation)) error {
		for _, o := range list {
			fn(&o)
		}
		return nil
	}
}

func TestCompare_FindsEachChange(t *testing.T) {
	f := Finding{
		Identity: wide("a"), Title: "a", Description: "b", Component: "c", Location: "d", Fix: "e", URL: "f",
		Severity: models.High, Status: models.StatusOpen,
	}
	sizeAfter := func(change func(o *models.Observation)) int {
		o := earlier(1, f, models.StatusOpen)
		change(&o)
		d, err := compare(reportOf(f), said(o), time.Unix(1, 0))
		if err != nil {
			t.Fatal(err)
		}
		return d.size()
	}
	if n := sizeAfter(func(*models.Observation) {}); n != 0 {
		t.Errorf("the same report again would write %d rows", n)
	}
	changes := map[string]func(o *models.Observation){
		"title":              func(o *models.Observation) { o.Title = "x" },
		"description":        func(o *models.Observation) { o.Description = "x" },
		"component":          func(o *models.Observation) { o.Component = "x" },
		"location":           func(o *models.Observation) { o.Location = "x" },
		"fix":                func(o *models.Observation) { o.Fix = "" },
		"url":                func(o *models.Observation) { o.URL = "x" },
		"severity":           func(o *models.Observation) { o.Severity = models.Low },
		"status":             func(o *models.Observation) { o.ReportStatus = models.StatusAffected },
		"no longer resolved": func(o *models.Observation) { o.Status, o.ResolvedAt = models.StatusResolved, time.Unix(9, 0) },
		"report's status":    func(o *models.Observation) { o.ReportStatus = models.StatusInReview },
	}
	for name, change := range changes {
		if n := sizeAfter(change); n != 1 {
			t.Errorf("%s: %d rows, want 1", name, n)
		}
	}
}

// An assessment outlives a report with other values: the report's values are stored beside
// the assessed ones, which count.
func TestCompare_KeepsAssessments(t *testing.T) {
	high, low := models.High, models.Low
	f := Finding{Identity: wide("a"), Title: "a", Severity: high, Status: models.StatusOpen}
	assessed := func(change func(o *models.Observation)) models.Observation {
		o := earlier(1, f, models.StatusOpen)
		change(&o)
		return o
	}
	lowered := assessed(func(o *models.Observation) { o.Severity, o.Assessed.ReportSeverity = low, &high })
	waived := assessed(func(o *models.Observation) {
		o.Status, o.Assessed.Status = models.StatusRiskAccepted, models.StatusRiskAccepted
	})
	gone := func(o models.Observation) models.Observation {
		o.Status, o.ResolvedAt = models.StatusResolved, time.Unix(9, 0)
		return o
	}
	affected := assessed(func(o *models.Observation) {
		o.Status, o.Assessed.Status = models.StatusAffected, models.StatusAffected
	})
	for name, test := range map[string]struct {
		was       models.Observation
		change    func(f *Finding)
		want      string // severity, report's, status, report's
		counts    models.Counts
		activated int
	}{
		"lowered, another text": {
			lowered, func(f *Finding) { f.Description = "x" },
			"low high open open",
			models.Counts{Low: 1},
			0,
		},
		"lowered, another severity": {
			lowered, func(f *Finding) { f.Severity = models.Critical },
			"low critical open open",
			models.Counts{Low: 1},
			0,
		},
		"lowered, back": {
			gone(lowered), func(*Finding) {},
			"low high open open",
			models.Counts{Low: 1},
			1,
		},
		"waived, another severity": {
			waived, func(f *Finding) { f.Severity = models.Critical },
			"critical critical risk_accepted open",
			models.Counts{},
			0,
		},
		"waived, back": {
			gone(waived), func(*Finding) {},
			"high high risk_accepted open",
			models.Counts{},
			0,
		},
		"affected, a report's own word": {
			affected, func(f *Finding) { f.Status = models.StatusNotAffected },
			"high high affected not_affected",
			models.Counts{High: 1},
			0,
		},
		"affected, back": {
			gone(affected), func(f *Finding) { f.Status = models.StatusNotAffected },
			"high high affected not_affected",
			models.Counts{High: 1},
			1,
		},
	} {
		now := f
		test.change(&now)
		d, err := compare(reportOf(now), said(test.was), time.Unix(1, 0))
		if err != nil {
			t.Fatal(err)
		}
		rows := d.updated(d.update)
		if len(rows) != 1 {
			t.Fatalf("%s: %d rows", name, len(rows))
		}
		o := rows[0]
		if got := fmt.Sprint(o.Severity, " ", o.ReportSeverity(), " ", o.Status, " ", o.ReportStatus); got != test.want ||
			d.counts != (models.Breakdown{Counts: test.counts}) {
			t.Errorf("%s: %s, counts %+v", name, got, d.counts)
		}
		var activated gate.Activated
		for range test.activated {
			activated.AddReopened(event.Finding{ID: o.ID, Title: o.Title, Severity: o.Severity, Identity: now.Identity})
		}
		if diff := cmp.Diff(activated, d.activated, allFields); diff != "" {
			t.Errorf("%s: activated (-want +got):\n%s", name, diff)
		}
	}
}

// wide returns an identity of 16 bytes.
func wide(name string) string { return (name + strings.Repeat(".", 16))[:16] }

func reportOf(list ...Finding) Report {
	findings := newFindings(newTexts())
	for _, f := range list {
		findings.add(digest([]byte(f.Identity)), f)
	}
	return Report{Findings: findings}
}
