package ingest

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatecrier/models"
)

// sarifRuns returns a report with some runs of the tool T.
func sarifRuns(runs ...string) string {
	for i := range runs {
		runs[i] = `{"tool": {"driver": {"name": "T"}}, ` + runs[i] + `}`
	}
	return `{"version": "2.1.0", "runs": [` + strings.Join(runs, ", ") + `]}`
}

const (
	failed    = `"executionSuccessful": false`
	toolError = `"toolExecutionNotifications": [{"level": "error"}]`
	oneFound  = `"results": [{"ruleId": "R"}]`
)

// A report that is not the report of a scan that ran is refused, with its place. The second
// text, if any, is what the refusal is with clean; "" means accepted.
func TestRefusals(t *testing.T) {
	driver, name := "in runs[0].tool.driver.name: ", "no report of a known format"
	match := "In matches[0]: a match of Grype has vulnerability and artifact"
	tests := map[string]struct{ text, refusal, clean string }{
		"no runs":              {`{"version": "2.1.0", "runs": []}`, "in runs: ", "in runs: "},
		"no tool":              {`{"$schema": "sarif", "version": "2.1.0", "runs": [{"results": []}]}`, driver, driver},
		"a null run":           {`{"version": "2.1.0", "runs": [null]}`, driver, driver},
		"a tool without name":  {`{"version": "2.1.0", "runs": [{"tool": {"driver": {}}, "results": []}]}`, driver, driver},
		"a blank name":         {strings.Replace(sarifRuns(oneFound), `"T"`, `" "`, 1), driver, driver},
		"no version":           {`{"runs": [{"tool": {"driver": {"name": "T"}}}]}`, "in version: ", "in version: "},
		"a number as version":  {`{"version": 2.1, "runs": [{"tool": {"driver": {}}}]}`, "in version: ", "in version: "},
		"a version before all": {`{"version": "2.0.0", "runs": [{"tool": {"driver": 7}}]}`, "in version: ", "in version: "},
		"the second run without results": {
			sarifRuns(oneFound, `"results": null`), "in runs[1].results: ", "",
		},
		"no results, and it failed": {
			sarifRuns(`"invocations": [{` + failed + `}]`), "in runs[0].invocations[0].executionSuccessful: ", "in runs[0].inv",
		},
		"the second run failed": {
			sarifRuns(`"x": 1`, `"results": [], "invocations": [{}, {`+failed+`}]`),
			"in runs[1].invocations[1].executionSuccessful: ", "in runs[1].inv",
		},
		"failed, and nothing but passes": {
			sarifRuns(`"results": [{"kind": "pass"}], "invocations": [{` + failed + `}]`), "in runs[0].inv", "in runs[0].inv",
		},
		"results outside of their run": {
			sarifRuns(oneFound)[:1] + `"inlineExternalProperties": [{"results": [{}]}], ` + sarifRuns(oneFound)[1:],
			"in inlineExternalProperties[0].results[0]: ", "in inline",
		},
		"a success that is a text": {
			sarifRuns(oneFound + `, "invocations": [{"executionSuccessful": "false"}]`),
			"in runs[0].invocations[0].executionSuccessful, at byte", "in runs[0].inv",
		},
		"null vulnerabilities": {`{"bomFormat": "CycloneDX", "vulnerabilities": null}`, "in vulnerabilities: ", ""},
		"a failed GitLab scan": {
			`{"version": "15", "vulnerabilities": [], "scan": {"status": "Failure"}}`, "in scan.status: ", "in scan.status: ",
		},
		"runs of another tool":               {`{"version": "1", "runs": [{"tests": []}]}`, "In runs: a run of SARIF", name},
		"Results of another tool":            {`{"Results": [{"Name": "n", "Vulnerabilities": []}]}`, name, name},
		"Results of another tool, none":      {`{"Results": []}`, name, name},
		"one result without a target":        {`[{"Target": "t"}, {"Name": "n"}]`, "In [1]: a result of Trivy", name},
		"a cluster of another tool":          {`{"ClusterName": "c", "Resources": [{"Results": [{"ID": 1}]}]}`, name, name},
		"a match without a vulnerability":    {`{"matches": [{"artifact": {}}]}`, match, match},
		"a match without an artifact":        {`{"matches": [{"vulnerability": {"id": "V"}}]}`, match, match},
		"no matches of another tool":         {`{"matches": [], "num_matches": 0}`, name, name},
		"no matches of a named tool":         {`{"matches": [], "descriptor": {"name": "tool"}}`, name, name},
		"null matches":                       {`{"matches": null, "descriptor": {"name": "grype"}}`, name, name},
		"a home-made list":                   {`{"version": "1", "vulnerabilities": [{"id": "1", "name": "A"}]}`, name, name},
		"a home-made list, nothing found":    {`{"version": "1", "vulnerabilities": []}`, name, name},
		"null vulnerabilities with a scan":   {`{"version": "1", "vulnerabilities": null, "scan": {"x": 1}}`, name, name},
		"a vulnerability with a null place":  {`{"version": "1", "vulnerabilities": [{"location": null}]}`, name, name},
		"one vulnerability without its mark": {gitlabList(`{"location": {}}, {"id": ""}`), "In vulnerabilities[1]: ", name},
	}
	for title, test := range tests {
		t.Run(title, func(t *testing.T) {
			_, err := parse(strings.NewReader(test.text), false)
			mustRefuse(t, err, test.refusal)
			_, err = parse(strings.NewReader(test.text), true)
			if test.clean != "" {
				mustRefuse(t, err, test.clean)
			} else if err != nil {
				t.Errorf("with clean: %v", err)
			}
		})
	}
}

// A scan that failed and found something is imported. Only one that broke off is partial.
func TestPartialReports(t *testing.T) {
	tests := map[string]struct{ text, place string }{
		"failed, as SpotBugs says": {sarifRuns(oneFound + `, "invocations": [{` + failed + `}]`), ""},
		"an error, but no failure": {sarifRuns(oneFound + `, "invocations": [{` + toolError + `}]`), ""},
		"killed": {
			sarifRuns(oneFound + `, "invocations": [{"exitSignalName": "KILL"}]`), "runs[0].invocations[0].exitSignalName",
		},
		"a warning":                 {sarifBroken(`"toolExecutionNotifications": [{"level": "warning"}, {}]`), ""},
		"an empty signal":           {sarifBroken(`"exitSignalName": "", "processStartFailureMessage": null`), ""},
		"other notifications":       {sarifBroken(`"toolConfigurationNotifications": [{"level": "error"}]`), ""},
		"a signal":                  {sarifBroken(`"exitSignalName": "SIGKILL"`), "runs[0].invocations[0].exitSignalName"},
		"a failed start":            {sarifBroken(`"processStartFailureMessage": "x"`), "processStartFailureMessage"},
		"an error notification":     {sarifBroken(`"toolExecutionNotifications": [{}, {"level": "Error"}]`), "[1].level"},
		"in the second run":         {sarifRuns(oneFound, brokenRun(`"exitSignalName": "A"`)), "runs[1].invocations[0]"},
		"a GitLab scan that failed": {gitlabFailed(`{"id": "1", "name": "A"}`), "scan.status"},
		"a GitLab scan":             {gitlabReport(`{"id": "1", "name": "A"}`), ""},
	}
	for title, test := range tests {
		for _, text := range []string{test.text, string(reverseKeys(t, []byte(test.text)))} {
			r := mustParse(t, text)
			if r.Partial != (test.place != "") || len(r.Warnings) != 0 != r.Partial {
				t.Errorf("%s: partial %t, warnings %q", title, r.Partial, r.Warnings)
			}
			if r.Partial && !strings.Contains(r.Warnings[0], test.place) {
				t.Errorf("%s: warning %q, want %q in it", title, r.Warnings[0], test.place)
			}
		}
	}
}

func gitlabList(list string) string { return `{"version": "1", "vulnerabilities": [` + list + `]}` }

func brokenRun(rest string) string {
	return oneFound + `, "invocations": [{` + failed + `, ` + rest + `}]`
}

func sarifBroken(rest string) string { return sarifRuns(brokenRun(rest)) }

func gitlabFailed(list string) string {
	return `{"version": "15.0.4", "scan": {"status": "failure"}, "vulnerabilities": [` + list + `]}`
}

// What a partial report does not contain stays as it is, and counts with its own severity.
func TestCompare_PartialReportResolvesNothing(t *testing.T) {
	finding := func(id string, s models.Severity) Finding {
		return Finding{Identity: wide(id), Title: id, Severity: s, Status: models.StatusOpen}
	}
	seen, missing := finding("seen", models.High), finding("missing", models.Critical)
	waived := earlier(3, finding("waived", models.Critical), models.StatusOpen)
	waived.Status, waived.Assessed.Status = models.StatusRiskAccepted, models.StatusRiskAccepted
	lowered := earlier(4, finding("lowered", models.Low), models.StatusOpen)
	before := said(
		earlier(1, seen, models.StatusOpen), earlier(2, missing, models.StatusOpen), waived, lowered,
		earlier(5, finding("old", models.Critical), models.StatusResolved),
	)
	report := reportOf(seen, finding("new", models.Medium))
	report.Partial = true
	d, err := compare(report, before, time.Unix(1, 0))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Tally{New: 1, Updated: 1}, d.tally); diff != "" || len(d.resolve) != 0 {
		t.Errorf("resolved %v, tally (-want +got):\n%s", d.resolve, diff)
	}
	want := models.Counts{Critical: 1, High: 1, Medium: 1, Low: 1}
	if diff := cmp.Diff(models.Breakdown{Counts: want}, d.counts); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
}
