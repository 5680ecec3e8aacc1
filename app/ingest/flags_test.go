package ingest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatecrier/models"
)

// flagged returns an open finding with flags.
func flagged(name string, s models.Severity, f models.Flags) Finding {
	return Finding{
		Identity: wide(name), Title: name, Severity: s, Status: models.StatusOpen, KEV: f.KEV, Unfixed: f.Unfixed,
	}
}

// A comparison counts the flags of the new report, and of what a partial report leaves as it is.
func TestCompare_CountsFlags(t *testing.T) {
	kev, unfixed := models.Flags{KEV: true}, models.Flags{Unfixed: true}
	both := models.Flags{KEV: true, Unfixed: true}
	lowered := earlier(4, flagged("lowered", models.High, unfixed), models.StatusOpen)
	lowered.Severity, lowered.Assessed.ReportSeverity = models.Low, new(models.High)
	waived := earlier(5, flagged("waived", models.High, both), models.StatusOpen)
	waived.Status, waived.Assessed.Status = models.StatusRiskAccepted, models.StatusRiskAccepted
	before := said(
		earlier(1, flagged("same", models.High, both), models.StatusOpen),
		earlier(2, flagged("now fixed", models.High, unfixed), models.StatusOpen),
		earlier(3, flagged("missing", models.Medium, both), models.StatusOpen),
		lowered,
		waived,
	)
	report := reportOf(
		flagged("same", models.High, both),
		flagged("now fixed", models.High, kev),
		flagged("new", models.Critical, unfixed),
		flagged("lowered", models.High, unfixed),
		flagged("waived", models.High, both),
	)
	for _, partial := range []bool{false, true} {
		report.Partial = partial
		d, err := compare(report, before, time.Unix(1, 0))
		if err != nil {
			t.Fatal(err)
		}
		var want models.Breakdown
		want.Add(models.High, both, 1)
		want.Add(models.High, kev, 1)
		want.Add(models.Critical, unfixed, 1)
		want.Add(models.Low, unfixed, 1)
		if partial {
			want.Add(models.Medium, both, 1)
		}
		if diff := cmp.Diff(want, d.counts); diff != "" {
			t.Errorf("partial %t (-want +got):\n%s", partial, diff)
		}
		if len(d.update) != 1 || d.update[0].id != 2 {
			t.Errorf("updated: %+v", d.update)
		}
	}
}

// A finding that has moved counts with the flags of the new report.
func TestCompare_CountsFlagsOfTheMoved(t *testing.T) {
	was := flagged("old", models.High, models.Flags{Unfixed: true})
	was.Match = matchKey{print: digestOf("print").short(), stable: digestOf("stable").short()}
	now := flagged("new", models.High, models.Flags{KEV: true})
	now.Match = was.Match
	d, err := compare(reportOf(now), said(earlier(1, was, models.StatusOpen)), time.Unix(1, 0))
	if err != nil {
		t.Fatal(err)
	}
	var want models.Breakdown
	want.Add(models.High, models.Flags{KEV: true}, 1)
	if diff := cmp.Diff(want, d.counts); diff != "" || d.tally != (Tally{Updated: 1}) {
		t.Errorf("%+v (-want +got):\n%s", d.tally, diff)
	}
}
