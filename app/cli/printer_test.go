package cli

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
)

// hostile is a text that a log, a page and a terminal would take as commands.
const hostile = "X|`<b>@all, a:b 100%\r\n::error::no\x1b[31m \u202e##[add-mask]x \\|"

// hostileAnswer is the answer to a report that has it everywhere.
func hostileAnswer(t *testing.T) http.HandlerFunc {
	t.Helper()
	text, err := json.Marshal(map[string]any{
		"format": "sarif", "branch": "main",
		"observations": map[string]int{"new": 1},
		"counts":       map[string]int{"critical": 1, "high": 0, "medium": 0, "low": 0, "none": 0, "unknown": 0},
		"gate":         map[string]string{"before": "none", "after": "failed", "why": "1 critical (limit 0)"},
		"warnings":     []string{hostile},
		"failing": []map[string]any{{
			"id": 5, "title": hostile, "severity": "critical", "component": hostile, "location": hostile, "fix": hostile,
		}},
		"failing_total": 1,
		"url":           "https://gate.example/products/7?branch=main",
	})
	if err != nil {
		t.Fatal(err)
	}
	return imports(string(text))
}

// formatted pushes a.json and b.json, and returns what stdout and stderr got.
func formatted(t *testing.T, format string, answers ...http.HandlerFunc) ran {
	t.Helper()
	inFolder(t, "a.json", "b.json")
	return runPush(t, newFakeServer(t, answers...), "", "--format", format, "img=a.json", "b.json")
}

func wantOutput(t *testing.T, got, want string) {
	t.Helper()
	if diff := cmp.Diff(strings.Split(want, "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("output (-want +got):\n%s", diff)
	}
}

func warns(text string) http.HandlerFunc {
	return imports(strings.Replace(passedAnswer, `"url"`, `"warnings":["`+text+`"],"url"`, 1))
}

const passedLine = "img=a.json: grype, 0 new, 1 updated, 0 reopened, 2 resolved\n"

func TestFormatText(t *testing.T) {
	r := formatted(t, "text", warns("Half"), imports(failedAnswer))
	wantOutput(t, r.stdout, passedLine+`b.json: trivy, 2 new, 0 updated, 0 reopened, 0 resolved
gate failed: 1 critical (limit 0), 1 high (limit 0)
  critical  lodash 4.17.20  CVE-2026-1  fix: 4.17.21
  high      src/hash.go:12  G401
https://gate.example/products/7?branch=main
`)
	wantOutput(t, r.stderr, "img=a.json: warning: Half\n")

	r = formatted(t, "text", imports(passedAnswer), hostileAnswer(t))
	safe := "X|`<b>@all, a:b 100% ::error::no # #[add-mask]x \\|"
	wantOutput(t, r.stdout, passedLine+`b.json: sarif, 1 new, 0 updated, 0 reopened, 0 resolved
gate failed: 1 critical (limit 0)
  critical  `+safe+"  "+safe+"  fix: "+safe+`
https://gate.example/products/7?branch=main
`)
	wantOutput(t, r.stderr, "b.json: warning: "+safe+"\n")
}

// Without an address of the server, the link is below --url.
func TestFormatText_LinksBelowTheURL(t *testing.T) {
	inFolder(t, "a.json")
	for _, given := range []string{"", "javascript:alert(1)", "/products/7"} {
		answer := strings.Replace(passedAnswer, "https://gate.example/products/7?branch=main", given, 1)
		s := newFakeServer(t, imports(strings.Replace(answer, `"main"`, `"a b/c"`, 1)))
		if r := runPush(t, s, "", "a.json"); !strings.HasSuffix(r.stdout, "\n"+s.URL+"/products/7?branch=a+b%2Fc\n") {
			t.Errorf("%q: %s", given, r.stdout)
		}
	}
}

func TestFormatJSON(t *testing.T) {
	r := formatted(t, "json", warns("Half"), imports(failedAnswer))
	wantOutput(t, r.stdout, `{
  "product": "Shop",
  "branch": "main",
  "files": [
    {
      "file": "a.json",
      "source": "img",
      "format": "grype",
      "branch": "main",
      "observations": {
        "new": 0,
        "updated": 1,
        "reopened": 0,
        "resolved": 2
      },
      "counts": {
        "critical": 0,
        "high": 0,
        "low": 0,
        "medium": 1,
        "none": 0,
        "unknown": 0
      },
      "warnings": [
        "Half"
      ]
    },
    {
      "file": "b.json",
      "source": "",
      "format": "trivy",
      "branch": "main",
      "observations": {
        "new": 2,
        "updated": 0,
        "reopened": 0,
        "resolved": 0
      },
      "counts": {
        "critical": 1,
        "high": 1,
        "low": 0,
        "medium": 0,
        "none": 0,
        "unknown": 0
      },
      "warnings": []
    }
  ],
  "gate": {
    "state": "failed",
    "why": "1 critical (limit 0), 1 high (limit 0)"
  },
  "failing": [
    {
      "id": 11,
      "title": "CVE-2026-1",
      "severity": "critical",
      "component": "lodash 4.17.20",
      "location": "",
      "fix": "4.17.21"
    },
    {
      "id": 12,
      "title": "G401",
      "severity": "high",
      "component": "",
      "location": "src/hash.go:12",
      "fix": ""
    }
  ],
  "failing_total": 2,
  "url": "https://gate.example/products/7?branch=main"
}
`)
	if r.stderr != "img=a.json: warning: Half\n" {
		t.Errorf("stderr: %s", r.stderr)
	}
}

// No byte of the JSON is a control character or a command, and reading it gives the exact text.
func TestFormatJSON_EscapesEverything(t *testing.T) {
	r := formatted(t, "json", hostileAnswer(t))
	for _, c := range r.stdout {
		if c != '\n' && (unicode.IsControl(c) || unicode.Is(unicode.Cf, c)) {
			t.Errorf("%U in the output", c)
		}
	}
	if strings.Contains(r.stdout, "##") {
		t.Error("## in the output")
	}
	var got pushResult
	if err := json.Unmarshal([]byte(r.stdout), &got); err != nil || got.Failing[0].Title != hostile ||
		got.Files[1].Warnings[0] != hostile {
		t.Errorf("%v: %q", err, got.Failing[0].Title)
	}
	if text := harmlessJSON("\"\U000e0041###\""); text != `"\udb40\udc41#\u0023\u0023"` {
		t.Errorf("beyond four digits: %s", text)
	}
}

func TestFormatJSON_AfterARefusal(t *testing.T) {
	r := formatted(t, "json", imports(passedAnswer), refuses(422, "No"))
	var got pushResult
	err := json.Unmarshal([]byte(r.stdout), &got)
	if err != nil || r.code != 1 || got.Gate != nil || len(got.Files) != 1 || *got.Error != (sendError{File: "b.json", Message: "No (422)"}) {
		t.Errorf("exit %d, %v: %s", r.code, err, r.stdout)
	}
	r = formatted(t, "json", refuses(422, "No"))
	if !strings.Contains(r.stdout, `"files": [],`) || !strings.Contains(r.stdout, `"gate": null`) ||
		!strings.Contains(r.stdout, "\"not_sent\": [\n    \"b.json\"\n  ]") {
		t.Errorf("the first: %s", r.stdout)
	}
}

func TestFormatMarkdown(t *testing.T) {
	r := formatted(t, "markdown", warns("Half *done*"), imports(failedAnswer))
	wantOutput(t, r.stdout, "### Security gate failed: `Shop`, branch `main`"+`

1 critical (limit 0), 1 high (limit 0)

| Severity | Observation | Component | Fix | Location |
|---|---|---|---|---|
| critical | [`+"`CVE-2026-1`](https://gate.example/products/7/observations/11) | `lodash 4.17.20` | `4.17.21`"+` |  |
| high | [`+"`G401`](https://gate.example/products/7/observations/12) |  |  | `src/hash.go:12` |"+`

| Report | Format | New | Updated | Reopened | Resolved |
|---|---|--:|--:|--:|--:|
| `+"`img=a.json`"+` | grype | 0 | 1 | 0 | 2 |
| `+"`b.json`"+` | trivy | 2 | 0 | 0 | 0 |

Warnings:

- `+"`img=a.json`"+`: Half \*done\*

[Open in Gatecrier](https://gate.example/products/7?branch=main)
`)
	r = formatted(t, "markdown", hostileAnswer(t))
	const code = "<code>X&#124;&#96;&#60;b&#62;&#64;all&#44; a&#58;b 100&#37; &#58;&#58;error&#58;&#58;no &#35; &#35;&#91;" +
		"add&#45;mask&#93;x &#92;&#124;</code>"
	const prose = "X\\|\\`\\<b\\>@\u200ball, a:b 100% ::error::no #\u200b #\u200b\\[add-mask\\]x \\\\\\|"
	for _, want := range []string{
		"| critical | [" + code + "](https://gate.example/products/7/observations/5) | " + code + " | " + code + " | " + code + " |\n",
		"- `b.json`: " + prose + "\n",
	} {
		if !strings.Contains(r.stdout, want) {
			t.Errorf("no %s in\n%s", want, r.stdout)
		}
	}
}

func TestFormatMarkdown_AfterARefusal(t *testing.T) {
	r := formatted(t, "markdown", imports(passedAnswer), refuses(422, "No <scan>"))
	want := "### Report not imported: `Shop`, branch `main`\n\n`b.json`: No \\<scan\\> (422)\n\nimported: img=a.json; not sent: none\n"
	if r.code != 1 || !strings.HasPrefix(r.stdout, want) || strings.Contains(r.stdout, "gate passed") {
		t.Errorf("exit %d: %s", r.code, r.stdout)
	}
}

func TestMarkdownURL_StaysOneTarget(t *testing.T) {
	if got := mdURL("https://x/a(b) <c>\"|`\n"); got != "https://x/a%28b%29%20%3Cc%3E%22%7C%60%0A" {
		t.Error(got)
	}
}

func TestFormatGitHub(t *testing.T) {
	t.Setenv("GITHUB_STEP_SUMMARY", "")
	r := formatted(t, "github", warns("50% done"), imports(failedAnswer))
	wantOutput(t, r.stdout, passedLine+`::warning title=img=a.json::50%25 done
b.json: trivy, 2 new, 0 updated, 0 reopened, 0 resolved
::error title=critical%3A CVE-2026-1::lodash 4.17.20, fix: 4.17.21%0Ahttps://gate.example/products/7/observations/11
::error file=src/hash.go,line=12,title=high%3A G401::G401%0Ahttps://gate.example/products/7/observations/12
::notice title=Security gate failed::1 critical (limit 0), 1 high (limit 0)%0Ahttps://gate.example/products/7?branch=main
`)
	if r.stderr != "" {
		t.Errorf("stderr: %s", r.stderr)
	}
	r = formatted(t, "github", imports(passedAnswer))
	if !strings.HasSuffix(r.stdout, "::notice title=Security gate passed::within all limits%0Ahttps://gate.example/products/7?branch=main\n") {
		t.Errorf("passed: %s", r.stdout)
	}
	r = formatted(t, "github", imports(passedAnswer), refuses(422, "No: 1%"))
	want := passedLine + "::error title=Report not imported::b.json: No: 1%25 (422)%0Aimported: img=a.json; not sent: none\n"
	if wantOutput(t, r.stdout, want); r.code != 1 {
		t.Errorf("exit %d", r.code)
	}
}

func TestFormatGitHub_EscapesTexts(t *testing.T) {
	r := formatted(t, "github", imports(passedAnswer), hostileAnswer(t))
	const message = "X|`<b>@all, a:b 100%25 ::error::no # #[add-mask]x \\|"
	const property = "X|`<b>@all%2C a%3Ab 100%25 %3A%3Aerror%3A%3Ano # #[add-mask]x \\|"
	wantOutput(t, r.stdout, passedLine+`b.json: sarif, 1 new, 0 updated, 0 reopened, 0 resolved
::warning title=b.json::`+message+`
::error title=critical%3A `+property+"::"+message+", "+message+", fix: "+message+`%0Ahttps://gate.example/products/7/observations/5
::notice title=Security gate failed::1 critical (limit 0)%0Ahttps://gate.example/products/7?branch=main
`)
	if got := githubCommand("error", githubProperties{"a,b", "1", "c:d\r\n%"}, "e:f,\r\n%"); got !=
		"::error file=a%2Cb,line=1,title=c%3Ad%0D%0A%25::e:f,%0D%0A%25" {
		t.Error(got)
	}
}

// manyFailing is the answer to a report with n observations that fail the gate, of which 20 are named.
func manyFailing(n, warnings int) http.HandlerFunc {
	var items, texts []string
	for i := range min(n, 20) {
		items = append(items, fmt.Sprintf(`{"id":%d,"title":"CVE-%d","severity":"high"}`, i+1, i+1))
	}
	for i := range warnings {
		texts = append(texts, fmt.Sprintf(`"warning %d"`, i+1))
	}
	answer := strings.Replace(failedAnswer, `"failing_total":2,`, fmt.Sprintf(`"failing_total":%d,"warnings":[%s],`, n, strings.Join(texts, ",")), 1)
	from, to := strings.Index(answer, `"failing":[`), strings.Index(answer, `"url"`)
	return imports(answer[:from] + `"failing":[` + strings.Join(items, ",") + "]," + answer[to:])
}

func TestFormatGitHub_StaysWithinTheLimits(t *testing.T) {
	r := formatted(t, "github", imports(passedAnswer), manyFailing(45, 12))
	if n, w := strings.Count(r.stdout, "\n::error "), strings.Count(r.stdout, "\n::warning "); n != 10 || w != 10 {
		t.Errorf("%d errors, %d warnings:\n%s", n, w, r.stdout)
	}
	for _, want := range []string{
		"\nb.json: warning: warning 12\n",
		"1 high (limit 0)%0A35 more failing observations%0Ahttps://gate.example/products/7?branch=main\n",
	} {
		if !strings.Contains(r.stdout, want) {
			t.Errorf("no %q:\n%s", want, r.stdout)
		}
	}
	if r = formatted(t, "text", manyFailing(45, 0)); !strings.Contains(r.stdout, "\n  and 25 more\nhttps://") {
		t.Errorf("text: %s", r.stdout)
	}
	if r = formatted(t, "markdown", manyFailing(45, 0)); !strings.Contains(r.stdout, "\n\nAnd 25 more.\n\n") {
		t.Errorf("markdown: %s", r.stdout)
	}
	if r = formatted(t, "text", manyFailing(0, 0)); strings.Contains(r.stdout, "more") {
		t.Errorf("bare counts: %s", r.stdout)
	}
}

func TestFormatGitHub_AppendsTheSummary(t *testing.T) {
	name := filepath.Join(t.TempDir(), "summary.md")
	if err := os.WriteFile(name, []byte("before\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("GITHUB_STEP_SUMMARY", name)
	formatted(t, "github", imports(failedAnswer))
	shown := formatted(t, "markdown", imports(failedAnswer)).stdout
	got, err := os.ReadFile(name)
	if err != nil || string(got) != "before\n"+shown {
		t.Errorf("%v: %s", err, got)
	}
	t.Setenv("GITHUB_STEP_SUMMARY", filepath.Join(name, "none"))
	if r := formatted(t, "github", imports(failedAnswer)); r.code != 0 || !strings.Contains(r.stderr, "GITHUB_STEP_SUMMARY") {
		t.Errorf("it cannot be written: exit %d, %s", r.code, r.stderr)
	}
}

func TestFileOf(t *testing.T) {
	for in, want := range map[string][2]string{
		"src/a.go:12":        {"src/a.go", "12"},
		"src/a.go:12:7":      {"src/a.go", "12"},
		"./src/a.go:1":       {"src/a.go", "1"},
		"Dockerfile:3":       {"Dockerfile", "3"},
		"my dir/a.go:3":      {"my dir/a.go", "3"},
		"package-lock.json":  {"package-lock.json", ""},
		"/usr/lib/x.so":      {},
		"/usr/lib/x.so:1":    {},
		"https://shop:443":   {},
		"https://shop/a?b=1": {},
		"some place":         {},
		"redis":              {},
		"":                   {},
	} {
		if file, line := fileOf(in); file != want[0] || line != want[1] {
			t.Errorf("%q: %q %q, want %q", in, file, line, want)
		}
	}
}

func TestFormatGitLab(t *testing.T) {
	r := formatted(t, "gitlab", warns("Half"), imports(failedAnswer))
	wantOutput(t, r.stdout, "\x1b[0Ksection_start:1777636800:gatecrier_reports[collapsed=true]\r\x1b[0KReports: 2 imported\n"+
		passedLine+"b.json: trivy, 2 new, 0 updated, 0 reopened, 0 resolved\n"+
		"\x1b[0Ksection_end:1777636800:gatecrier_reports\r\x1b[0K\n"+
		"\x1b[33mimg=a.json: warning: Half\x1b[0m\n"+
		"\x1b[31;1mSecurity gate failed\x1b[0m: 1 critical (limit 0), 1 high (limit 0)\n"+
		"\x1b[0Ksection_start:1777636800:gatecrier_failing\r\x1b[0KFailing observations: 2 of 2\n"+
		"  \x1b[31;1mcritical\x1b[0m  lodash 4.17.20  CVE-2026-1  fix: 4.17.21\n"+
		"  \x1b[31mhigh\x1b[0m      src/hash.go:12  G401\n"+
		"\x1b[0Ksection_end:1777636800:gatecrier_failing\r\x1b[0K\n"+
		"https://gate.example/products/7?branch=main\n")
	if r.stderr != "" {
		t.Errorf("stderr: %s", r.stderr)
	}
	r = formatted(t, "gitlab", hostileAnswer(t))
	if n := strings.Count(r.stdout, "\x1b["); n != 2*4+4*2 || strings.Count(r.stdout, "\r") != 4 {
		t.Errorf("%d escape sequences: %q", n, r.stdout)
	}
	r = formatted(t, "gitlab", imports(passedAnswer), refuses(422, "No"))
	if r.code != 1 || !strings.HasSuffix(r.stdout, "\x1b[31;1mReport not imported\x1b[0m: b.json: No (422)\n") {
		t.Errorf("exit %d: %q", r.code, r.stdout)
	}
	r = formatted(t, "gitlab", imports(passedAnswer))
	if !strings.Contains(r.stdout, "\n\x1b[32;1mSecurity gate passed\x1b[0m: within all limits\nhttps://") {
		t.Errorf("passed: %q", r.stdout)
	}
}
