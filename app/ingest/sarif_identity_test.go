package ingest

import (
	"fmt"
	"testing"
)

// sarifAt returns a result of rule R with other members, and a location with other members.
func sarifAt(members, artifact, region string) string {
	return fmt.Sprintf(`{"ruleId": "R", "locations": [{"physicalLocation": {`+
		`"artifactLocation": {%s}, "region": {%s}}}]%s}`,
		artifact, region, members)
}

// Each part of the identity makes two results two findings; nothing else does.
func TestSARIFIdentity(t *testing.T) {
	const m, file, at = `, "message": {"text": "m"}`, `"uri": "a.go"`, `"startLine": 3, "startColumn": 5`
	base := sarifAt(m, file, at)
	tests := []struct {
		name, other string
		findings    int
	}{
		{"the same", base, 1},
		{"uri", sarifAt(m, `"uri": "b.go"`, at), 2},
		{"base", sarifAt(m, file+`, "uriBaseId": "B"`, at), 2},
		{"line", sarifAt(m, file, `"startLine": 4, "startColumn": 5`), 2},
		{"column", sarifAt(m, file, `"startLine": 3, "startColumn": 6`), 2},
		{"message", sarifAt(`, "message": {"text": "n"}`, file, at), 2},
		{"arguments", sarifAt(`, "message": {"text": "m", "arguments": ["1"]}`, file, at), 2},
		{"fingerprints", sarifAt(m+`, "fingerprints": {"f": "1"}`, file, at), 2},
		{"partial fingerprints", sarifAt(m+`, "partialFingerprints": {"f": "1"}`, file, at), 2},
		{"end line", sarifAt(m, file, at+`, "endLine": 9`), 1},
		{"level", sarifAt(m+`, "level": "error"`, file, at), 1},
		{"guid", sarifAt(m+`, "guid": "1", "correlationGuid": "2"`, file, at), 1},
		{"snippet", sarifAt(m, file, at+`, "snippet": {"text": "x"}`), 2},
		{"empty fingerprints", sarifAt(m+`, "fingerprints": {"f": null, "g": ""}`, file, at), 1},
		{"types of fingerprints", sarifAt(m+`, "fingerprints": [7]`, file, at+`, "snippet": 7`), 1},
	}
	for _, test := range tests {
		for _, text := range bothOrders(t, sarifReport(`{"id": "R"}`, base+", "+test.other)) {
			if n := mustParse(t, text).Findings.Len(); n != test.findings {
				t.Errorf("%s: %d findings, want %d", test.name, n, test.findings)
			}
		}
	}
}

// bothOrders returns a document, and with its keys in reversed order.
func bothOrders(t *testing.T, text string) []string {
	t.Helper()
	return []string{text, string(reverseKeys(t, []byte(text)))}
}

func TestSARIFIdentity_LogicalLocations(t *testing.T) {
	result := func(logical string) string {
		return `{"ruleId": "R", "locations": [{"logicalLocations": [` + logical + `]}]}`
	}
	named := `{"name": "f", "fullyQualifiedName": "a.f"}`
	for name, test := range map[string]struct {
		first, second string
		findings      int
	}{
		"the same":          {named, named, 1},
		"a name":            {`{"name": "f"}`, `{"name": "g"}`, 2},
		"a full name":       {`{"name": "f", "fullyQualifiedName": "b.f"}`, named, 2},
		"overloaded":        {`{"name": "f", "decoratedName": "f(int)"}`, `{"name": "f", "decoratedName": "f(char)"}`, 2},
		"the second":        {named + `, {"name": "x"}`, named + `, {"name": "y"}`, 2},
		"a kind":            {`{"name": "f", "kind": "function"}`, `{"name": "f", "kind": "method"}`, 1},
		"by an index":       {`{"index": 1}`, named, 1},
		"other indexes":     {`{"index": 1}`, `{"index": 0}`, 2},
		"indexes of none":   {`{"index": 7}`, `{"index": 8}`, 2},
		"none and no index": {``, `{"kind": "function"}`, 1},
	} {
		text := `{"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "T"}}, ` +
			`"logicalLocations": [{"name": "z"}, ` + named + `], "results": [` +
			result(test.first) + `, ` + result(test.second) + `]}]}`
		for _, text := range bothOrders(t, text) {
			report := mustParse(t, text)
			if n := report.Findings.Len(); n != test.findings {
				t.Errorf("%s: %d findings, want %d", name, n, test.findings)
			}
			if component := report.Findings.at(0).Component; name == "by an index" && component != "a.f" {
				t.Errorf("component %q, want a.f", component)
			}
		}
	}
}

func TestSARIFIdentity_ArtifactIndex(t *testing.T) {
	for _, test := range []struct {
		first, second string
		findings      int
	}{
		{`"index": 0`, `"uri": "a.go", "uriBaseId": "B"`, 1},
		{`"index": 0`, `"uri": "a.go"`, 2},
		{`"index": 0`, `"index": 1`, 2},
		{`"index": 8`, `"index": 9`, 2},
		{`"index": 1`, `"uri": "b.go", "index": 0`, 1},
	} {
		text := `{"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "T"}}, "artifacts": [` +
			`{"location": {"uri": "a.go", "uriBaseId": "B"}}, {"location": {"uri": "b.go"}}], "results": [` +
			sarifAt("", test.first, `"startLine": 1`) + ", " + sarifAt("", test.second, `"startLine": 1`) + `]}]}`
		for _, text := range bothOrders(t, text) {
			if n := mustParse(t, text).Findings.Len(); n != test.findings {
				t.Errorf("%s and %s: %d findings, want %d", test.first, test.second, n, test.findings)
			}
		}
	}
}

// sarifCategories returns a file with a run of each tool and category, with equal results.
func sarifCategories(runs ...[2]string) string {
	text := ""
	for i, run := range runs {
		if i > 0 {
			text += ", "
		}
		text += fmt.Sprintf(`{"tool": {"driver": {"name": %q}}, "results": [%s], "automationDetails": {"id": %q}}`,
			run[0], sarifResultAt("a.go", 1), run[1])
	}
	return `{"version": "2.1.0", "runs": [` + text + `]}`
}

func TestSARIFCategories(t *testing.T) {
	for name, test := range map[string]struct {
		runs     [][2]string
		findings int
		subject  string
	}{
		"none":                   {[][2]string{{"T", ""}}, 1, ""},
		"with a run":             {[][2]string{{"T", "web/1"}, {"T", "web/2"}}, 1, "web"},
		"with a slash at end":    {[][2]string{{"T", "web/api/"}, {"T", "web/api/7"}}, 1, "web/api"},
		"without a slash":        {[][2]string{{"T", "web"}, {"T", "api"}}, 2, ""},
		"of one run":             {[][2]string{{"T", "web"}}, 1, "web"},
		"without a run":          {[][2]string{{"T", ""}, {"T", "web/1"}}, 2, ""},
		"first, then none":       {[][2]string{{"T", "web/1"}, {"T", ""}}, 2, ""},
		"a path":                 {[][2]string{{"T", "/builds/web/1"}}, 1, ""},
		"of two tools":           {[][2]string{{"T", "web/1"}, {"U", "web/1"}}, 2, "web"},
		"three, two of them one": {[][2]string{{"T", "a/1"}, {"T", "b/1"}, {"T", "a/2"}}, 2, ""},
	} {
		for _, text := range bothOrders(t, sarifCategories(test.runs...)) {
			report := mustParse(t, text)
			if n := report.Findings.Len(); n != test.findings || report.Subject != test.subject {
				t.Errorf("%s: %d findings of %q, want %d of %q", name, n, report.Subject, test.findings, test.subject)
			}
		}
	}
	identity := func(text string) string { return mustParse(t, text).Findings.at(0).Identity }
	if identity(sarifCategories([2]string{"T", "a/1"})) != identity(sarifCategories([2]string{"T", "a/2"})) {
		t.Error("the run is part of the identity")
	}
}
