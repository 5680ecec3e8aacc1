package ingest

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatecrier/models"
)

func TestSARIFMessages(t *testing.T) {
	const tool = `"tool": {"driver": {"name": "T", "globalMessageStrings": {"shared": {"text": "of the driver"}, ` +
		`"both": {"text": "of the tool"}, "marked": {"markdown": "*{0}*"}}, "rules": [{"id": "R", "messageStrings": {` +
		`"default": {"text": "Variable '{0}' is not set."}, "both": {"text": "of the rule"}, ` +
		`"braces": {"text": "{{0}} is {0}"}}, "fullDescription": {"text": "of no message"}}]}, ` +
		`"extensions": [{"name": "E", "globalMessageStrings": {"ext": {"text": "of the extension {0}"}}, ` +
		`"rules": [{"id": "X"}]}]}`
	tests := []struct{ rule, message, want string }{
		{"R", `"id": "default", "arguments": ["till"]`, "Variable 'till' is not set."},
		{"R/a/b", `"id": "default", "arguments": ["till"]`, "Variable 'till' is not set."},
		{"R", `"id": "default"`, "Variable '{0}' is not set."},
		{"R", `"id": "both"`, "of the rule"},
		{"R", `"id": "shared"`, "of the driver"},
		{"R", `"id": "braces", "arguments": ["x"]`, "{0} is x"},
		{"R", `"id": "marked", "arguments": ["x"]`, "*x*"},
		{"R", `"id": "other", "arguments": ["x"]`, "of no message"},
		{"R", `"id": "default", "text": "said"`, "said"},
		{"X", `"id": "ext", "arguments": ["x"]`, "of the extension x"},
		{"X", `"id": "shared"`, "of the driver"},
		{"R", `"text": "{1} and {0}, {2} {} {x}", "arguments": ["a", "b"]`, "b and a, {2} {} {x}"},
		{"R", `"text": "{{ template }} {0}"`, "{{ template }} {0}"},
		{"R", `"text": "{0} in {{0}}", "arguments": ["a"]`, "a in {0}"},
		{"R", `"markdown": "**bold**"`, "**bold**"},
		{"R", `"text": "plain", "markdown": "**bold**"`, "plain"},
	}
	for _, test := range tests {
		text := `{"version": "2.1.0", "runs": [{` + tool + `, "results": [{"ruleId": "` + test.rule + `", "message": {` +
			test.message + `}}]}]}`
		for _, text := range bothOrders(t, text) {
			f := onlyFinding(t, text)
			if f.Description != test.want {
				t.Errorf("%s: description %q, want %q", test.message, f.Description, test.want)
			}
			if marked := strings.Contains(test.want, "*"); f.Details.Decode().Markdown != marked {
				t.Errorf("%s: markdown %t, want %t", test.message, !marked, marked)
			}
		}
	}
}

// An argument that repeats in a text cannot make it much longer.
func TestSARIFMessage_IsBounded(t *testing.T) {
	text := withArguments(strings.Repeat("{0}", 1000), []string{strings.Repeat("x", 100_000)})
	if len(text) > 8*maxDescription {
		t.Errorf("%d bytes", len(text))
	}
	id, arguments := unpackMessage(packMessage("id", []string{"a", strings.Repeat("\x01", 100_000), "b"}))
	if id != "id" || arguments[0] != "a" {
		t.Errorf("message %q with %q", id, arguments)
	}
}

func TestWithoutPlaces(t *testing.T) {
	const line = 12
	for text, want := range map[string]string{
		"":                                   "",
		"no number":                          "no number",
		"Tainted value at line 12":           "Tainted value at line #",
		"Line 12: tainted, column 5":         "Line #: tainted, column #",
		"lines 12-15":                        "lines #-#",
		"lines 12 to 15 and 20":              "lines # to # and #",
		"line(12)":                           "line(#)",
		"Line: `12`":                         "Line: `#`",
		"ln 3, col 4":                        "ln #, col #",
		"till.py:12: tainted":                "till.py:#: tainted",
		"src/till.py:12:5 tainted":           "src/till.py:#:# tainted",
		"see till.c(14, 2)":                  "see till.c(#, #)",
		"see https://x.example/a.js#L12-L15": "see https://x.example/a.js#L#-L#",
		"a.js#L12C5":                         "a.js#L#C#",
		"Dockerfile:3 runs as root":          "Dockerfile:# runs as root",
		"tainted at 12:5":                    "tainted at #:#",
		"tainted at 13:5":                    "tainted at 13:5", // the line of nothing
		// Other numbers can distinguish two findings.
		"port 12 is open":                  "port 12 is open",
		"db.example.com:5432 is plain":     "db.example.com:5432 is plain",
		"CVE-2031-12 in lake 1.12":         "CVE-2031-12 in lake 1.12",
		"uses SHA1 and MD5":                "uses SHA1 and MD5",
		"12 lines are too long":            "12 lines are too long",
		"more than 80% of line 1.5":        "more than 80% of line 1.5",
		"deadline 12":                      "deadline 12",
		"line v12, row_3":                  "line v12, row_3",
		"\xff12 line \xff":                 "\xff12 line \xff",
		"ünline 3":                         "ünline 3",
		"[taint](1) at [till.py](2)":       "[taint](1) at [till.py](2)",
		"more than 12 arguments, line 112": "more than 12 arguments, line #",
	} {
		if got := withoutPlaces(text, line); got != want {
			t.Errorf("withoutPlaces(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestSARIFDetails(t *testing.T) {
	rule := `{"id": "R", "name": "sqlInjection", "helpUri": "https://example.org/R", "relationships": [` +
		`{"target": {"id": "89", "toolComponent": {"name": "CWE"}}}, {"target": {"id": "A03", "toolComponent": {"name": ` +
		`"OWASP"}}}, {"target": {"id": "CWE-20"}}], "properties": {"security-severity": "8.1", ` +
		`"tags": ["security", "external/cwe/cwe-089", "CWE-564: Hibernate", "external/owasp/owasp-a1"]}}`
	ofRule := models.Details{Score: 8.1, CWEs: []string{"CWE-20", "CWE-564", "CWE-89"}, Rule: "sqlInjection"}
	with := func(change func(d *models.Details)) models.Details {
		d := ofRule
		change(&d)
		return d
	}
	places := `"locations": [` + strings.Repeat(`{"physicalLocation": {"artifactLocation": {"uri": "a.go"}, `+
		`"region": {"startLine": 1}}}, `, 2) + `{"physicalLocation": {"artifactLocation": {"uri": "b.go"}, ` +
		`"region": {"startLine": 2}}}, {}]`
	for name, test := range map[string]struct {
		result string
		want   models.Details
	}{
		"of the rule":         {`{"ruleId": "R"}`, ofRule},
		"of the rule by name": {`{"ruleIndex": 0}`, ofRule},
		"of a parent":         {`{"ruleId": "R/a"}`, ofRule},
		"its own score": {
			`{"ruleId": "R", "properties": {"security-severity": 5.5}}`, with(func(d *models.Details) { d.Score = 5.5 }),
		},
		"a word": {
			`{"ruleId": "R", "properties": {"security-severity": "low"}}`, with(func(d *models.Details) { d.Score = 0 }),
		},
		"other places": {
			`{"ruleId": "R", ` + places + `}`, with(func(d *models.Details) { d.Locations = []string{"a.go:1", "b.go:2"} }),
		},
		"its own weaknesses": {
			`{"ruleId": "R", "taxa": [{"id": "CWE-79"}, {"id": "7", "toolComponent": {"name": "cwe"}}, {"id": "8"}]}`,
			with(func(d *models.Details) { d.CWEs = []string{"CWE-79", "CWE-7", "CWE-20", "CWE-564", "CWE-89"} }),
		},
		"a page of its own": {
			`{"ruleId": "R", "hostedViewerUri": "https://example.org/1"}`,
			with(func(d *models.Details) { d.References = []string{"https://example.org/1"} }),
		},
		"another rule": {`{"ruleId": "S"}`, models.Details{}},
		"other types":  {`{"ruleId": "S", "taxa": 7, "hostedViewerUri": {}, "provenance": []}`, models.Details{}},
	} {
		for _, text := range bothOrders(t, sarifReport(rule, test.result)) {
			if diff := cmp.Diff(test.want, onlyFinding(t, text).Details.Decode()); diff != "" {
				t.Errorf("%s: details (-want +got):\n%s", name, diff)
			}
		}
	}
}

// Each result has a title: what it has of the texts that name it.
func TestSARIFTitles(t *testing.T) {
	for name, test := range map[string]struct{ rule, result, want string }{
		"the ID":       {`{"id": "R", "name": "n"}`, `{"ruleId": "R/x"}`, "R/x"},
		"of the index": {`{"id": "R", "name": "n"}`, `{"ruleIndex": 0}`, "R"},
		"a rule's name": {
			`{"name": "n", "shortDescription": {"text": "s"}}`, `{"ruleIndex": 0, "message": {"text": "m"}}`, "n",
		},
		"a rule's text": {`{"shortDescription": {"text": "s"}}`, `{"ruleIndex": 0, "message": {"text": "m"}}`, "s"},
		"the message":   {``, `{"message": {"text": "\n one\ntwo"}}`, "one"},
		"the part":      {``, `{"locations": [{"logicalLocations": [{"name": "f"}]}]}`, "f"},
		"the place": {
			``, `{"locations": [{"physicalLocation": {"artifactLocation": {"uri": "a.go"}, "region": {"startLine": 3}}}]}`,
			"a.go:3",
		},
		"the tool": {``, `{}`, "Result of T"},
	} {
		for _, text := range bothOrders(t, sarifReport(test.rule, test.result)) {
			if got := onlyFinding(t, text).Title; got != test.want {
				t.Errorf("%s: title %q, want %q", name, got, test.want)
			}
		}
	}
}
