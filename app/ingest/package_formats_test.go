package ingest

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatecrier/models"
)

// sampleFinding returns the finding of a sample with a title, without its identity and match key.
func sampleFinding(t *testing.T, sample, title, component string) Finding {
	t.Helper()
	for f := range mustParse(t, string(readSample(t, sample))).Findings.All() {
		if f.Title == title && f.Component == component {
			f.Identity, f.Match = "", matchKey{}
			return f
		}
	}
	t.Fatalf("%s has no %s in %s", sample, title, component)
	return Finding{}
}

func TestOSV_Texts(t *testing.T) {
	got := sampleFinding(t, "osv-lockfiles.json", "CVE-2031-1002", "wren 0.4.1")
	want := Finding{
		Title: "CVE-2031-1002", Description: "### Impact\nSee the advisory.", Component: "wren 0.4.1",
		Location: "till/package-lock.json", Fix: "0.4.2", URL: "https://example.org/advisories/GHSA-wren-0001-aaaa",
		Severity: models.Medium, Status: models.StatusOpen,
		Details: models.Details{
			Aliases: []string{"GHSA-wren-0001-aaaa"}, Score: 5.3, PURL: "pkg:npm/wren", Markdown: true,
			Vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:L",
			References: []string{
				"https://example.org/advisories/GHSA-wren-0001-aaaa", "https://example.org/web/GHSA-wren-0001-aaaa",
			},
		}.Encode(),
	}
	if diff := cmp.Diff(want, got, withKeys); diff != "" {
		t.Errorf("finding (-want +got):\n%s", diff)
	}
	if f := sampleFinding(t, "osv-lockfiles.json", "GHSA-hero-0002-lock", "heron-lock 2.0.0"); !f.Unfixed {
		t.Errorf("a vulnerability that no version fixes: %+v", f)
	}
	if f := sampleFinding(t, "osv-image.json", "CVE-2031-1003", "mere 1.2-r0"); f.Unfixed {
		t.Errorf("a vulnerability without a record: %+v", f)
	}
}

func TestNPMAudit_Texts(t *testing.T) {
	got := sampleFinding(t, "npm-audit-packages.json", "GHSA-aaaa-bbbb-0001", "heron <2.0.0")
	want := Finding{
		Title: "GHSA-aaaa-bbbb-0001", Description: "Prototype pollution in heron", Component: "heron <2.0.0",
		Location: "node_modules/heron", Fix: "wren 4.0.0", URL: "https://github.com/advisories/GHSA-aaaa-bbbb-0001",
		Severity: models.Critical, Status: models.StatusOpen,
		Details: models.Details{
			Score: 9.8, Vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", CWEs: []string{"CWE-1321"},
			Locations: []string{"node_modules/wren/node_modules/heron"},
		}.Encode(),
	}
	if diff := cmp.Diff(want, got, withKeys); diff != "" {
		t.Errorf("finding (-want +got):\n%s", diff)
	}
	if f := sampleFinding(t, "npm-audit-packages.json", "GHSA-aaaa-bbbb-0003", "ibis <2.0.0"); !f.Unfixed || f.Fix != "" {
		t.Errorf("without a fix: %+v", f)
	}
	f := sampleFinding(t, "npm-audit-advisories.json", "CVE-2031-1501", "heron 1.1.0")
	if f.Fix != ">=2.0.0" || f.Unfixed {
		t.Errorf("of version 1: %+v", f)
	}
	if f := sampleFinding(t, "npm-audit-advisories.json", "CVE-2031-1502", "wren 0.3.0"); f.Fix != "" || !f.Unfixed {
		t.Errorf("of version 1, without a fix: %+v", f)
	}
}

func TestSemgrep_Texts(t *testing.T) {
	got := onlyFinding(t, `{"paths": {"scanned": []}, "results": [{"check_id": "r", "path": "a.py",
		"start": {"line": 3, "col": 1}, "extra": {"message": "m", "severity": "WARNING", "fix": "x()",
		"metadata": {"cwe": "CWE-79: XSS", "references": "https://example.org/a", "source": "https://example.org/r"}}}]}`)
	want := Finding{
		Title: "r", Description: "m", Location: "a.py:3", Fix: "x()", URL: "https://example.org/r",
		Severity: models.Medium, Status: models.StatusOpen,
		Details: models.Details{CWEs: []string{"CWE-79"}, References: []string{"https://example.org/a"}}.Encode(),
	}
	if diff := cmp.Diff(want, got, withKeys); diff != "" {
		t.Errorf("finding (-want +got):\n%s", diff)
	}
}

func TestSemgrep_FailedScan(t *testing.T) {
	const failed = `"paths": {"scanned": []}, "errors": [{"level": "error", "type": "Fatal"}]}`
	_, err := parse(strings.NewReader(`{"results": [], `+failed), true)
	mustRefuse(t, err, "in errors: the scan failed")
	report := mustParse(t, `{"results": [{"check_id": "r", "path": "a"}], `+failed)
	if !report.Partial || len(report.Warnings) != 1 {
		t.Errorf("with findings: %+v", report)
	}
}

// A new version of a package, another line or another directory of the machine that ran the scan is
// the same finding.
func TestPackageFormats_Moved(t *testing.T) {
	osvOf := func(root, second string) string {
		return `{"results": [{"source": {"path": "` + root + `/a.lock"}, "packages": [{"package": {"name": "p",
			"version": "1"}, "vulnerabilities": [{"id": "GHSA-1"` + second + `}]}]}]}`
	}
	semgrepOf := func(line, extra string) string {
		return `{"paths": {"scanned": []}, "results": [{"check_id": "r", "path": "a.py", "start": {"line": ` + line +
			`}, "extra": {"message": "m"` + extra + `}}]}`
	}
	npmOf := func(node string) string {
		return `{"auditReportVersion": 2, "vulnerabilities": {"p": {"via": [{"source": 7, "severity": "high"}], "nodes": ["` +
			node + `"]}}}`
	}
	for name, test := range map[string]struct {
		before, after string
		want          Tally
	}{
		"OSV, another directory": {osvOf("/builds/1/x", ""), osvOf("/builds/2/x", ""), Tally{Updated: 1}},
		"OSV, a CVE for it":      {osvOf("x", ""), osvOf("x", `, "aliases": ["CVE-1"]`), Tally{Updated: 1}},
		"Semgrep, another line":  {semgrepOf("3", ""), semgrepOf("9", ""), Tally{Updated: 1}},
		"Semgrep, other code": {
			semgrepOf("3", `, "lines": "a"`), semgrepOf("9", `, "lines": "b"`), Tally{New: 1, Resolved: 1},
		},
		"npm, another place": {npmOf("node_modules/p"), npmOf("node_modules/q/node_modules/p"), Tally{Updated: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			var known []models.Observation
			for f := range mustParse(t, test.before).Findings.All() {
				known = append(known, waived(1, f))
			}
			d, err := compare(mustParse(t, test.after), said(known...), known[0].ChangedAt)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, d.tally); diff != "" || len(d.unsure) != 0 {
				t.Errorf("assessments that end %v, tally (-want +got):\n%s", d.unsure, diff)
			}
		})
	}
}
