package ingest

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatecrier/models"
)

const genericAll = `{
	"tool": "Heronscan", "subject": "shop/till:1.4", "made_at": "2031-05-06T07:08:09Z",
	"findings": [
		{"title": "Old lock", "ids": ["GHSA-lock", "CVE-2031-7"], "severity": "High", "description": "It **opens**.",
			"component": "lock 1.0", "purl": "pkg:npm/lock@1.0?arch=x", "location": "package-lock.json:12", "fix": "1.1",
			"url": "https://example.org/lock", "references": ["https://example.org/more"], "cwes": ["CWE-79", "352"],
			"cvss_score": 7.5, "cvss_vector": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N", "epss": 0.25, "kev": true,
			"fingerprint": "f1"},
		{"ids": ["GHSA-key", "CVE-2031-8"], "severity": "unknown", "component": "key 2", "fix_available": false},
		{"title": "Weak hash", "severity": "moderate", "location": "src/a.py:3:7"}
	]}`

func TestGeneric(t *testing.T) {
	for _, text := range []string{genericAll, string(reverseKeys(t, []byte(genericAll)))} {
		report, err := parseGeneric(strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		if report.Tool != "Heronscan" || report.Subject != "shop/till" || report.Reference != "1.4" ||
			!report.MadeAt.Equal(time.Date(2031, 5, 6, 7, 8, 9, 0, time.UTC)) {
			t.Errorf("report %+v", report)
		}
		got := map[string]Finding{}
		for f := range report.Findings.All() {
			f.Identity, f.Match = "", matchKey{}
			got[f.Title] = f
		}
		want := map[string]Finding{
			"Old lock": {
				Title: "Old lock", Description: "It **opens**.", Component: "lock 1.0", Location: "package-lock.json:12",
				Fix: "1.1", URL: "https://example.org/lock", KEV: true, Severity: models.High, Status: models.StatusOpen,
				Details: models.Details{
					Aliases: []string{"GHSA-lock", "CVE-2031-7"}, Score: 7.5,
					Vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N", EPSS: 0.25, CWEs: []string{"CWE-79", "CWE-352"},
					References: []string{"https://example.org/more"}, PURL: "pkg:npm/lock@1.0?arch=x", Markdown: true,
				}.Encode(),
			},
			"CVE-2031-8": {
				Title: "CVE-2031-8", Component: "key 2", Unfixed: true, Severity: models.Unknown, Status: models.StatusOpen,
				Details: models.Details{Aliases: []string{"GHSA-key"}}.Encode(),
			},
			"Weak hash": {
				Title: "Weak hash", Location: "src/a.py:3:7", Severity: models.Medium, Status: models.StatusOpen,
			},
		}
		if diff := cmp.Diff(want, got, withKeys); diff != "" {
			t.Errorf("findings (-want +got):\n%s", diff)
		}
	}
}

func TestGeneric_Clean(t *testing.T) {
	for _, text := range []string{`[]`, `{"findings": []}`} {
		report, err := parseGeneric(strings.NewReader(text))
		if err != nil || report.Findings.Len() != 0 || report.Format != FormatGeneric {
			t.Errorf("%s: %+v, %v", text, report, err)
		}
	}
}

func TestGeneric_Refusals(t *testing.T) {
	for text, says := range map[string]string{
		``:                      "ends too early",
		`{}`:                    "in findings: the object has no list",
		`{"findings": null}`:    "in findings: the object has no list",
		`{"findings": {}}`:      "in findings, at byte 14: expected a list, found an object",
		`"x"`:                   "a list of findings",
		`{"issues": []}`:        "in issues: the key is unknown",
		`[{"title": "a"}]`:      "in [0].severity: the severity must be",
		`[{"severity": "low"}]`: "in [0].title: a finding needs a title",
		`[{"title": "a", "severity": "low", "epss": 2}]`:  "in [0].epss: the probability is from 0 to 1",
		`{"made_at": "today"}`:                            "in made_at: the time must be",
		`[{"severity": "awful"}]`:                         "in [0].severity: the severity must be",
		`[{"title": "a", "severity": 3}]`:                 "in [0].severity, at byte 29: expected a text",
		`[{"Title": "a", "severity": "high"}]`:            "in [0].Title: the key is unknown: write title",
		`[{"title": "a", "ſeverity": "high"}]`:            "in [0].ſeverity: the key is unknown",
		`{"tool": "a", "tool": "b", "findings": []}`:      "in tool: the key is given twice",
		`{"Findings": []}`:                                "in Findings: the key is unknown: write findings",
		`[null]`:                                          "in [0].severity: the severity must be",
		`["a"]`:                                           "in [0], at byte 4: expected an object, found a text",
		`[[]]`:                                            "in [0], at byte 2: expected an object, found a list",
		`[{"title": ["a"], "severity": "low"}]`:           "in [0].title, at byte 16: expected a text, found a list",
		`[{"title": "a", "severity": "low", "ids": "x"}]`: "in [0].ids, at byte 45: expected a list",
		`[{"title": "a", "severity": "low"}] []`:          "a file has one report",
	} {
		_, err := parseGeneric(strings.NewReader(text))
		if err == nil {
			t.Errorf("%s is accepted", text)
			continue
		}
		mustRefuse(t, err, says)
	}
}

// Each key of a finding is one that is documented, and is given once.
func TestGeneric_RefusedMembers(t *testing.T) {
	for members, says := range map[string]string{
		`"cvss_score": 42`:             "in findings[1].cvss_score: the score is from 0 to 10",
		`"severty": "low"`:             "in findings[1].severty: the key is unknown. A finding has title, ids, severity, ",
		`"severity": "none"`:           "in findings[1].severity: the key is given twice",
		`"sever\u0069ty": "none"`:      "in findings[1].severity: the key is given twice",
		`"kev": true, "kev": false`:    "in findings[1].kev: the key is given twice",
		`"Severity": "none"`:           "in findings[1].Severity: the key is unknown: write severity",
		`"TITLE": "b"`:                 "in findings[1].TITLE: the key is unknown: write title",
		`"Kev": false`:                 "in findings[1].Kev: the key is unknown: write kev",
		`"meta": {"severity": "none"}`: "in findings[1].meta: the key is unknown",
		`"purl": "pkg:npm/a", "fix": "1.1", "fix_available": false`: "in findings[1].fix_available: the finding has a fix",
		`"fix_available": false, "fix": "Remove the key"`:           "in findings[1].fix_available: the finding has a fix",
	} {
		const finding = `{"title": "a", "severity": "high"`
		_, err := parseGeneric(strings.NewReader(`{"findings": [` + finding + `}, ` + finding + `, ` + members + `}]}`))
		if err == nil {
			t.Errorf("%s is accepted", members)
			continue
		}
		mustRefuse(t, err, says)
	}
	_, err := parseGeneric(strings.NewReader(`{"findings": [{"title": "a", "severity": "high"}], "findings": []}`))
	mustRefuse(t, err, "in findings: the key is given twice")
}

// What moves keeps its match key; what is another finding has another identity.
func TestGeneric_Identity(t *testing.T) {
	finding := func(location, fingerprint string) Finding {
		report, err := parseGeneric(strings.NewReader(`[{"title": "a", "severity": "low", "location": "` + location +
			`", "fingerprint": "` + fingerprint + `"}]`))
		if err != nil {
			t.Fatal(err)
		}
		return sortedFindings(report)[0]
	}
	a := finding("x.py:1", "f")
	for name, test := range map[string]struct {
		other         Finding
		stable, print bool
	}{
		"another line":        {finding("x.py:2", "f"), true, true},
		"another column":      {finding("x.py:1:4", "f"), true, true},
		"another file":        {finding("y.py:1", "f"), false, true},
		"another fingerprint": {finding("x.py:1", "g"), true, false},
	} {
		if a.Identity == test.other.Identity || (a.Match.stable == test.other.Match.stable) != test.stable ||
			(a.Match.print == test.other.Match.print) != test.print {
			t.Errorf("%s: %+v and %+v", name, a, test.other)
		}
	}
}
