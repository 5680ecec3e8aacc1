package apptest_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatecrier/app/apptest"
)

// pushFixture is a product, a token that can only import into it, and a folder of reports.
type pushFixture struct {
	productFixture
	p     *apptest.Program
	admin *apptest.Client
	token string
	dir   string
}

func newPushFixture(t *testing.T, p *apptest.Program, reports map[string][]byte) pushFixture {
	t.Helper()
	f := pushFixture{p: p, admin: p.Client("admin"), dir: t.TempDir()}
	f.productFixture = newProduct(t, f.admin, "Shop", "")
	a := f.admin.Must(http.StatusCreated, "POST", f.path+"/tokens", object{"name": "ci", "role": "upload"})
	f.token, _ = a.Get("token").(string)
	for name, report := range reports {
		if err := os.WriteFile(filepath.Join(f.dir, name), report, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return f
}

// push pushes files of the folder to the product.
func (f pushFixture) push(t *testing.T, args ...string) (int, string, string) {
	t.Helper()
	all := []string{"push", "--url", f.p.URL, "--token", f.token, "--product", "Shop"}
	for _, arg := range args {
		if source, name, ok := strings.Cut(arg, "="); ok && !strings.HasPrefix(arg, "-") {
			arg = source + "=" + filepath.Join(f.dir, name)
		} else if strings.HasSuffix(arg, ".json") {
			arg = filepath.Join(f.dir, arg)
		}
		all = append(all, arg)
	}
	code, out, errs := runCommand(t, all...)
	return code, strings.ReplaceAll(out, f.dir+"/", ""), strings.ReplaceAll(errs, f.dir+"/", "")
}

// The verdict is that of all sources, in whatever order they are sent.
func TestPush_SeveralSourcesFailInBothOrders(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		f := newPushFixture(t, p, map[string][]byte{
			"a.json": apptest.Report(t, "grype-image.json"), "b.json": apptest.Report(t, "grype-none.json"),
		})
		for branch, files := range map[string][]string{
			"one": {"img=a.json", "cfg=b.json"}, "other": {"img=b.json", "cfg=a.json"},
		} {
			for range 2 { // the repeat changes nothing, and fails too
				code, out, errs := f.push(t, append(files, "--fail-on-gate", "--branch", branch)...)
				const failed = "\ngate failed: 1 critical (threshold 0), 18 high (threshold 0)\n"
				if code != 2 || errs != "" || !strings.Contains(out, failed) {
					t.Errorf("%v: exit %d\n%s%s", files, code, out, errs)
				}
			}
			a := f.admin.Must(http.StatusOK, "GET", f.path+"/observations?limit=100&branch="+branch, nil)
			if items, _ := a.Get("items").([]any); len(items) != 35 {
				t.Errorf("%v: %s", files, a.Text)
			}
		}
		code, out, _ := f.push(t, "img=b.json", "cfg=b.json", "--fail-on-gate")
		if code != 0 || !strings.Contains(out, "gate passed") {
			t.Errorf("none of them fails: exit %d %s", code, out)
		}
	})
}

func TestPush_OfOneSourceSendsNothing(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	f := newPushFixture(t, p, map[string][]byte{
		"a.json": apptest.Report(t, "grype-image.json"), "b.json": apptest.Report(t, "grype-none.json"),
	})
	before := stateOf(f.admin, f.productFixture)
	for _, files := range [][]string{
		{"a.json", "b.json"}, {"x=a.json", "x=b.json"}, {"--source=x", "a.json", "x=b.json"},
	} {
		code, out, errs := f.push(t, append(files, "--fail-on-gate")...)
		if code != 1 || out != "" || !strings.HasSuffix(errs, "name them: a=a.json b=b.json\n") {
			t.Errorf("%v: exit %d\n%s%s", files, code, out, errs)
		}
	}
	if after := stateOf(f.admin, f.productFixture); after != before {
		t.Errorf("something was sent:\n%s\nbefore:\n%s", after, before)
	}
}

func TestPush_StopsAtARefusedFile(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	f := newPushFixture(t, p, map[string][]byte{
		"a.json": apptest.Report(t, "grype-image.json"), "b.json": apptest.Report(t, "intake/cdx-sbom-only.json"),
		"c.json": apptest.Report(t, "grype-none.json"),
	})
	code, out, errs := f.push(t, "--fail-on-gate", "a=a.json", "b=b.json", "c=c.json")
	if code != 1 || strings.Contains(out, "gate") || !strings.Contains(errs, "b=b.json: ") ||
		!strings.Contains(errs, "an SBOM is not a scan") ||
		!strings.HasSuffix(errs, "\ngatecrier: imported: a=a.json; not sent: c=c.json\n") {
		t.Errorf("exit %d\n%s%s", code, out, errs)
	}
}

// annotated is a SARIF report with a finding in a line, and one whose text has commands in it.
const annotated = `{"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "Larkscan"}}, "results": [
	{"ruleId": "weak-hash", "level": "error", "locations": [{"physicalLocation": {
		"artifactLocation": {"uri": "src/a, b.go"}, "region": {"startLine": 12}}}]},
	{"ruleId": "##[error]\u001b[31m100%::\u202e", "properties": {"security-severity": "9.8"}}]}]}`

// shownIDs replaces the ids of observations, which depend on the order of their rows.
func (f pushFixture) shownIDs(t *testing.T, out string) string {
	t.Helper()
	a := f.admin.Must(http.StatusOK, "GET", f.path+"/observations", nil)
	for i := range 2 {
		id, title := a.ID(fmt.Sprintf("items.%d.id", i)), a.Get(fmt.Sprintf("items.%d.title", i))
		out = strings.ReplaceAll(out, fmt.Sprintf("/observations/%d\n", id), fmt.Sprintf("/observations/{%.4v}\n", title))
	}
	return strings.ReplaceAll(out, f.p.URL, "URL")
}

func newAnnotated(t *testing.T) pushFixture {
	t.Helper()
	return newPushFixture(t, apptest.Start(t, apptest.Options{}), map[string][]byte{
		"a.json": findingsReport("CVE-1 Medium"), "b.json": []byte(annotated), "c.json": brokenScan("R1"),
	})
}

func TestPush_WritesForGitHub(t *testing.T) {
	summary := filepath.Join(t.TempDir(), "summary.md")
	t.Setenv("GITHUB_STEP_SUMMARY", summary)
	f := newAnnotated(t)
	code, out, errs := f.push(t, "--format", "github", "--fail-on-gate", "img=a.json", "code=b.json", "--branch", "main")
	want := `img=a.json: grype, 1 new, 0 updated, 0 reopened, 0 resolved
code=b.json: sarif, 2 new, 0 updated, 0 reopened, 0 resolved
::error title=critical%3A # #[error]100%25%3A%3A::# #[error]100%25::%0AURL/products/1/observations/{##[e}
::error file=src/a%2C b.go,line=12,title=high%3A weak-hash::weak-hash%0AURL/products/1/observations/{weak}
::notice title=Security gate failed::1 critical (threshold 0), 1 high (threshold 0)%0AURL/products/1?branch=main
`
	got := strings.Split(f.shownIDs(t, out), "\n")
	if diff := cmp.Diff(strings.Split(want, "\n"), got); diff != "" || code != 2 || errs != "" {
		t.Errorf("exit %d, %s (-want +got):\n%s", code, errs, diff)
	}
	page, err := os.ReadFile(summary)
	if err != nil || !strings.HasPrefix(string(page), "### Security gate failed: `Shop`, branch `main`\n") ||
		!strings.Contains(string(page), "| `src/a, b.go:12` |\n") {
		t.Errorf("summary: %v\n%s", err, page)
	}
	_, out, _ = f.push(t, "--format", "github", "c.json")
	if !strings.Contains(out, "\n::warning title=c.json::The scan broke off (in runs[0].invocations[0].exitSignalName)") {
		t.Errorf("a warning: %s", out)
	}
}

func TestPush_WritesForGitLab(t *testing.T) {
	t.Parallel()
	f := newAnnotated(t)
	code, out, errs := f.push(t, "--format", "gitlab", "--fail-on-gate", "img=a.json", "code=b.json")
	var lines []string
	for _, line := range strings.SplitAfter(f.shownIDs(t, out), "\n") {
		if before, after, ok := strings.Cut(line, "\x1b[0Ksection_"); ok && before == "" {
			parts := strings.SplitN(after, ":", 3) // start or end, time, name
			if len(parts) == 3 && len(parts[1]) == 10 {
				line = "\x1b[0Ksection_" + parts[0] + ":TIME:" + parts[2]
			}
		}
		lines = append(lines, line)
	}
	want := "\x1b[0Ksection_start:TIME:gatecrier_reports[collapsed=true]\r\x1b[0KReports: 2 imported\n" +
		"img=a.json: grype, 1 new, 0 updated, 0 reopened, 0 resolved\n" +
		"code=b.json: sarif, 2 new, 0 updated, 0 reopened, 0 resolved\n" +
		"\x1b[0Ksection_end:TIME:gatecrier_reports\r\x1b[0K\n" +
		"\x1b[31;1mSecurity gate failed\x1b[0m: 1 critical (threshold 0), 1 high (threshold 0)\n" +
		"\x1b[0Ksection_start:TIME:gatecrier_failing\r\x1b[0KFailing observations: 2 of 2\n" +
		"  \x1b[31;1mcritical\x1b[0m                  # #[error]100%::\n" +
		"  \x1b[31mhigh\x1b[0m      src/a, b.go:12  weak-hash\n" +
		"\x1b[0Ksection_end:TIME:gatecrier_failing\r\x1b[0K\n" +
		"URL/products/1?branch=main\n"
	if diff := cmp.Diff(strings.SplitAfter(want, "\n"), lines); diff != "" || code != 2 || errs != "" {
		t.Errorf("exit %d, %s (-want +got):\n%s", code, errs, diff)
	}
}

// A report over the limit of the server is refused in words, and changes nothing.
func TestPush_NamesTheLimitOfTheServer(t *testing.T) {
	t.Parallel()
	f := newPushFixture(t, apptest.Start(t, apptest.Options{}), map[string][]byte{
		"a.json": largeReport(20000, sameSeverity("High")),
	})
	f.admin.Must(http.StatusOK, "PATCH", "/settings/reports", object{"max_bytes": 1 << 20})
	code, _, errs := f.push(t, "a.json")
	if code != 1 || !strings.Contains(errs, "(413)") || !strings.Contains(errs, "an administrator can raise") {
		t.Errorf("exit %d: %s", code, errs)
	}
}
