package ingest

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatecrier/models"
)

// keyed returns an open finding of high severity with a match key.
func keyed(identity, stable string, line int, change ...func(f *Finding)) Finding {
	f := Finding{
		Identity: wide(identity), Match: matchKey{stable: part(stable)}, Title: "rule",
		Location: fmt.Sprint("a.py:", line), Severity: models.High, Status: models.StatusOpen,
	}
	for _, c := range change {
		c(&f)
	}
	return f
}

func part(text string) shortDigest {
	if text == "" {
		return shortDigest{}
	}
	return digestOf(text).short()
}

func fingerprint(text string) func(f *Finding) {
	return func(f *Finding) { f.Match.print = part(text) }
}

func snippet(text string) func(f *Finding) { return func(f *Finding) { f.Match.snippet = part(text) } }

func vulnerability(component, title string, aliases ...string) func(f *Finding) {
	return func(f *Finding) {
		f.Match.component, f.Title, f.Details = part(component), title, models.Details{Aliases: aliases}.Encode()
	}
}

// waived returns the observation of a finding whose risk users have accepted.
func waived(n int64, f Finding) models.Observation {
	o := earlier(n, f, models.StatusOpen)
	o.Status, o.Assessed.Status = models.StatusRiskAccepted, models.StatusRiskAccepted
	return o
}

// legacy returns an observation as it was stored before there were match keys.
func legacy(o models.Observation) models.Observation {
	o.MatchKey, o.Details, o.Identity = nil, "", []byte(wide(fmt.Sprint("old", o.ID)))
	return o
}

// movedTest is a report after observations of an earlier one.
type movedTest struct {
	before []models.Observation
	report []Finding
	tally  Tally
	active int64   // after the import
	unsure []int64 // whose assessments end
	pairs  string  // id=location, in the order of the findings
}

func opened(n int64, f Finding) models.Observation { return earlier(n, f, models.StatusOpen) }

func resolvedOne(n int64, f Finding) models.Observation { return earlier(n, f, models.StatusResolved) }

// movedPlaces are findings at other places.
var movedPlaces = map[string]movedTest{
	"a line shift keeps the waiver": {
		[]models.Observation{waived(1, keyed("a", "s", 10))},
		[]Finding{keyed("b", "s", 13)},
		Tally{Updated: 1},
		0, nil, "1=a.py:13 ",
	},
	"another place is another finding": {
		[]models.Observation{waived(1, keyed("a", "s", 10))},
		[]Finding{keyed("b", "t", 13)},
		Tally{New: 1, Resolved: 1},
		1, nil, "",
	},
	"an exact pair is no candidate": {
		[]models.Observation{waived(1, keyed("a", "s", 10)), waived(2, keyed("b", "s", 20))},
		[]Finding{keyed("c", "s", 13), keyed("b", "s", 20)},
		Tally{Updated: 2},
		0, nil, "1=a.py:13 ",
	},
	"two that fit pair in order of line, and a waiver ends": {
		[]models.Observation{opened(1, keyed("b", "s", 20)), waived(2, keyed("a", "s", 9))},
		[]Finding{keyed("c", "s", 23), keyed("d", "s", 12)},
		Tally{Updated: 2},
		2,
		[]int64{2},
		"2=a.py:12 1=a.py:23 ",
	},
	"one of two is gone, and the waiver ends": {
		[]models.Observation{waived(1, keyed("a", "s", 10)), opened(2, keyed("b", "s", 20))},
		[]Finding{keyed("c", "s", 23)},
		Tally{Updated: 1, Resolved: 1},
		1,
		[]int64{1},
		"1=a.py:23 ",
	},
	"equal snippets pair across the lines": {
		[]models.Observation{
			waived(1, keyed("a", "s", 10, snippet("x"))), opened(2, keyed("b", "s", 20, snippet("y"))),
		},
		[]Finding{keyed("c", "s", 11, snippet("y")), keyed("d", "s", 21, snippet("x"))},
		Tally{Updated: 2},
		1, nil, "1=a.py:21 2=a.py:11 ",
	},
	"another snippet is another finding": {
		[]models.Observation{waived(1, keyed("a", "s", 10, snippet("x")))},
		[]Finding{keyed("b", "s", 10, snippet("y"))},
		Tally{New: 1, Resolved: 1},
		1, nil, "",
	},
	"a snippet on one side": {
		[]models.Observation{waived(1, keyed("a", "s", 10))},
		[]Finding{keyed("b", "s", 11, snippet("y"))},
		Tally{Updated: 1},
		0, nil, "1=a.py:11 ",
	},
	"snippets on some of both sides": {
		[]models.Observation{
			waived(1, keyed("a", "s", 10)), opened(2, keyed("b", "s", 20, snippet("x"))), opened(3, keyed("c", "s", 30)),
		},
		[]Finding{keyed("d", "s", 5), keyed("e", "s", 6, snippet("y")), keyed("f", "s", 7, snippet("z"))},
		Tally{Updated: 2, New: 1, Resolved: 1},
		3,
		[]int64{1},
		"1=a.py:5 3=a.py:6 ",
	},
	"resolved by an earlier import: no candidate": {
		[]models.Observation{resolvedOne(1, keyed("a", "s", 10))},
		[]Finding{keyed("b", "s", 13)},
		Tally{New: 1},
		1, nil, "",
	},
}

// movedNames are findings with other names or fingerprints.
var movedNames = map[string]movedTest{
	"an equal fingerprint elsewhere": {
		[]models.Observation{waived(1, keyed("a", "s", 10, fingerprint("p")))},
		[]Finding{keyed("b", "t", 13, fingerprint("p")), keyed("c", "s", 10)},
		Tally{Updated: 1, New: 1},
		1, nil, "1=a.py:13 ",
	},
	"another fingerprint at the place: the waiver ends": {
		[]models.Observation{waived(1, keyed("a", "s", 10, fingerprint("p")))},
		[]Finding{keyed("b", "s", 11, fingerprint("q"))},
		Tally{Updated: 1},
		1,
		[]int64{1},
		"1=a.py:11 ",
	},
	"an alias in the same component": {
		[]models.Observation{waived(1, keyed("a", "s", 1, vulnerability("lake", "GHSA-1")))},
		[]Finding{keyed("b", "t", 1, vulnerability("lake", "CVE-1", "ghsa-1"))},
		Tally{Updated: 1},
		0, nil, "1=a.py:1 ",
	},
	"an alias in another component": {
		[]models.Observation{waived(1, keyed("a", "s", 1, vulnerability("lake", "GHSA-1")))},
		[]Finding{keyed("b", "t", 1, vulnerability("pond", "CVE-1", "GHSA-1"))},
		Tally{New: 1, Resolved: 1},
		1, nil, "",
	},
	"an alias of two": {
		[]models.Observation{waived(1, keyed("a", "s", 1, vulnerability("lake", "GHSA-1")))},
		[]Finding{
			keyed("b", "t", 1, vulnerability("lake", "CVE-1", "GHSA-1")),
			keyed("c", "u", 2, vulnerability("lake", "CVE-2", "GHSA-1")),
		},
		Tally{Updated: 1, New: 1},
		2,
		[]int64{1},
		"1=a.py:1 ",
	},
	"two aliases of one pair": {
		[]models.Observation{waived(1, keyed("a", "s", 1, vulnerability("lake", "GHSA-1", "OSV-1")))},
		[]Finding{keyed("b", "t", 1, vulnerability("lake", "CVE-1", "GHSA-1", "OSV-1"))},
		Tally{Updated: 1},
		0, nil, "1=a.py:1 ",
	},
	"two copies of which one is renamed as well: both waivers end": {
		[]models.Observation{
			waived(1, keyed("a", "s", 1, vulnerability("lake", "GHSA-1"))),
			waived(2, keyed("b", "s", 2, vulnerability("lake", "GHSA-1"))),
		},
		[]Finding{
			keyed("c", "t", 1, vulnerability("lake", "CVE-1", "GHSA-1")), keyed("d", "s", 2, vulnerability("lake", "GHSA-1")),
		},
		Tally{Updated: 2},
		2,
		[]int64{1, 2},
		"1=a.py:2 2=a.py:1 ",
	},
}

// movedLegacy are findings of observations from before there were match keys.
var movedLegacy = map[string]movedTest{
	"from before, with the same texts": {
		[]models.Observation{legacy(waived(1, keyed("", "", 10))), legacy(opened(2, keyed("", "", 20)))},
		[]Finding{keyed("a", "s", 20), keyed("b", "t", 10), keyed("c", "u", 10)},
		Tally{Updated: 2, New: 1},
		2, nil, "2=a.py:20 1=a.py:10 ",
	},
	"from before, at another line": {
		[]models.Observation{legacy(waived(1, keyed("", "", 10)))},
		[]Finding{keyed("a", "s", 12)},
		Tally{Updated: 1},
		0, nil, "1=a.py:12 ",
	},
	"from before, resolved": {
		[]models.Observation{legacy(resolvedOne(1, keyed("", "", 10)))},
		[]Finding{keyed("a", "s", 10)},
		Tally{Reopened: 1},
		1, nil, "1=a.py:10 ",
	},
	"from before, at two other lines: the waiver ends": {
		[]models.Observation{legacy(waived(1, keyed("", "", 10)))},
		[]Finding{keyed("a", "s", 12), keyed("b", "t", 13)},
		Tally{Updated: 1, New: 1},
		2,
		[]int64{1},
		"1=a.py:12 ",
	},
}

func TestCompare_Moved(t *testing.T) {
	for _, tests := range []map[string]movedTest{movedPlaces, movedNames, movedLegacy} {
		for name, test := range tests {
			t.Run(name, test.check)
		}
	}
}

func (test movedTest) check(t *testing.T) {
	d, err := compare(reportOf(test.report...), said(test.before...), time.Unix(1, 0))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(test.tally, d.tally); diff != "" {
		t.Errorf("tally (-want +got):\n%s", diff)
	}
	if d.counts.Counts.Total() != test.active {
		t.Errorf("%d active, want %d", d.counts.Counts.Total(), test.active)
	}
	if diff := cmp.Diff(test.unsure, d.unsure); diff != "" {
		t.Errorf("assessments that end (-want +got):\n%s", diff)
	}
	pairs := ""
	for _, o := range d.updated(d.update) {
		if o.Identity != nil {
			pairs += fmt.Sprint(o.ID, "=", o.Location, " ")
		}
	}
	if diff := cmp.Diff(test.pairs, pairs); diff != "" {
		t.Errorf("pairs (-want +got):\n%s", diff)
	}
}
