package cli

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestFormatGitHub(t *testing.T) {
	t.Setenv("GITHUB_STEP_SUMMARY", "")
	r := formatted(t, "github", warns("50% done"), imports(failedAnswer))
	wantOutput(t, r.stdout, passedLine+`::warning title=img=a.json::50%25 done
b.json: trivy, 2 new, 0 updated, 0 reopened, 0 resolved
::error title=critical%3A CVE-2026-1::lodash 4.17.20, fix: 4.17.21%0Ahttps://g.example/products/7/observations/11
::error file=src/hash.go,line=12,title=high%3A G401::G401%0Ahttps://g.example/products/7/observations/12
::notice title=Security gate failed::1 critical (threshold 0), 1 high (threshold 0)`+
		"%0Ahttps://g.example/products/7?branch=main\n")
	if r.stderr != "" {
		t.Errorf("stderr: %s", r.stderr)
	}
	r = formatted(t, "github", imports(passedAnswer))
	want := "::notice title=Security gate passed::within all thresholds%0Ahttps://g.example/products/7?branch=main\n"
	if !strings.HasSuffix(r.stdout, want) {
		t.Errorf("passed: %s", r.stdout)
	}
	r = formatted(t, "github", imports(passedAnswer), refuses(422, "No: 1%"))
	want = passedLine + "::error title=Report not imported::" +
		"b.json: No: 1%25 (422)%0Aimported: img=a.json; not sent: none\n"
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
::error title=critical%3A `+property+"::"+
		message+", "+message+", fix: "+message+`%0Ahttps://g.example/products/7/observations/5
::notice title=Security gate failed::1 critical (threshold 0)%0Ahttps://g.example/products/7?branch=main
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
	numbers := fmt.Sprintf(`"failing_total":%d,"warnings":[%s],`, n, strings.Join(texts, ","))
	answer := strings.Replace(failedAnswer, `"failing_total":2,`, numbers, 1)
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
		"1 high (threshold 0)%0A35 more failing observations%0Ahttps://g.example/products/7?branch=main\n",
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
	r := formatted(t, "github", imports(failedAnswer))
	if r.code != 0 || !strings.Contains(r.stderr, "GITHUB_STEP_SUMMARY") {
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
