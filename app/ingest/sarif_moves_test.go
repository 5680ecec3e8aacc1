package ingest

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// The files are pairs of reports of one source.
func TestSequences_SARIFAndCycloneDX(t *testing.T) {
	for name, test := range map[string]struct {
		ext     string
		want    Tally
		waivers int
	}{
		"seq-shift": {".sarif", Tally{Updated: 1}, 1},
		"seq-order": {".sarif", Tally{Updated: 2}, 2},
		"seq-clean": {".sarif", Tally{Updated: 1, Resolved: 1}, 1},
		"seq-alias": {".json", Tally{Updated: 1}, 1},
	} {
		read := func(n string) Report {
			return mustParse(t, string(readSample(t, filepath.Join("intake", name+"-"+n+test.ext))))
		}
		tally, waivers := moveWaived(t, read("1"), read("2"))
		if diff := cmp.Diff(test.want, tally); diff != "" || waivers != test.waivers {
			t.Errorf("%s: %d waivers, tally (-want +got):\n%s", name, waivers, diff)
		}
	}
}

// sarifMove is a result in a file and line, with a message and other members of the result and the
// region.
type sarifMove struct {
	rule, file string
	line       int
	message    string
	members    string
	region     string
}

func (m sarifMove) String() string {
	return fmt.Sprintf(`{"ruleId": %q, "message": {"text": %q}, "locations": [{"physicalLocation": {"artifactLocation": `+
		`{"uri": %q}, "region": {"startLine": %d%s}}}]%s}`, m.rule, m.message, m.file, m.line, m.region, m.members)
}

func sarifMoved(list ...sarifMove) string {
	results := ""
	for i, m := range list {
		if i > 0 {
			results += ", "
		}
		results += m.String()
	}
	return sarifReport(``, results)
}

func withPrint(print string) string { return fmt.Sprintf(`, "partialFingerprints": {"h": %q}`, print) }

func withSnippet(code string) string { return fmt.Sprintf(`, "snippet": {"text": %q}`, code) }

func withContext(code string) string {
	return fmt.Sprintf(`}, "contextRegion": {"snippet": {"text": %q}`, code)
}

func TestSARIFMoves(t *testing.T) {
	one := func(a, b sarifMove) [2]string { return [2]string{sarifMoved(a), sarifMoved(b)} }
	m := sarifMove{rule: "R", file: "a.go", line: 12, message: "m"}
	at := func(change func(m *sarifMove)) sarifMove {
		moved := m
		moved.line = 15
		change(&moved)
		return moved
	}
	kept, gone := Tally{Updated: 1}, Tally{New: 1, Resolved: 1}
	tests := moves{}
	add := func(name string, pair [2]string, want Tally, waivers int) {
		test := tests[name]
		test.before, test.after, test.want, test.waivers = pair[0], pair[1], want, waivers
		tests[name] = test
	}
	printed := func(print string) func(*sarifMove) { return func(m *sarifMove) { m.members = withPrint(print) } }
	region := func(text string) func(*sarifMove) { return func(m *sarifMove) { m.region = text } }
	first := func(change func(*sarifMove)) sarifMove {
		moved := m
		change(&moved)
		return moved
	}
	add("another line", one(m, at(func(*sarifMove) {})), kept, 1)
	add("another column", one(first(region(`, "startColumn": 3`)), first(region(`, "startColumn": 4`))), kept, 1)
	add("another file", one(m, at(func(m *sarifMove) { m.file = "b.go" })), gone, 0)
	add("another rule", one(m, at(func(m *sarifMove) { m.rule = "S" })), gone, 0)
	add("another message", one(m, at(func(m *sarifMove) { m.message = "n" })), gone, 0)
	add("a line in the message", one(
		first(func(m *sarifMove) { m.message = "at line 12, column 3" }),
		at(func(m *sarifMove) { m.message = "at line 15, column 7" }),
	), kept, 1)
	add("a number in the message", one(
		first(func(m *sarifMove) { m.message = "port 12" }), at(func(m *sarifMove) { m.message = "port 15" }),
	), gone, 0)
	add("a fingerprint", one(first(printed("a")), at(func(m *sarifMove) {
		m.file, m.message, m.members = "b.go", "n", withPrint("a")
	})), kept, 1)
	add("a fingerprint of another rule", one(first(printed("a")), at(func(m *sarifMove) {
		m.rule, m.file, m.members = "S", "b.go", withPrint("a")
	})), gone, 0)
	add("no fingerprint", one(first(printed("requires login")), at(func(m *sarifMove) {
		m.file, m.members = "b.go", withPrint("requires login")
	})), gone, 0)
	add("another fingerprint", one(first(printed("a")), at(printed("b"))), kept, 0)
	add("a snippet", one(first(region(withSnippet("x\n"))), at(region(withSnippet(" x")))), kept, 1)
	add("another snippet", one(first(region(withSnippet("x"))), at(region(withSnippet("y")))), gone, 0)
	add("a context", one(first(region(withContext("x"))), at(region(withContext("x")))), kept, 1)
	add("another context", one(first(region(withContext("x"))), at(region(withContext("y")))), gone, 0)
	add("a category", [2]string{
		sarifCategories([2]string{"T", "a/1"}), sarifCategories([2]string{"T", "b/1"}),
	}, gone, 0)
	add("another tool", [2]string{sarifCategories([2]string{"T", ""}), sarifCategories([2]string{"U", ""})}, gone, 0)
	tests.check(t)
}

// A fingerprint that repeats in a report identifies nothing, unless rules share it at one place.
func TestSARIFMoves_RepeatedFingerprints(t *testing.T) {
	r := func(rule, file string, line int, print string) sarifMove {
		return sarifMove{rule, file, line, "m", withPrint(print), ""}
	}
	moves{
		"in other files": {
			sarifMoved(r("R", "a.go", 1, "x"), r("R", "b.go", 1, "x")),
			sarifMoved(r("R", "a.go", 1, "x"), r("R", "c.go", 1, "x")),
			Tally{New: 1, Updated: 1, Resolved: 1},
			1,
		},
		"of other rules in other files": {
			sarifMoved(r("R", "a.go", 1, "x"), r("S", "b.go", 1, "x")), sarifMoved(r("S", "c.go", 1, "x")),
			Tally{New: 1, Resolved: 2},
			0,
		},
		"of two rules at a line": {
			sarifMoved(r("R", "a.go", 1, "x"), r("S", "a.go", 1, "x")),
			sarifMoved(r("R", "b.go", 7, "x"), r("S", "b.go", 7, "x")),
			Tally{Updated: 2},
			2,
		},
		"of one rule at a line": {
			sarifReport(``, sarifAt(withPrint("x"), `"uri": "a.go"`, `"startLine": 1, "startColumn": 1`)+", "+
				sarifAt(withPrint("x"), `"uri": "a.go"`, `"startLine": 1, "startColumn": 9`)),
			sarifReport(``, sarifAt(withPrint("x"), `"uri": "b.go"`, `"startLine": 1, "startColumn": 1`)),
			Tally{New: 1, Resolved: 2},
			0,
		},
		"of one result twice": {
			sarifMoved(r("R", "a.go", 1, "x"), r("R", "a.go", 1, "x")), sarifMoved(r("R", "b.go", 9, "x")),
			Tally{Updated: 1},
			1,
		},
		"a number": {
			sarifReport(``, sarifAt(`, "fingerprints": {"h": 7}`, `"uri": "a.go"`, `"startLine": 1`)),
			sarifReport(``, sarifAt(`, "fingerprints": {"h": 7}`, `"uri": "b.go"`, `"startLine": 2`)),
			Tally{Updated: 1},
			1,
		},
		"in categories": {
			`{"version": "2.1.0", "runs": [` + categorized("a", r("R", "a.go", 1, "x")) + `, ` +
				categorized("b", r("R", "a.go", 1, "x")) + `]}`,
			`{"version": "2.1.0", "runs": [` + categorized("b", r("R", "b.go", 1, "x")) + `, ` +
				categorized("a", r("R", "a.go", 1, "x")) + `]}`,
			Tally{Updated: 2},
			2,
		},
	}.check(t)
}

func categorized(category string, result sarifMove) string {
	return fmt.Sprintf(`{"automationDetails": {"id": %q}, "tool": {"driver": {"name": "T"}}, "results": [%s]}`,
		category, result)
}

// The name of a function can change where a file says what the finding is in.
func TestSARIFMoves_LogicalLocations(t *testing.T) {
	in := func(file, function string) string {
		return sarifReport(``, `{"ruleId": "R", "locations": [{"physicalLocation": {"artifactLocation": {"uri": "`+file+
			`"}}, "logicalLocations": [{"name": "`+function+`"}]}]}`)
	}
	moves{
		"in a file": {in("a.go", "f"), in("a.go", "g"), Tally{Updated: 1}, 1},
		"alone":     {in("", "f"), in("", "g"), Tally{New: 1, Resolved: 1}, 0},
	}.check(t)
}

func TestSARIFReport(t *testing.T) {
	run := func(tool, invocations string) string {
		return `{"tool": {"driver": {"name": "` + tool + `"}}, "results": [], "invocations": [` + invocations + `]}`
	}
	ended := `{"startTimeUtc": "2031-02-01T10:00:00Z", "endTimeUtc": "2031-02-01T11:00:00.5Z"}`
	text := `{"version": "2.1.0", "runs": [` + run("A", ended) +
		`, ` + run("B", `{"startTimeUtc": "2031-02-01T12:00:00+02:00"}, {"endTimeUtc": 7}`) + `, ` + run("A", ``) + `]}`
	for _, text := range bothOrders(t, text) {
		report := mustParse(t, text)
		if diff := cmp.Diff([]string{"A", "B"}, report.Tools); diff != "" || report.Tool != "A" {
			t.Errorf("tool %q of (-want +got):\n%s", report.Tool, diff)
		}
		if want := time.Date(2031, 2, 1, 11, 0, 0, 5e8, time.UTC); !report.MadeAt.Equal(want) {
			t.Errorf("made at %s, want %s", report.MadeAt, want)
		}
	}
}
