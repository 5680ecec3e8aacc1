package ingest

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatecrier/models"
)

func cyclonedxReport(components, vulnerabilities string) string {
	return `{"bomFormat": "CycloneDX", "components": [` + components + `], "vulnerabilities": [` + vulnerabilities + `]}`
}

func TestCycloneDXSeverity(t *testing.T) {
	rated := func(list string) string { return cyclonedxReport(``, `{"id": "V", "ratings": [`+list+`]}`) }
	documents{
		"the most severe": {
			rated(`{"severity": "low"}, {"severity": "High"}, {"severity": "info"}`),
			[]string{"high open V"},
		},
		"a score without a word":   {rated(`{"score": 9.0}`), []string{"critical open V"}},
		"a score beside a word":    {rated(`{"score": 9.0, "severity": "low"}`), []string{"low open V"}},
		"a score above a word":     {rated(`{"severity": "medium"}, {"score": 7.5}`), []string{"high open V"}},
		"a score of nothing":       {rated(`{"score": 0}`), []string{"none open V"}},
		"a score as a text":        {rated(`{"score": "4.5", "severity": ""}`), []string{"medium open V"}},
		"neither":                  {rated(`{"vector": "AV:N"}`), []string{"unknown open V"}},
		"a word that says nothing": {rated(`{"severity": "unknown", "score": null}`), []string{"unknown open V"}},
		"unknown beside none":      {rated(`{"severity": "unknown"}, {"severity": "none"}`), []string{"none open V"}},
		"no ratings":               {rated(``), []string{"unknown open V"}},
	}.check(t)
}

func TestCycloneDXStates(t *testing.T) {
	in := func(state string) string {
		return cyclonedxReport(``, `{"id": "V", "ratings": [{"severity": "high"}], "analysis": {"state": "`+state+`"}}`)
	}
	documents{
		"resolved":      {in("resolved"), []string{"high resolved V"}},
		"with pedigree": {in("resolved_with_pedigree"), []string{"high resolved V"}},
		"false":         {in("false_positive"), []string{"high false_positive V"}},
		"not affected":  {in("not_affected"), []string{"high not_affected V"}},
		"exploitable":   {in("exploitable"), []string{"high affected V"}},
		"in triage":     {in("in_triage"), []string{"high in_review V"}},
		"another":       {in("else"), []string{"high open V"}},
	}.check(t)
}

func TestCycloneDXComponents(t *testing.T) {
	a := `{"bom-ref": "a", "name": "A", "version": "1", "purl": "pkg:x/A@1"}`
	twin := `{"bom-ref": "twin", "name": "other", "purl": "pkg:x/A@1"}`
	nested := `{"bom-ref": "outer", "name": "O", "components": [{"bom-ref": "inner", "name": "I", "version": "2"}]}`
	affects := func(refs string) string { return `{"id": "V", "affects": [` + refs + `]}` }
	one, two := []string{"unknown open V"}, []string{"unknown open V", "unknown open V"}
	documents{
		"several":            {cyclonedxReport(a+","+nested, affects(`{"ref": "a"}, {"ref": "outer"}`)), two},
		"nested":             {cyclonedxReport(nested, affects(`{"ref": "outer"}, {"ref": "inner"}`)), two},
		"of one package URL": {cyclonedxReport(a+","+twin, affects(`{"ref": "a"}, {"ref": "twin"}`)), one},
		"the same twice":     {cyclonedxReport(a, affects(`{"ref": "a"}`)+","+affects(`{"ref": "a"}`)), one},
		"named alike": {
			cyclonedxReport(
				`{"bom-ref": "b", "name": "N", "version": "1"}, {"bom-ref": "c", "name": "N", "version": "1"}`,
				affects(`{"ref": "b"}, {"ref": "c"}`),
			),
			one,
		},
		"of another version": {
			cyclonedxReport(
				`{"bom-ref": "b", "name": "N", "version": "1"}, {"bom-ref": "c", "name": "N"}`,
				affects(`{"ref": "b"}, {"ref": "c"}`),
			),
			two,
		},
		"that are not there": {cyclonedxReport(a, affects(`{"ref": "x"}, {"ref": "y"}, {"ref": "x"}`)), two},
		"none":               {cyclonedxReport(a, affects(``)), one},
		"without ids": {
			cyclonedxReport(``, `{"bom-ref": "v1"}, {"bom-ref": "v2"}`),
			[]string{"unknown open v1", "unknown open v2"},
		},
		"of two vulnerabilities": {
			cyclonedxReport(a, `{"id": "V", "affects": [{"ref": "a"}]}, {"id": "W", "affects": [{"ref": "a"}]}`),
			[]string{"unknown open V", "unknown open W"},
		},
		"neither, a version last": {`{"components": [], "vulnerabilities": [], "bomFormat": "CycloneDX", "version": 1}`, nil},
	}.check(t)
}

func TestCycloneDXTexts(t *testing.T) {
	got := onlyFinding(
		t,
		cyclonedxReport(
			`{"bom-ref": "a", "name": "A", "version": "1"}`,
			`{"id": "CVE-1", "description": "why", "recommendation": "upgrade",
		"source": {"url": "https://example.org/1"}, "affects": [{"ref": "a"}]}`,
		),
	)
	want := Finding{
		Title:       "CVE-1",
		Description: "why",
		Component:   "A 1",
		Fix:         "upgrade",
		URL:         "https://example.org/1",
		Severity:    models.Unknown,
		Status:      models.StatusOpen,
	}
	if diff := cmp.Diff(want, got, withKeys); diff != "" {
		t.Errorf("finding (-want +got):\n%s", diff)
	}
	got = onlyFinding(t, `{"bomFormat": "CycloneDX", "metadata": {"component": {"bom-ref": "m", "name": "M"}},
		"vulnerabilities": [{"id": "V", "detail": "more", "advisories": [{"url": "u"}], "affects": [{"ref": "m"}]}]}`)
	want = Finding{
		Title: "V", Description: "more", Component: "M", URL: "u",
		Severity: models.Unknown, Status: models.StatusOpen,
	}
	if diff := cmp.Diff(want, got, withKeys); diff != "" {
		t.Errorf("finding of the subject itself (-want +got):\n%s", diff)
	}
}

func TestCycloneDXTools(t *testing.T) {
	tests := map[string]string{
		`[{"vendor": "v", "name": "A", "version": "1"}, {"name": "B"}]`:             "A",
		`{"services": [{"name": "S"}], "components": [{"name": "C"}, {"name": 1}]}`: "C",
		`{"services": [{"name": "S"}]}`:                                             "S",
		`[]`:                                                                        "",
		`null`:                                                                      "",
	}
	for tools, want := range tests {
		report := mustParse(t, `{"metadata": {"tools": `+tools+`}, "bomFormat": "CycloneDX", "vulnerabilities": []}`)
		if report.Tool != want {
			t.Errorf("tool %q of %s, want %q", report.Tool, tools, want)
		}
	}
}
