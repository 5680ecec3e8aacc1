package apptest_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gatecrier/app/apptest"
)

// stateOf returns all that a report could change in a product.
func stateOf(c *apptest.Client, s productFixture) string {
	var texts []string
	for _, path := range []string{"", "/gate", "/gate/history", "/branches", "/observations?active=all"} {
		texts = append(texts, c.Must(http.StatusOK, "GET", s.path+path, nil).Text)
	}
	return strings.Join(texts, "\n")
}

// A refused report changes nothing: neither the gate, nor counts, nor observations.
func TestRefusedReport_ChangesNothing(t *testing.T) {
	t.Parallel()
	var all map[string]struct {
		Refused string
		Clean   bool
	}
	if err := json.Unmarshal(apptest.Report(t, "intake/expected.json"), &all); err != nil {
		t.Fatal(err)
	}
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		c := p.Client("admin")
		s := newProduct(t, c, "Shop", "")
		c.Must(http.StatusCreated, "POST", s.path+"/reports?scanner=x", apptest.Report(t, "intake/seq-fail-1.sarif"))
		before, refused := stateOf(c, s), 0
		for name, want := range all {
			if want.Refused == "" {
				continue
			}
			refused++
			a := c.Must(http.StatusUnprocessableEntity, "POST", s.path+"/reports?scanner=x", apptest.Report(t, "intake/"+name))
			if !strings.Contains(a.Text, want.Refused) {
				t.Errorf("%s: %s, want %q in it", name, a.Text, want.Refused)
			}
			if !want.Clean {
				c.Must(http.StatusUnprocessableEntity, "POST", s.path+"/reports?scanner=x&clean=true",
					apptest.Report(t, "intake/"+name))
			}
			if after := stateOf(c, s); after != before {
				t.Fatalf("%s has changed something:\n%s\nbefore:\n%s", name, after, before)
			}
		}
		if refused < 15 {
			t.Errorf("only %d reports were refused", refused)
		}
	})
}

// The second report of each pair is one of a scan that did not run: the gate stays failed, until a
// user says that the scan found nothing.
func TestRefusedReport_AfterFindings(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	c := p.Client("admin")
	for _, names := range [][2]string{{"seq-fail-1.sarif", "seq-fail-2.sarif"}, {"seq-sbom-1.json", "seq-sbom-2.json"}} {
		s := newProduct(t, c, names[0], "")
		a := c.Must(http.StatusCreated, "POST", s.path+"/reports", apptest.Report(t, "intake/"+names[0]))
		if a.ID("observations.new") != 1 || a.Get("gate.after") != "failed" {
			t.Errorf("%s: %s", names[0], a.Text)
		}
		c.Must(http.StatusUnprocessableEntity, "POST", s.path+"/reports", apptest.Report(t, "intake/"+names[1]))
		if got := c.Must(http.StatusOK, "GET", s.path+"/gate", nil).Get("state"); got != "failed" {
			t.Errorf("%s: gate %v", names[1], got)
		}
		c.Must(http.StatusUnprocessableEntity, "POST", s.path+"/reports?clean=maybe", apptest.Report(t, "intake/"+names[1]))
	}
	a := c.Must(http.StatusCreated, "POST", "/products/2/reports?clean=true", apptest.Report(t, "intake/seq-sbom-2.json"))
	if a.ID("observations.resolved") != 1 || a.Get("gate.after") != "passed" || a.Get("warnings") != nil {
		t.Errorf("a clean report: %s", a.Text)
	}
	a = c.Must(http.StatusCreated, "POST", "/products/2/reports?clean=true", apptest.Report(t, "intake/seq-sbom-1.json"))
	if a.ID("observations.reopened") != 1 || a.Get("gate.after") != "failed" {
		t.Errorf("a report with findings, said to be clean: %s", a.Text)
	}
}

// An empty list names no tool: it resolves what a named scanner had, if a user says that this found nothing.
func TestRefusedReport_EmptyList(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	c := p.Client("admin")
	s := newProduct(t, c, "Shop", "")
	c.Must(http.StatusCreated, "POST", s.path+"/reports", apptest.Report(t, "gitleaks-git.json"))
	for query, text := range map[string]string{
		"": "clean=true and scanner=Gitleaks", "?clean=true": "name the scanner", "?scanner=Gitleaks": "clean=true",
	} {
		a := c.Must(http.StatusUnprocessableEntity, "POST", s.path+"/reports"+query, []byte("[]"))
		if !strings.Contains(a.Text, text) {
			t.Errorf("%q: %s, want %q in it", query, a.Text, text)
		}
	}
	a := c.Must(http.StatusCreated, "POST", s.path+"/reports?clean=true&scanner=Gitleaks", []byte("[]"))
	if a.ID("observations.resolved") != 5 || a.Get("gate.after") != "passed" {
		t.Errorf("a clean scan: %s", a.Text)
	}
}

// brokenScan is a report of a scan that was killed after its first rules. It found one of each.
func brokenScan(rules ...string) []byte {
	var results []string
	for _, rule := range rules {
		results = append(results, `{"ruleId": "`+rule+`", "level": "error"}`)
	}
	return []byte(`{"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "Larkscan"}}, "invocations": ` +
		`[{"executionSuccessful": false, "exitSignalName": "SIGKILL"}], "results": [` + strings.Join(results, ",") + `]}]}`)
}

// A report of a scan that broke off adds, but resolves nothing.
func TestPartialReport_ResolvesNothing(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		c := p.Client("admin")
		s := newProduct(t, c, "Shop", "")
		c.Must(http.StatusCreated, "POST", s.path+"/reports", apptest.Report(t, "intake/seq-fail-1.sarif"))
		for _, fresh := range []int64{1, 0} { // the repeat changes nothing, and warns again
			keyed := c.WithHeader("Idempotency-Key", "build-"+string(rune('a'+fresh)))
			a := keyed.Must(http.StatusCreated, "POST", s.path+"/reports", brokenScan("R1"))
			if a.ID("observations.new") != fresh || a.ID("observations.resolved") != 0 || a.ID("counts.high") != 2 {
				t.Errorf("a partial report: %s", a.Text)
			}
			if !strings.Contains(a.Text, `"warnings":["The scan broke off (in runs[0].invocations[0].exitSignalName)`) {
				t.Errorf("no warning in %s", a.Text)
			}
			again := keyed.Must(http.StatusCreated, "POST", s.path+"/reports", brokenScan("R1"))
			if again.Text != a.Text {
				t.Errorf("the same request again: %s, first %s", again.Text, a.Text)
			}
		}
		if n := c.Must(http.StatusOK, "GET", s.path+"/gate", nil).ID("counts.high"); n != 2 {
			t.Errorf("%d high observations, want 2", n)
		}
	})
}

func TestCLI_PushWarnsAndTakesClean(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	c := p.Client("admin")
	newProduct(t, c, "Shop", "")
	file := filepath.Join(t.TempDir(), "report.json")
	push := func(report []byte, options ...string) (int, string, string) {
		if err := os.WriteFile(file, report, 0o600); err != nil {
			t.Fatal(err)
		}
		args := append([]string{"push", "--url", p.URL, "--token", c.Token, "--product", "Shop"}, options...)
		return runCommand(t, append(args, file)...)
	}
	code, out, errs := push(brokenScan("R1"))
	if code != 0 || !strings.Contains(out, "1 new") || !strings.Contains(errs, "report.json: warning: The scan broke") {
		t.Errorf("a partial report: %d\n%s\n%s", code, out, errs)
	}
	sbom := apptest.Report(t, "intake/cdx-sbom-only.json")
	if code, _, errs = push(sbom); code != 1 || !strings.Contains(errs, "an SBOM is not a scan") {
		t.Errorf("an SBOM: %d %s", code, errs)
	}
	if code, out, errs = push(sbom, "--clean"); code != 0 || !strings.Contains(out, "0 new") {
		t.Errorf("an SBOM with --clean: %d %s", code, errs)
	}
}

func TestUploadPage_WarnsAndTakesClean(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	newProduct(t, p.Client("admin"), "Shop", "")
	user := signedInAs(t, p, "admin")
	user.wantText("/products/1/upload", "The scan ran and found nothing", `name="clean"`)
	upload := func(report []byte, clean bool) (int, string) {
		fields := map[string]string{}
		if clean {
			fields["clean"] = "on"
		}
		return user.uploadReport("/products/1/upload", "report.json", report, fields)
	}
	sbom := apptest.Report(t, "intake/cdx-sbom-only.json")
	if status, page := upload(sbom, false); status != http.StatusUnprocessableEntity ||
		!strings.Contains(page, "an SBOM is not a scan") {
		t.Errorf("an SBOM: %d\n%s", status, page)
	}
	if status, page := upload(sbom, true); status != http.StatusOK || strings.Contains(page, "gc-note") {
		t.Errorf("an SBOM that is clean: %d\n%s", status, page)
	}
	if status, page := upload(brokenScan("R1"), false); status != http.StatusOK ||
		!strings.Contains(page, "The scan broke off (in runs[0].invocations[0].exitSignalName)") {
		t.Errorf("a partial report: %d\n%s", status, page)
	}
}

func TestReports_RefuseUnknownParameters(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	c := p.Client("admin")
	s := newProduct(t, c, "Shop", "")
	a := c.Must(http.StatusUnprocessableEntity, "POST", s.path+"/reports?brnach=feature",
		apptest.Report(t, "grype-none.json"))
	if !strings.Contains(a.Text, "brnach") || !strings.Contains(a.Text, "branch, scanner") {
		t.Errorf("a misspelled branch: %s", a.Text)
	}
	if state := c.Must(http.StatusOK, "GET", s.path, nil).Get("gate.state"); state != "none" {
		t.Errorf("it has changed the gate to %v", state)
	}
}
