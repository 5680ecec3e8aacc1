package ingest

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatecrier/models"
)

func TestCompare(t *testing.T) {
	now := time.Unix(1, 0)
	finding := func(id string, s models.Severity) Finding {
		return Finding{Identity: wide(id), Title: id, Severity: s, Status: models.StatusOpen}
	}
	known := func(n int64, f Finding, status models.Status) models.Known {
		return models.Known{ID: n, Severity: f.Severity, ReportStatus: models.StatusOpen, Status: status, Digest: f.observation(now).Texts()}
	}
	same, worseNow, back, gone := finding("same", models.High), finding("worse", models.Low), finding("back", models.High), finding("gone", models.Low)
	before := map[string]models.Known{
		wide("same"): known(1, same, models.StatusOpen), wide("worse"): known(2, worseNow, models.StatusOpen),
		wide("back"): known(3, back, models.StatusResolved), wide("gone"): known(4, gone, models.StatusOpen), wide("old"): known(5, gone, models.StatusResolved),
	}
	worseNow.Severity = models.Critical
	report := reportOf(same, worseNow, back, finding("new", models.Medium))

	p := compare(report, before, now)
	if diff := cmp.Diff(Tally{New: 1, Updated: 2, Reopened: 1, Resolved: 1}, p.tally); diff != "" {
		t.Errorf("tally (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(models.Counts{Critical: 1, High: 2, Medium: 1}, p.counts); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]int64{4}, p.resolve); diff != "" {
		t.Errorf("resolved (-want +got):\n%s", diff)
	}
	var fresh []string
	for _, f := range p.fresh {
		fresh = append(fresh, f.Title)
	}
	if diff := cmp.Diff([]string{"worse", "back", "new"}, fresh); diff != "" {
		t.Errorf("fresh, worst first (-want +got):\n%s", diff)
	}
}

func TestCompareTheSameIsEmpty(t *testing.T) {
	f := Finding{Identity: wide("a"), Title: "a", Severity: models.High, Status: models.StatusOpen}
	known := map[string]models.Known{wide("a"): {ID: 1, Severity: models.High, ReportStatus: models.StatusOpen, Status: models.StatusOpen, Digest: f.observation(time.Time{}).Texts()}}
	if p := compare(reportOf(f), known, time.Unix(1, 0)); !p.empty() {
		t.Errorf("the same report again would write %+v", p)
	}
}

// wide is an identity of 16 bytes.
func wide(name string) string { return (name + strings.Repeat(".", 16))[:16] }

func reportOf(list ...Finding) Report {
	findings := newFindings(newTexts())
	for _, f := range list {
		findings.addFinding(id([]byte(f.Identity)), f)
	}
	return Report{Findings: findings}
}
