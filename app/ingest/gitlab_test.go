package ingest

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatecrier/models"
)

func gitlabReport(list string) string {
	return `{"version": "15.0.4", "vulnerabilities": [` + list + `], ` +
		`"scan": {"scanner": {"name": "Semgrep", "version": "1"}}}`
}

func TestGitLabFindings(t *testing.T) {
	documents{
		"severities": {
			gitlabReport(
				`{"id": "1", "name": "A", "severity": "Critical"}, {"id": "2", "name": "B", "severity": "Info"}, ` +
					`{"id": "3", "name": "C", "severity": "Undefined"}, {"id": "4", "name": "D"}`,
			),
			[]string{"critical open A", "none open B", "unknown open C", "unknown open D"},
		},
		"by the first identifier": {
			gitlabReport(
				`{"id": "1", "name": "A", "identifiers": [{"type": "r", "value": "1"}, {"type": "r", "value": "2"}]}, ` +
					`{"id": "1", "name": "A", "identifiers": [{"type": "r", "value": "2"}, {"type": "r", "value": "1"}]}, ` +
					`{"id": "1", "name": "A", "identifiers": [{"type": "s", "value": "1"}]}, ` +
					`{"id": "9", "name": "A", "identifiers": [{"type": "r", "value": "1", "name": "x"}]}, ` +
					`{"id": "1", "name": "A", "identifiers": [{"type": "r", "name": "3"}]}`,
			),
			[]string{"unknown open A", "unknown open A", "unknown open A", "unknown open A"},
		},
		"by cve, else id": {
			gitlabReport(
				`{"id": "1", "name": "A", "cve": "x"}, {"id": "2", "name": "A", "cve": "x"}, ` +
					`{"id": "1", "name": "A", "cve": "y", "identifiers": []}, {"id": "1", "name": "A", "identifiers": [{}]}, ` +
					`{"id": "2", "name": "A"}, {"id": "2", "name": "B"}`,
			),
			[]string{"unknown open A", "unknown open A", "unknown open A", "unknown open A"},
		},
		"by category": {
			gitlabReport(
				`{"name": "A", "category": "sast"}, {"name": "A", "category": "dast"}, {"name": "A"}, ` +
					`{"name": "A", "category": "sast"}`,
			),
			[]string{"unknown open A", "unknown open A", "unknown open A"},
		},
		"by the category of the scan": {
			`{"version": "15.0.4", "vulnerabilities": [{"name": "A", "category": "sast"}, {"name": "A"}], ` +
				`"scan": {"type": "sast"}}`,
			[]string{"unknown open A"},
		},
		"by the whole location": {
			gitlabReport(
				`{"name": "A", "location": {"file": "a", "commit": {"sha": "1"}}}, ` +
					`{"name": "A", "location": {"commit": {"sha": "2"}, "file": "a"}}, ` +
					`{"name": "A", "location": {"commit": {"sha": "1"}, "file": "a"}}, {"name": "A", "location": null}, ` +
					`{"name": "A"}, {"name": "A", "location": {"iid": 9007199254740992}}, ` +
					`{"name": "A", "location": {"iid": 9007199254740993}}`,
			),
			[]string{"unknown open A", "unknown open A", "unknown open A", "unknown open A", "unknown open A"},
		},
		"by cve": {
			gitlabReport(
				`{"cve": "x", "name": "A", "location": {"file": "a"}}, {"cve": "x", "name": "A", "location": {"file": "b"}}, ` +
					`{"cve": "y", "name": "A"}`,
			),
			[]string{"unknown open A", "unknown open A", "unknown open A"},
		},
		"by place": {
			gitlabReport(
				`{"name": "A", "location": {"file": "a", "start_line": 1}}, ` +
					`{"name": "A", "location": {"start_line": 1, "file": "a"}}, ` +
					`{"name": "A", "location": {"file": "a", "start_line": 2}}`,
			),
			[]string{"unknown open A", "unknown open A"},
		},
		"an id is no cve": {
			gitlabReport(`{"id": "x", "name": "A"}, {"cve": "x", "name": "A"}`),
			[]string{"unknown open A", "unknown open A"},
		},
		"titled by the CVE": {
			gitlabReport(
				`{"id": "1", "name": "A", "identifiers": [{"type": "cwe", "name": "CWE-1"}, {"type": "cve", "name": "CVE-1"}]}`,
			),
			[]string{"unknown open CVE-1"},
		},
		"titled otherwise": {
			gitlabReport(
				`{"id": "1", "identifiers": [{"type": "cwe", "name": "CWE-1"}]}, {"id": "2", "message": "M"}, ` +
					`{"id": "3", "cve": "c"}`,
			),
			[]string{"unknown open CWE-1", "unknown open M", "unknown open c"},
		},
		"none": {gitlabReport(``), nil},
	}.check(t)
}

func TestGitLabTexts(t *testing.T) {
	tests := map[string]struct {
		text string
		want Finding
	}{
		"code": {
			`{"id": "1", "name": "A", "description": "why", "solution": "do", "location": {"file": "a.go", ` +
				`"start_line": 7}, "links": [{"url": "u"}], "identifiers": [{"url": "v"}]}`,
			Finding{
				Title: "A", Description: "why", Location: "a.go:7", Fix: "do", URL: "u", Details: `{"references":["u"]}`,
				Severity: models.Unknown, Status: models.StatusOpen,
			},
		},
		"dependency": {
			`{"id": "1", "name": "A", "location": {"file": "go.sum", "dependency": {"package": {"name": "p"}, ` +
				`"version": "1"}}, "identifiers": [{"url": "v"}]}`,
			Finding{
				Title: "A", Description: "A", Component: "p 1", Location: "go.sum", URL: "v",
				Severity: models.Unknown, Status: models.StatusOpen,
			},
		},
		"image": {
			`{"id": "1", "name": "A", "location": {"image": "i:1", "dependency": {"package": {"name": "p"}}}}`,
			Finding{
				Title: "A", Description: "A", Component: "p", Location: "i:1",
				Severity: models.Unknown, Status: models.StatusOpen,
			},
		},
		"running application": {
			`{"id": "1", "name": "A", "location": {"hostname": "https://example.org", "path": "/x"}}`,
			Finding{
				Title: "A", Description: "A", Location: "https://example.org/x",
				Severity: models.Unknown, Status: models.StatusOpen,
			},
		},
	}
	for name, test := range tests {
		if diff := cmp.Diff(test.want, onlyFinding(t, gitlabReport(test.text)), withKeys); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestGitLabTools(t *testing.T) {
	tests := map[string]string{
		gitlabReport(``): "Semgrep",
		`{"version": "2.0", "vulnerabilities": [{"location": {"file": "f"}, "scanner": {"name": "Old"}}]}`: "Old",
		`{"version": "2.0", "vulnerabilities": [], "scan": {"type": "sast"}}`:                              "",
	}
	for text, want := range tests {
		if got := mustParse(t, text).Tool; got != want {
			t.Errorf("tool %q of %s, want %q", got, text, want)
		}
	}
}
