package apptest_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gatecrier/app/apptest"
	"gatecrier/models"
)

// intakeFile is what a report of testdata/intake must give.
type intakeFile struct {
	Refused  string
	Counts   models.Counts
	Inactive int
	Headers  map[string]string
}

// intakeFiles returns the files, and their names in order.
func intakeFiles(t *testing.T) (map[string]intakeFile, []string) {
	t.Helper()
	var all map[string]intakeFile
	if err := json.Unmarshal(apptest.Report(t, "intake/expected.json"), &all); err != nil {
		t.Fatal(err)
	}
	if len(all) < 60 {
		t.Fatalf("%d files are too few", len(all))
	}
	return all, slices.Sorted(maps.Keys(all))
}

// Each file gives its counts on a branch of its own, or its refusal.
func TestIntake_ByAPI(t *testing.T) {
	t.Parallel()
	files, names := intakeFiles(t)
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		c := p.Client("admin")
		s := newProduct(t, c, "Shop", "")
		for _, name := range names {
			want, sender := files[name], c
			for key, value := range want.Headers {
				sender = sender.WithHeader(key, value)
			}
			path := s.path + "/reports?branch=" + url.QueryEscape(name)
			if want.Refused != "" {
				a := sender.Must(http.StatusUnprocessableEntity, "POST", path, apptest.Report(t, "intake/"+name))
				if !strings.Contains(strings.ToLower(a.Text), strings.ToLower(inJSON(t, want.Refused))) {
					t.Errorf("%s: %s, want %q in it", name, a.Text, want.Refused)
				}
				continue
			}
			a := sender.Must(http.StatusCreated, "POST", path, apptest.Report(t, "intake/"+name))
			var got struct{ Counts models.Counts }
			if err := json.Unmarshal([]byte(a.Text), &got); err != nil {
				t.Fatal(err)
			}
			if new := a.ID("observations.new"); got.Counts != want.Counts || new != want.Counts.Total()+int64(want.Inactive) {
				t.Errorf("%s: %s, want %+v and %d inactive", name, a.Text, want.Counts, want.Inactive)
			}
		}
	})
}

// inJSON returns a text as a JSON string has it.
func inJSON(t *testing.T, text string) string {
	t.Helper()
	quoted, err := json.Marshal(text)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Trim(string(quoted), `"`)
}

// push and the upload page give the same as the API.
func TestIntake_ByPushAndPage(t *testing.T) {
	t.Parallel()
	files, names := intakeFiles(t)
	p := apptest.Start(t, apptest.Options{})
	c := p.Client("admin")
	s := newProduct(t, c, "Shop", "")
	user := signedInAs(t, p, "admin")
	dir := t.TempDir()
	for _, name := range names {
		want := files[name]
		if want.Headers != nil { // push sends a file as it is
			continue
		}
		file := filepath.Join(dir, name)
		report := apptest.Report(t, "intake/"+name)
		if err := os.WriteFile(file, report, 0o600); err != nil {
			t.Fatal(err)
		}
		code, out, errs := runCommand(t, "push", "--url", p.URL, "--token", c.Token, "--product", "Shop",
			"--branch", "push "+name, file)
		status, page := user.uploadReport(s.path+"/upload", name, report,
			map[string]string{"branch": "page " + name})
		if want.Refused != "" {
			if code != 1 || !strings.Contains(errs, want.Refused) {
				t.Errorf("push %s: %d %s, want %q", name, code, errs, want.Refused)
			}
			if status != http.StatusUnprocessableEntity {
				t.Errorf("page, %s: %d", name, status)
			}
			continue
		}
		if code != 0 || status != http.StatusOK {
			t.Errorf("%s: push %d %s%s, page %d %s", name, code, out, errs, status, page)
			continue
		}
		for _, by := range []string{"push ", "page "} {
			a := c.Must(http.StatusOK, "GET", s.path+"/gate?branch="+url.QueryEscape(by+name), nil)
			var got struct{ Counts models.Counts }
			if err := json.Unmarshal([]byte(a.Text), &got); err != nil {
				t.Fatal(err)
			}
			if got.Counts != want.Counts {
				t.Errorf("%s%s: %+v, want %+v", by, name, got.Counts, want.Counts)
			}
		}
	}
}
