package ingest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatecrier/models"
)

func sarifReport(rules, results string) string {
	return `{"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "T", "rules": [` + rules + `]}}, ` +
		`"results": [` + results + `]}]}`
}

func TestSARIFSeverity(t *testing.T) {
	scored := `{"id": "R", "properties": {"security-severity": "9.1"}, "defaultConfiguration": {"level": "note"}}`
	leveled := `{"id": "R", "defaultConfiguration": {"level": "note"}}`
	documents{
		"a result's score first": {
			sarifReport(scored, `{"ruleId": "R", "level": "error", "properties": {"security-severity": "4.0"}}`),
			[]string{"medium open R"},
		},
		"as a number": {
			sarifReport(scored, `{"ruleId": "R", "properties": {"security-severity": 7}}`),
			[]string{"high open R"},
		},
		"zero": {
			sarifReport(scored, `{"ruleId": "R", "properties": {"security-severity": "0.0"}}`),
			[]string{"critical open R"},
		},
		"the rule's score": {sarifReport(scored, `{"ruleId": "R", "level": "error"}`), []string{"critical open R"}},
		"an invalid score": {
			sarifReport(leveled, `{"ruleId": "R", "properties": {"security-severity": "bad"}}`),
			[]string{"low open R"},
		},
		"a score that is not one": {
			sarifReport(leveled, `{"ruleId": "R", "properties": {"security-severity": "NaN"}}`),
			[]string{"low open R"},
		},
		"a result's level": {sarifReport(leveled, `{"ruleId": "R", "level": "Error"}`), []string{"high open R"}},
		"the rule's level": {sarifReport(leveled, `{"ruleId": "R"}`), []string{"low open R"}},
		"a warning":        {sarifReport(`{"id": "R"}`, `{"ruleId": "R"}`), []string{"medium open R"}},
		"none":             {sarifReport(``, `{"ruleId": "R", "level": "none"}`), []string{"none open R"}},
		"another word":     {sarifReport(``, `{"ruleId": "R", "level": "fatal"}`), []string{"unknown open R"}},
		"no rule":          {sarifReport(scored, `{"ruleId": "S"}`), []string{"medium open S"}},
		"bands": {
			sarifReport(
				``,
				`{"ruleId": "A", "properties": {"security-severity": "9"}}, `+
					`{"ruleId": "B", "properties": {"security-severity": "8.9"}},
			{"ruleId": "C", "properties": {"security-severity": "6.9"}}, `+
					`{"ruleId": "D", "properties": {"security-severity": "3.9"}}`,
			),
			[]string{"critical open A", "high open B", "low open D", "medium open C"},
		},
	}.check(t)
}

func TestSARIFRuleOfAResult(t *testing.T) {
	extended := func(result string) string {
		return `{"version": "2.1.0", "runs": [{"results": [` + result + `], "tool": {
			"extensions": [{"name": "E0"}, {"name": "E1", "rules": [{"id": "R", ` +
			`"defaultConfiguration": {"level": "none"}}, {"id": "X", "defaultConfiguration": {"level": "error"}}]}],
			"driver": {"name": "T", "rules": [{"id": "R", "defaultConfiguration": {"level": "note"}}]}}}]}`
	}
	documents{
		"by id in the driver first": {extended(`{"ruleId": "R"}`), []string{"low open R"}},
		"by id in an extension":     {extended(`{"ruleId": "X"}`), []string{"high open X"}},
		"by id before the index":    {extended(`{"ruleId": "X", "ruleIndex": 0}`), []string{"high open X"}},
		"by index in the driver":    {extended(`{"ruleIndex": 0}`), []string{"low open R"}},
		"by index in an extension":  {extended(`{"ruleIndex": 1}`), []string{"high open X"}},
		"by index, for another id":  {extended(`{"ruleId": "X/1", "ruleIndex": 1}`), []string{"high open X/1"}},
		"by reference":              {extended(`{"rule": {"id": "X"}}`), []string{"high open X"}},
		"in the component it names": {
			extended(`{"rule": {"index": 0, "toolComponent": {"index": 1}}}`),
			[]string{"none open R"},
		},
		"the same, by id": {
			extended(`{"ruleId": "R", "rule": {"toolComponent": {"index": 1}}}`),
			[]string{"none open R"},
		},
		"an index that is too large":  {extended(`{"ruleId": "Y", "ruleIndex": 7}`), []string{"medium open Y"}},
		"a negative index":            {extended(`{"ruleId": "Y", "ruleIndex": -1}`), []string{"medium open Y"}},
		"neither, named by a message": {extended(`{"message": {"text": "first\nsecond"}}`), []string{"medium open first"}},
	}.check(t)
}

func TestSARIFCountedResults(t *testing.T) {
	suppressed := func(list string) string { return sarifReport(``, `{"ruleId": "R", "suppressions": [`+list+`]}`) }
	documents{
		"suppressed":   {suppressed(`{"kind": "inSource"}`), []string{"medium risk_accepted R"}},
		"accepted":     {suppressed(`{"status": "accepted"}`), []string{"medium risk_accepted R"}},
		"rejected":     {suppressed(`{"status": "rejected"}`), []string{"medium open R"}},
		"under review": {suppressed(`{"status": "underReview"}`), []string{"medium open R"}},
		"one of two rejected": {
			suppressed(`{"status": "rejected"}, {"status": "accepted"}`),
			[]string{"medium open R"},
		},
		"two accepted": {
			suppressed(`{}, {"status": "Accepted"}`),
			[]string{"medium risk_accepted R"},
		},
		"nothing":         {suppressed(`null`), []string{"medium open R"}},
		"no suppressions": {suppressed(``), []string{"medium open R"}},
		"kinds": {
			sarifReport(
				``,
				`{"ruleId": "P", "kind": "pass"}, {"ruleId": "N", "kind": "notApplicable"}, `+
					`{"ruleId": "I", "kind": "informational"}`,
			),
			nil,
		},
		"kinds of findings": {
			sarifReport(``, `{"ruleId": "F", "kind": "fail"}, {"ruleId": "O", "kind": "open"}, `+
				`{"ruleId": "R", "kind": "review"}`),
			[]string{"medium open F", "none open O", "none open R"},
		},
		"baseline": {
			sarifReport(``, `{"ruleId": "A", "baselineState": "absent"}, {"ruleId": "U", "baselineState": "unchanged"}`),
			[]string{"medium open U"},
		},
		"active over inactive": {
			sarifReport(``, `{"ruleId": "R", "level": "error", "suppressions": [{}]}, {"ruleId": "R"}`),
			[]string{"medium open R"},
		},
		"all runs": {
			`{"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "A"}}, "results": [{"ruleId": "R"}]}, ` +
				`{"tool": {"driver": {"name": "B"}}, "results": [{"ruleId": "R"}]}]}`,
			[]string{"medium open R", "medium open R"},
		},
		"rules of their own": {
			`{"version": "2.1.0", "runs": [{"results": [], "tool": {"driver": {"name": "A", ` +
				`"rules": [{"id": "R", "defaultConfiguration": {"level": "error"}}]}}}, ` +
				`{"tool": {"driver": {"name": "B"}}, "results": [{"ruleId": "R"}]}]}`,
			[]string{"medium open R"},
		},
		"no results": {`{"version": "2.1.0", "runs": [{"results": [], "tool": {"driver": {"name": "T"}}}]}`, nil},
		"a place, a line": {
			sarifReport(``, sarifResultAt("a", 1)+","+sarifResultAt("a", 2)+","+sarifResultAt("b", 1)+","+sarifResultAt("a", 1)),
			[]string{"medium open R", "medium open R", "medium open R"},
		},
		"a message": {
			sarifReport(
				``,
				`{"ruleId": "R", "message": {"text": "a"}}, {"ruleId": "R", "message": {"text": "b"}}, `+
					`{"ruleId": "R", "message": {"text": "b"}}`,
			),
			[]string{"medium open R", "medium open R"},
		},
		"a message's arguments": {
			sarifReport(
				``,
				`{"ruleId": "R", "message": {"id": "m", "arguments": ["a"]}}, `+
					`{"ruleId": "R", "message": {"id": "m", "arguments": ["b"]}}`,
			),
			[]string{"medium open R", "medium open R"},
		},
	}.check(t)
}

func sarifResultAt(uri string, line int) string {
	return fmt.Sprintf(
		`{"ruleId": "R", "locations": [{"physicalLocation": {"artifactLocation": {"uri": %q}, `+
			`"region": {"startLine": %d}}}, {}]}`,
		uri,
		line,
	)
}

func TestSARIFTexts(t *testing.T) {
	rule := `{"id": "R", "name": "Rule", "shortDescription": {"text": "short"}, "fullDescription": {"text": "full"}, ` +
		`"helpUri": "https://example.org/R"}`
	result := strings.Replace(
		sarifResultAt("a.go", 7), `"ruleId": "R"`, `"ruleId": "R", "message": {"text": "said"}`, 1,
	)
	got := onlyFinding(t, sarifReport(rule, result))
	want := Finding{
		Title:       "R",
		Description: "said",
		Location:    "a.go:7",
		URL:         "https://example.org/R",
		Details:     `{"rule":"Rule"}`,
		Severity:    models.Medium,
		Status:      models.StatusOpen,
	}
	if diff := cmp.Diff(want, got, withKeys); diff != "" {
		t.Errorf("finding (-want +got):\n%s", diff)
	}
	result = `{"ruleIndex": 0, "locations": [{"logicalLocations": [{"fullyQualifiedName": "a.B.c"}]}]}`
	got = onlyFinding(t, sarifReport(rule, result))
	want = Finding{
		Title:       "R",
		Description: "full",
		Component:   "a.B.c",
		URL:         "https://example.org/R",
		Details:     `{"rule":"Rule"}`,
		Severity:    models.Medium,
		Status:      models.StatusOpen,
	}
	if diff := cmp.Diff(want, got, withKeys); diff != "" {
		t.Errorf("finding by its rule (-want +got):\n%s", diff)
	}
}

// A result can refer to its file by an index into the list of artifacts.
func TestSARIFArtifacts(t *testing.T) {
	result := `{"ruleId": "R", "locations": [{"physicalLocation": {"artifactLocation": {"index": 1}, ` +
		`"region": {"startLine": 7}}}]}`
	results := result + "," + sarifResultAt("b.go", 7)
	text := `{"version": "2.1.0", "runs": [{"results": [` + results + `], "tool": {"driver": {"name": "T"}}, ` +
		`"artifacts": [{"location": {"uri": "a.go"}}, ` +
		`{"location": {"uri": "b.go"}}]}]}`
	for _, text := range []string{text, string(reverseKeys(t, []byte(text)))} {
		if got := onlyFinding(t, text).Location; got != "b.go:7" {
			t.Errorf("location %q, want b.go:7", got)
		}
	}
	named := strings.Replace(text, `"index": 1`, `"uri": "b.go", "index": 9`, 1)
	if got := onlyFinding(t, named).Location; got != "b.go:7" {
		t.Errorf("location %q, want b.go:7", got)
	}
}

func TestSARIFToolOfTheFirstRun(t *testing.T) {
	report := mustParse(
		t,
		`{"version": "2.1.0", "runs": [{"tool": {"driver": {"version": "1.2", "name": "A"}}, "results": []}, `+
			`{"tool": {"driver": {"name": "B"}}, "results": []}]}`,
	)
	if report.Tool != "A" {
		t.Errorf("tool %q, want A", report.Tool)
	}
}
