package ingest

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func mustParseGeneric(t *testing.T, text string) Report {
	t.Helper()
	report, err := parseGeneric(strings.NewReader(text))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return report
}

// genericPair is a finding, and the one of the next report that keeps its waiver or not.
type genericPair struct {
	before, after string
	kept          bool
}

func checkGenericPairs(t *testing.T, pairs map[string]genericPair) {
	t.Helper()
	for name, test := range pairs {
		want, waivers := Tally{New: 1, Resolved: 1}, 0
		if test.kept {
			want, waivers = Tally{Updated: 1}, 1
		}
		tally, got := moveWaived(t, mustParseGeneric(t, "["+test.before+"]"), mustParseGeneric(t, "["+test.after+"]"))
		if diff := cmp.Diff(want, tally); diff != "" || got != waivers {
			t.Errorf("%s: %d waivers, want %d; tally (-want +got):\n%s", name, got, waivers, diff)
		}
	}
}

// Only a number after a file is a line; any other is a part of the place.
func TestGeneric_Places(t *testing.T) {
	at := func(location string) string {
		text, err := json.Marshal(location)
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprintf(`{"title": "a", "severity": "high", "location": %s}`, text)
	}
	pairs := map[string]genericPair{}
	for _, pair := range [][2]string{
		{"db:5432", "db:6379"},
		{"http://h:80", "http://h:81"},
		{"fe80::1", "fe80::2"},
		{"[fe80::1]:80", "[fe80::1]:81"},
		{"arn:aws:s3:::b:1", "arn:aws:s3:::b:2"},
		{"img:1", "img:2"},
		{"php:8", "php:7"},
		{"sql:1433", "sql:1434"},
		{"10.0.0.1:80", "10.0.0.1:81"},
		{"x.example.com:80", "x.example.com:81"},
		{"https://h/a.py:1", "https://h/a.py:2"},
		{"registry:5000/till:1", "registry:5000/till:2"},
		{"a.py:3", "b.py:3"},
		{"urn:a.py:1", "urn:a.py:2"},
		{"a.py", "b.py"},
		{"a.py:x", "a.py:y"},
		{"a.unknown:3", "a.unknown:4"},
		{":3", ":4"},
		{"a.py:3:4:5", "a.py:4:4:5"},
		{"src:3", "src:4"},
		{"db:5432:1", "db:5432:2"},
		{"C:1", "C:2"},
	} {
		pairs[pair[0]+" and "+pair[1]] = genericPair{at(pair[0]), at(pair[1]), false}
	}
	for _, pair := range [][2]string{
		{"a.py:3", "a.py:9"},
		{"a.py:3", "a.py:9:4"},
		{"a.py:3", "a.py"},
		{"src/x/A.PY:3:1", "src/x/A.PY:4:2"},
		{"Dockerfile:1", "Dockerfile:2"},
		{"deploy/Dockerfile.prod:1", "deploy/Dockerfile.prod:2"},
		{"Makefile:7", "Makefile:8"},
		{"package-lock.json:12", "package-lock.json:13"},
		{"go.mod:3", "go.mod:5"},
		{"Cargo.toml:3", "Cargo.toml:5"},
		{"./a.py:3", "a.py:4"},
		{`src\a.py:3`, "src/a.py:4"},
		{`C:\src\a.py:3`, `C:\src\a.py:4`},
		{"/w/a.py:3", "/w/a.py:4"},
		{"my-module/main.tf:1", "my-module/main.tf:2"},
		{".env:1", ".env:2"},
		{"a b.py:1", "a b.py:2"},
	} {
		pairs[pair[0]+" and "+pair[1]] = genericPair{at(pair[0]), at(pair[1]), true}
	}
	checkGenericPairs(t, pairs)
}

// What describes a finding that has no vulnerability's ID distinguishes it from others.
func TestGeneric_Descriptions(t *testing.T) {
	of := func(line int, description, more string) string {
		return fmt.Sprintf(`{"title": "a", "severity": "high", "location": "a.py:%d", "description": %q%s}`,
			line, description, more)
	}
	const advisory, weakness = `, "ids": ["LARK-1"], "purl": "pkg:npm/x@1"`, `, "ids": ["CWE-79"], "component": "p"`
	checkGenericPairs(t, map[string]genericPair{
		"another line":               {of(3, "x", ""), of(4, "x", ""), true},
		"another one":                {of(3, "x", ""), of(3, "y", ""), false},
		"another one and line":       {of(3, "x", ""), of(4, "y", ""), false},
		"none before":                {of(3, "", ""), of(3, "y", ""), false},
		"the line in it":             {of(3, "at line 3", ""), of(4, "at line 4", ""), true},
		"a number in it":             {of(3, "port 3", ""), of(4, "port 4", ""), false},
		"of one fingerprint":         {of(3, "x", `, "fingerprint": "f"`), of(4, "y", `, "fingerprint": "f"`), true},
		"of other fingerprints":      {of(3, "x", `, "fingerprint": "f"`), of(4, "y", `, "fingerprint": "g"`), false},
		"of a vulnerability":         {of(3, "x", `, "ids": ["CVE-2031-1"]`), of(3, "y", `, "ids": ["CVE-2031-1"]`), true},
		"of an advisory":             {of(3, "x", advisory), of(3, "y", advisory), true},
		"of a rule":                  {of(3, "x", `, "ids": ["LARK-1"]`), of(3, "y", `, "ids": ["LARK-1"]`), false},
		"of a weakness":              {of(3, "x", `, "ids": ["CWE-79"]`), of(3, "y", `, "ids": ["CWE-79"]`), false},
		"of a weakness of a package": {of(3, "x", weakness), of(3, "y", weakness), false},
	})
}

// A gate that counts only what can be fixed counts what is not of a package.
func TestGeneric_FixAvailable(t *testing.T) {
	for members, unfixed := range map[string]bool{
		``:                         false,
		`, "fix_available": false`: false,
		`, "fix_available": false, "component": " "`:                  false,
		`, "fix_available": false, "component": "p"`:                  true,
		`, "fix_available": false, "purl": "pkg:npm/p@1"`:             true,
		`, "fix_available": false, "purl": "pkg:npm/p@1", "fix": " "`: true,
		`, "fix_available": true, "component": "p"`:                   false,
		`, "component": "p"`:                                          false,
	} {
		report := mustParseGeneric(t, `[{"title": "a", "severity": "high"`+members+`}]`)
		if got := report.Findings.at(0).Unfixed; got != unfixed {
			t.Errorf("%s: unfixed %t, want %t", members, got, unfixed)
		}
	}
}
