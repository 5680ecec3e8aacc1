package ingest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatecrier/models"
)

func TestCompare(t *testing.T) {
	now := time.Unix(1, 0)
	finding := func(id string, s models.Severity) Finding {
		return Finding{Identity: id, Title: id, Severity: s, Status: models.StatusOpen}
	}
	known := func(n int64, f Finding, status models.Status) models.Known {
		return models.Known{ID: n, Severity: f.Severity, ReportStatus: models.StatusOpen, Status: status, Digest: f.observation(now).Texts()}
	}
	same, worseNow, back, gone := finding("same", models.High), finding("worse", models.Low), finding("back", models.High), finding("gone", models.Low)
	before := map[string]models.Known{
		"same": known(1, same, models.StatusOpen), "worse": known(2, worseNow, models.StatusOpen),
		"back": known(3, back, models.StatusResolved), "gone": known(4, gone, models.StatusOpen), "old": known(5, gone, models.StatusResolved),
	}
	worseNow.Severity = models.Critical
	report := Report{Findings: map[string]Finding{"same": same, "worse": worseNow, "back": back, "new": finding("new", models.Medium)}}

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
	f := Finding{Identity: "a", Title: "a", Severity: models.High, Status: models.StatusOpen}
	known := map[string]models.Known{"a": {ID: 1, Severity: models.High, ReportStatus: models.StatusOpen, Status: models.StatusOpen, Digest: f.observation(time.Time{}).Texts()}}
	if p := compare(Report{Findings: map[string]Finding{"a": f}}, known, time.Unix(1, 0)); !p.empty() {
		t.Errorf("the same report again would write %+v", p)
	}
}
