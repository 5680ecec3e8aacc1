package page

import (
	"testing"
	"time"

	"gatecrier/templates/layout"
	"gatecrier/templates/ui"
)

func compareStories() []story {
	moments := []ui.Option{
		{Value: "now", Label: "Now", Checked: true},
		{Value: "7", Label: "20 Nov 14:01: Passed to Failed"},
		{Value: "time", Label: "Another time:"},
	}
	limits := ui.Counts{High: 3, Medium: 20, Low: NoLimit, None: NoLimit}
	v := CompareView{
		Frame:    frame("Compare", layout.NavProducts),
		ID:       7,
		Product:  long,
		Branch:   script,
		From:     MomentForm{Options: moments, At: "2026-11-01T12:00"},
		To:       MomentForm{Options: moments},
		Severity: "high",
		Chips: []ui.Chip{
			{Label: "All", Href: "?", Count: 90},
			{Label: "High", Href: "?severity=high", Count: 3, Current: true},
		},
		Result: &Compared{
			From: Moment{
				At:     days(19),
				State:  "passed",
				Counts: ui.Counts{Medium: 12345},
				AsOf:   days(20),
				Daily:  true,
				Limits: &limits,
				Policy: "custom thresholds",
			},
			To: Moment{
				At:     now,
				Now:    true,
				State:  "failed",
				Counts: ui.Counts{Critical: 2, High: 3},
				Policy: "the global thresholds",
			},
			Lists: []BetweenList{
				{
					Title: "Came",
					Total: 90,
					Rows: []BetweenRow{
						{Title: "CVE-2026-31337", Component: "libwebp 1.2.4", Severity: "critical", Status: "open", At: days(3)},
						{Title: long + long, Component: arabic, Severity: "unknown", Status: "in review", At: days(9)},
					},
				},
				{Title: "Went", Empty: "No observations were resolved.", Note: "What came back is not known here."},
				{
					Title: "Assessed",
					Total: 1,
					Rows:  []BetweenRow{{Title: script, Severity: "low", Status: "false positive", By: script, At: days(4)}},
				},
			},
		},
	}
	wrong := CompareView{
		Frame:   frame("Compare", layout.NavProducts),
		ID:      7,
		Product: single,
		Branch:  "main",
		From:    MomentForm{Options: moments, At: "x", Error: "Must be before the other time"},
		To:      MomentForm{Options: moments},
	}
	return []story{{"compare", Compare(v)}, {"compare-wrong", Compare(wrong)}}
}

func TestClock(t *testing.T) {
	quay := time.FixedZone("", 2*3600)
	for want, at := range map[string]time.Time{
		"16:32": now.In(quay), "20 Nov 00:10": time.Date(2026, 11, 20, 0, 10, 0, 0, quay),
		"3 Jan 2025 10:00": time.Date(2025, 1, 3, 10, 0, 0, 0, time.UTC),
	} {
		today := now
		if want == "20 Nov 00:10" {
			today = now.AddDate(0, 0, 1)
		}
		if got := Clock(at, today); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

func TestAMomentSaysHowFarItIsKnown(t *testing.T) {
	at := time.Date(2026, 11, 3, 0, 0, 0, 0, time.UTC)
	for want, m := range map[string]Moment{
		"the counts at that time": {At: at},
		"the counts as of the end of 2 Nov 2026 (UTC). Between gate changes, counts are stored once per day.": {
			AsOf: at, Daily: true,
		},
		"the counts as of Tue 3 Nov 2026, 00:00 UTC. Between gate changes, counts are stored once per day.": {
			AsOf: at,
		},
	} {
		if got := m.asOf(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
