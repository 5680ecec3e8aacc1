package admin

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatecrier/models"
	"gatecrier/templates/page"
)

func TestObservationDetails(t *testing.T) {
	got := observationDetails(models.Observation{
		Description: "**b** <i>",
		Details: models.Details{
			Score: 7, Vector: "CVSS:4.0/AV:N", EPSS: 0.00042, Percentile: 0.12345, CWEs: []string{"CWE-79", "CWE-x", "79"},
			Markdown: true,
		}.Encode(),
	})
	want := page.ObservationDetails{
		HTML: "<p><strong>b</strong> &lt;i&gt;</p>\n", Score: "7.0", CVSS: "4.0", Vector: "CVSS:4.0/AV:N", EPSS: "0.04%",
		Percentile: "12.3%",
		CWEs: []page.Weakness{
			{ID: "CWE-79", URL: "https://cwe.mitre.org/data/definitions/79.html"}, {ID: "CWE-x"}, {ID: "79"},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for rule, want := range map[string]page.ObservationDetails{
		"weak-hash": {Rule: "weak-hash"}, "A weak hash": {Name: "A weak hash"},
	} {
		got := observationDetails(models.Observation{Details: models.Details{Rule: rule}.Encode()})
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
	got = observationDetails(models.Observation{Description: "*a*"})
	if diff := cmp.Diff(page.ObservationDetails{}, got); diff != "" {
		t.Errorf("of a report that knows nothing: %s", diff)
	}
}

func TestCVSSVersion(t *testing.T) {
	for vector, want := range map[string]string{
		"CVSS:3.1/AV:N/AC:L": "3.1", "CVSS:3.0/AV:N": "3.0", "CVSS:4.0/AV:N": "4.0", "AV:N/AC:L/Au:N/C:N/I:N/A:P": "2.0",
		"(AV:N/AC:L)": "2.0", "": "", "x": "",
	} {
		if got := cvssVersion(vector); got != want {
			t.Errorf("%q: %q, want %q", vector, got, want)
		}
	}
}

func TestPercent(t *testing.T) {
	for share, want := range map[float64]string{
		0: "0%", 0.00001: "< 0.01%", 0.0004: "0.04%", 0.00999: "1.00%", 0.01: "1%", 0.9371: "93.7%", 1: "100%",
	} {
		if got := percent(share); got != want {
			t.Errorf("%v: %q, want %q", share, got, want)
		}
	}
}

func TestMovedTo(t *testing.T) {
	for _, test := range []struct {
		from, title, component, location string
		want                             string
		renamed                          bool
	}{
		{"src/a.py:12", "weak-hash", "", "src/a.py:15", "src/a.py:15", false},
		{"src/a.py:12", "src/weak", "", "lib/new/a.py:12", "lib/new/a.py:12", false},
		{"shop:1.2 (debian 12.5)", "CVE-1", "xz 5.6", "shop:1.3 (debian 12.6)", "shop:1.3 (debian 12.6)", false},
		{"xz 5.6.0", "CVE-1", "xz 5.6.1", "usr/lib/xz", "xz 5.6.1", false},
		{"GHSA-1", "CVE-1", "xz 5.6.0", "usr/lib/xz", "CVE-1", true}, // an alias
		{"CVE-2020-1", "CVE-2020-12", "xz", "usr/lib", "CVE-2020-12", true},
		{"elsewhere", "weak-hash", "app", "src/a.py:15", "", false},
	} {
		to, renamed := movedTo(models.Observation{
			MovedFrom: test.from, Title: test.title, Component: test.component, Location: test.location,
			Details: models.Details{Aliases: []string{"GHSA-1"}}.Encode(),
		})
		if to != test.want || renamed != test.renamed {
			t.Errorf("%s: %q, %v, want %q, %v", test.from, to, renamed, test.want, test.renamed)
		}
	}
}

// The move is on the one page of the history that its time belongs to.
func TestWithMove(t *testing.T) {
	at := func(minute int) time.Time { return time.Date(2026, 5, 4, 12, minute, 0, 0, time.UTC) }
	rows := func(minutes ...int) []page.SaidRow {
		var list []page.SaidRow
		for _, m := range minutes {
			list = append(list, page.SaidRow{At: at(m)})
		}
		return list
	}
	below := &models.Assessment{At: at(20)}
	for _, test := range []struct {
		name  string
		rows  []page.SaidRow
		move  int
		newer bool
		below *models.Assessment
		want  int // its index, -1 = on another page
	}{
		{"alone", nil, 5, false, nil, 0},
		{"newest", rows(40, 30), 50, false, below, 0},
		{"between", rows(40, 30), 35, false, below, 1},
		{"at the time of a row", rows(40, 30), 30, false, below, 1},
		{"after the last row of the page", rows(40, 30), 25, false, below, 2},
		{"at the time of the next page", rows(40, 30), 20, false, below, 2},
		{"older than the page", rows(40, 30), 19, false, below, -1},
		{"oldest of all", rows(20, 10), 5, true, nil, 2},
		{"on the second page", rows(20, 10), 19, true, nil, 1},
		{"on the page before", rows(20, 10), 20, true, nil, -1},
	} {
		n := len(test.rows)
		got := withMove(test.rows, page.SaidRow{At: at(test.move), Did: "Moved"}, test.newer, test.below)
		found := -1
		for i, r := range got {
			if r.Did == "Moved" {
				found = i
			}
		}
		if found != test.want || found >= 0 && len(got) != n+1 || found < 0 && len(got) != n {
			t.Errorf("%s: at %d of %d, want %d", test.name, found, len(got), test.want)
		}
	}
}
