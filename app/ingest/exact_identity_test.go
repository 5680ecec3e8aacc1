package ingest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatecrier/models"
)

// snippetWriters write a report of findings of one rule in one file, each at a line with a code.
var snippetWriters = map[string]func(list ...coded) string{
	"SARIF": func(list ...coded) string {
		return sarifReport(``, joined(list, func(c coded) string {
			return sarifMove{"R", "a.py", c.line, "m", "", withSnippet(c.code)}.String()
		}))
	},
	"SARIF, a context": func(list ...coded) string {
		return sarifReport(``, joined(list, func(c coded) string {
			return sarifMove{"R", "a.py", c.line, "m", "", withContext(c.code)}.String()
		}))
	},
	"Trivy": func(list ...coded) string {
		return trivyOf("main.tf", `"Misconfigurations": [`+joined(list, func(c coded) string {
			return fmt.Sprintf(`{"ID": "PD-1", "Status": "FAIL", "Message": "m", "CauseMetadata": {"StartLine": %d, `+
				`"Code": {"Lines": [{"Content": "# %d"}, {"Content": %q, "IsCause": true}]}}}`, c.line, len(list), c.code)
		})+`]`)
	},
	"Semgrep": func(list ...coded) string {
		return `{"results": [` + joined(list, func(c coded) string {
			return fmt.Sprintf(`{"check_id": "R", "path": "a.py", "start": {"line": %d, "col": 1}, "extra": {"message": "m", `+
				`"severity": "ERROR", "fingerprint": "requires login", "lines": %q}}`, c.line, c.code)
		}) + `], "errors": [], "paths": {"scanned": ["a.py"]}}`
	},
	"GitLab": func(list ...coded) string {
		return gitlabScanOf("sast", joined(list, func(c coded) string {
			return fmt.Sprintf(`{"id": "uuid-%d-%d", "name": "A", "location": {"file": "a.py", "start_line": %d}, `+
				`"raw_source_code_extract": %q, "identifiers": [{"type": "hawk_rule", "name": "R", "value": "R"}]}`,
				c.line, len(list), c.line, c.code)
		}))
	},
}

// coded is a finding at a line with a code.
type coded struct {
	line int
	code string
}

func joined[T any](list []T, text func(T) string) string {
	var texts []string
	for _, one := range list {
		texts = append(texts, text(one))
	}
	return strings.Join(texts, ", ")
}

// A waiver stays with its code, also where other code takes its line.
func TestWaiver_StaysWithItsCode(t *testing.T) {
	one, two := coded{10, "eval(a)"}, coded{15, "eval(b)"}
	for format, write := range snippetWriters {
		for name, test := range map[string]struct {
			after []coded
			kept  string // the lines of the waived code in the next report
			tally Tally
		}{
			"the other takes its line": {[]coded{{15, "eval(a)"}}, "", Tally{Updated: 1, Resolved: 1}},
			"they swap":                {[]coded{{15, "eval(a)"}, {10, "eval(b)"}}, "10", Tally{Updated: 2}},
			"new code at its line":     {[]coded{one, {15, "eval(c)"}}, "", Tally{Updated: 1, New: 1, Resolved: 1}},
			"new code beside it":       {[]coded{one, two, {15, "eval(c)"}}, "15", Tally{Updated: 2, New: 1}},
			"blanks around it":         {[]coded{one, {15, "  eval(b)\n"}}, "15", Tally{Updated: 2}},
		} {
			t.Run(format+"/"+name, func(t *testing.T) {
				kept, tally := waivedLines(t, "eval(b)", mustParse(t, write(one, two)), mustParse(t, write(test.after...)), write)
				if diff := cmp.Diff(test.tally, tally); diff != "" || kept != test.kept {
					t.Errorf("waived at line %q, want %q; tally (-want +got):\n%s", kept, test.kept, diff)
				}
			})
		}
	}
}

// waivedLines waives the finding of a code, and returns where its waiver is after the next report.
func waivedLines(
	t *testing.T, code string, before, after Report, write func(...coded) string,
) (lines string, tally Tally) {
	t.Helper()
	var want shortDigest
	for f := range mustParse(t, write(coded{1, code})).Findings.All() {
		want = f.Match.snippet
	}
	var list []models.Observation
	for f := range before.Findings.All() {
		o := opened(int64(len(list)+1), f)
		if f.Match.snippet == want {
			o.Status, o.Assessed.Status = models.StatusRiskAccepted, models.StatusRiskAccepted
		}
		list = append(list, o)
	}
	d, err := compare(after, said(list...), time.Unix(1, 0))
	if err != nil {
		t.Fatal(err)
	}
	taken := map[int64]bool{}
	for _, o := range d.updated(d.update) {
		taken[o.ID] = true
		if o.Status == models.StatusRiskAccepted {
			lines += o.Location[strings.LastIndexByte(o.Location, ':')+1:]
		}
	}
	for _, id := range d.resolve {
		taken[id] = true
	}
	for _, o := range list {
		if !taken[o.ID] && o.Status == models.StatusRiskAccepted { // as it was
			lines += o.Location[strings.LastIndexByte(o.Location, ':')+1:]
		}
	}
	return lines, d.tally
}

// Findings of different code at one place are several.
func TestIdentity_Snippets(t *testing.T) {
	for format, write := range snippetWriters {
		for name, test := range map[string]struct {
			list []coded
			want int
		}{
			"two codes":         {[]coded{{3, "x"}, {3, "y"}}, 2},
			"one code twice":    {[]coded{{3, "x"}, {3, "x"}}, 1},
			"blanks around one": {[]coded{{3, "x"}, {3, " x\n"}}, 1},
			"one without code":  {[]coded{{3, "x"}, {3, ""}}, 2},
			"two without code":  {[]coded{{3, ""}, {3, " "}}, 1},
		} {
			if got := mustParse(t, write(test.list...)).Findings.Len(); got != test.want {
				t.Errorf("%s, %s: %d findings, want %d", format, name, got, test.want)
			}
		}
	}
	const bare = `{"check_id": "R", "path": "a", "start": {"line": 1}, ` +
		`"extra": {"message": "m", "lines": "requires login"}}`
	text := `{"results": [` + bare + `, ` + strings.Replace(bare, "requires login", "", 1) + `], "errors": []}`
	if got := mustParse(t, text).Findings.Len(); got != 1 {
		t.Errorf("Semgrep, without an account: %d findings, want 1", got)
	}
}

// The secrets of a commit that GitLab reports at one place are several: each has a waiver of its own.
func TestGitLab_SecretsOfOnePlace(t *testing.T) {
	secret := func(key string) string {
		return fmt.Sprintf(`{"id": %q, "cve": %q, "name": "Key", "raw_source_code_extract": %q, "location": {"file": `+
			`"README.md", "commit": {"sha": "0000000"}, "start_line": 20, "end_line": 20}, "identifiers": `+
			`[{"type": "hawk_rule", "name": "Key", "value": "Key"}]}`, key, key, key)
	}
	of := func(list ...string) string { return gitlabScanOf("secret_detection", strings.Join(list, ",")) }
	if got := mustParse(t, of(secret("HK1"), secret("HK2"))).Findings.Len(); got != 2 {
		t.Errorf("%d findings, want 2", got)
	}
	moves{
		"another takes its place": {of(secret("HK1")), of(secret("HK2")), Tally{New: 1, Resolved: 1}, 0},
		"another beside it":       {of(secret("HK1")), of(secret("HK1"), secret("HK2")), Tally{New: 1, Updated: 1}, 1},
		"one is gone":             {of(secret("HK1"), secret("HK2")), of(secret("HK2")), Tally{Updated: 1, Resolved: 1}, 1},
	}.check(t)
}
