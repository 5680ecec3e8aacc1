package ingest

import (
	"fmt"
	"testing"
)

func TestSARIFSecuritySeverity(t *testing.T) {
	for value, want := range map[string]string{
		`"9.8"`: "critical", `9.8`: "critical", `10`: "critical", `" 7.0 "`: "high", `0.1`: "low", `"MEDIUM"`: "medium",
		`"moderate"`: "medium", `"Info"`: "none", `"none"`: "none",
		// These are none given, so that the rule's level counts.
		`"0.0"`: "low", `0`: "low", `42`: "low", `"10.1"`: "low", `"-1"`: "low", `-1`: "low", `"NaN"`: "low", `"Inf"`: "low",
		`""`: "low", `null`: "low", `"unknown"`: "low", `"bad"`: "low", `true`: "low", `["9.8"]`: "low", `{"v": 9.8}`: "low",
	} {
		rule := `{"id": "R", "defaultConfiguration": {"level": "note"}, "properties": {"security-severity": ` + value + `}}`
		result := `{"ruleId": "R", "properties": {"security-severity": ` + value + `}}`
		leveled := `{"id": "R", "defaultConfiguration": {"level": "note"}}`
		documents{
			value + " of the rule":   {sarifReport(rule, `{"ruleId": "R"}`), []string{want + " open R"}},
			value + " of the result": {sarifReport(leveled, result), []string{want + " open R"}},
		}.check(t)
	}
}

func TestSARIFSeverity_ByKind(t *testing.T) {
	leveled := `{"id": "R", "defaultConfiguration": {"level": "error"}}`
	scored := `{"id": "R", "properties": {"security-severity": "7.5"}}`
	documents{
		"fail":         {sarifReport(leveled, `{"ruleId": "R", "kind": "fail"}`), []string{"high open R"}},
		"another case": {sarifReport(leveled, `{"ruleId": "R", "kind": "Fail"}`), []string{"high open R"}},
		"open":         {sarifReport(leveled, `{"ruleId": "R", "kind": "open"}`), []string{"none open R"}},
		"review, with a level": {
			sarifReport(leveled, `{"ruleId": "R", "kind": "review", "level": "note"}`), []string{"low open R"},
		},
		"review, the rule scored": {sarifReport(scored, `{"ruleId": "R", "kind": "review"}`), []string{"high open R"}},
	}.check(t)
}

// A rule can be the parent of a result's ID.
func TestSARIFHierarchicalRules(t *testing.T) {
	rules := `{"id": "A1", "defaultConfiguration": {"level": "error"}}, ` +
		`{"id": "A1/md5", "defaultConfiguration": {"level": "note"}}, {"id": "B", "defaultConfiguration": {"level": "none"}}`
	for id, want := range map[string]string{
		"A1": "high", "A1/sha1": "high", "A1/md5": "low", "A1/md5/x": "low", "A1/md5/x/y": "low", "A1md5": "medium",
		"A": "medium", "/A1": "medium",
	} {
		documents{id: {sarifReport(rules, fmt.Sprintf(`{"ruleId": %q}`, id)), []string{want + " open " + id}}}.check(t)
	}
	documents{
		"before the index": {sarifReport(rules, `{"ruleId": "A1/x", "ruleIndex": 2}`), []string{"high open A1/x"}},
		"by the index":     {sarifReport(rules, `{"ruleId": "C/x", "ruleIndex": 2}`), []string{"none open C/x"}},
		"with the name of a component": {
			`{"version": "2.1.0", "runs": [{"results": [{"rule": {"id": "A/x", "toolComponent": {"index": 0}}}],
			"tool": {"driver": {"name": "T", "rules": [{"id": "A", "defaultConfiguration": {"level": "note"}}]},
			"extensions": [{"name": "E", "rules": [{"id": "A", "defaultConfiguration": {"level": "error"}}]}]}}]}`,
			[]string{"high open A/x"},
		},
	}.check(t)
}

// overridden is a run with a rule of the driver, and one of each of two extensions.
func overridden(result, invocations string) string {
	rule := func(id string) string { return `{"id": "` + id + `", "defaultConfiguration": {"level": "warning"}}` }
	return `{"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "T", "rules": [` + rule("R") + `]}, ` +
		`"extensions": [{"name": "E", "rules": [` + rule("X") + `]}, {"name": "F", "rules": [` + rule("Y") + `]}]}, ` +
		`"results": [` + result + `], "invocations": [` + invocations + `]}]}`
}

func overrideOf(descriptor, configuration string) string {
	return `{"executionSuccessful": true, "ruleConfigurationOverrides": [{"descriptor": {` + descriptor +
		`}, "configuration": {` + configuration + `}}]}`
}

func TestSARIFOverrides(t *testing.T) {
	up, r, y := `"level": "error"`, `{"ruleId": "R"}`, `{"ruleId": "Y"}`
	tests := documents{}
	add := func(name, result, invocations, want string) {
		test := tests[name]
		test.text, test.want = overridden(result, invocations), []string{want}
		tests[name] = test
	}
	add("by id", r, overrideOf(`"id": "R"`, up), "high open R")
	add("by index", r, overrideOf(`"index": 0`, up), "high open R")
	add("of another rule", r, overrideOf(`"id": "X"`, up), "medium open R")
	add("by an index of another component", `{"ruleId": "Y"}`, overrideOf(`"index": 0`, up), "medium open Y")
	add("in a component", `{"ruleId": "Y"}`, overrideOf(`"index": 0, "toolComponent": {"index": 1}`, up), "high open Y")
	add("in a named component", y, overrideOf(`"index": 0, "toolComponent": {"name": "F"}`, up), "high open Y")
	add("in another component", y, overrideOf(`"id": "Y", "toolComponent": {"index": 0}`, up), "medium open Y")
	add("without a component", `{"ruleId": "Y"}`, overrideOf(`"id": "Y"`, up), "high open Y")
	add("of a result by its index", `{"ruleIndex": 0}`, overrideOf(`"id": "R"`, up), "high open R")
	add("of a rule that is not listed", `{"ruleId": "Z"}`, overrideOf(`"id": "Z"`, up), "high open Z")
	add("of the parent", `{"ruleId": "R/a/b"}`, overrideOf(`"id": "R"`, up), "high open R/a/b")
	add("of a part", `{"ruleId": "R/a/b"}`, overrideOf(`"id": "R/a"`, up), "high open R/a/b")
	add("of a part that it is not", `{"ruleId": "R/b"}`, overrideOf(`"id": "R/a"`, up), "medium open R/b")
	add("without a level", r, overrideOf(`"id": "R"`, `"enabled": true`), "medium open R")
	add("turned off", r, overrideOf(`"id": "R"`, `"enabled": false`), "medium open R")
	add("to none", r, overrideOf(`"id": "R"`, `"level": "none"`), "none open R")
	add("after the level", `{"ruleId": "R", "level": "note"}`, overrideOf(`"id": "R"`, up), "low open R")
	add("after the kind", `{"ruleId": "R", "kind": "open"}`, overrideOf(`"id": "R"`, up), "none open R")
	scored := `{"ruleId": "R", "properties": {"security-severity": 3}}`
	add("after a score", scored, overrideOf(`"id": "R"`, up), "low open R")
	two := overrideOf(`"id": "R"`, `"level": "note"`) + ", " + overrideOf(`"id": "R"`, up)
	add("of its invocation", `{"ruleId": "R", "provenance": {"invocationIndex": 0}}`, two, "low open R")
	add("of the other invocation", `{"ruleId": "R", "provenance": {"invocationIndex": 1}}`, two, "high open R")
	add("of no invocation", `{"ruleId": "R", "provenance": {"invocationIndex": 2}}`, two, "medium open R")
	add("of any invocation, the worst", r, two, "high open R")
	other := `{"ruleConfigurationOverrides": [7, null]}, {"ruleConfigurationOverrides": {"a": []}}`
	add("of another type", r, other, "medium open R")
	tests.check(t)
}
