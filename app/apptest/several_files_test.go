package apptest_test

import (
	"bytes"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"

	"gatecrier/app/apptest"
)

// formFile is a file of a multipart form.
type formFile struct {
	field, name string
	content     []byte
}

// formOf returns a multipart form, and its content type. A file without a name is a plain field.
func formOf(t *testing.T, files ...formFile) (body []byte, kind string) {
	t.Helper()
	var b bytes.Buffer
	form := multipart.NewWriter(&b)
	for _, f := range files {
		create := func() (io.Writer, error) { return form.CreateFormFile(f.field, f.name) }
		if f.name == "" {
			create = func() (io.Writer, error) { return form.CreateFormField(f.field) }
		}
		part, err := create()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := part.Write(f.content); err != nil {
			t.Fatal(err)
		}
	}
	if err := form.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes(), form.FormDataContentType()
}

// postFiles sends files in one request.
func postFiles(t *testing.T, c *apptest.Client, path string, files ...formFile) apptest.Answer {
	t.Helper()
	body, kind := formOf(t, files...)
	return c.WithHeader("Content-Type", kind).Do("POST", path, body)
}

func TestSeveralFiles_AreOneImport(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		receiver := apptest.NewReceiver(t)
		c := p.Client("admin")
		s := newProduct(t, c, "Shop", receiver.URL)
		img := formFile{"img", "a.json", grypeReport(grypeMatches("Critical", "CVE-1"), grypeMatches("High", "CVE-2"))}
		cfg := formFile{"cfg", "b.json", grypeReport(grypeMatches("Critical", "CVE-3"))}
		own := formFile{"file", "c.json", grypeReport(grypeMatches("Low", "CVE-4"))}
		a := postFiles(t, c, s.path+"/reports", img, cfg, own)
		if a.Status != http.StatusCreated || a.Get("branch") != "main" || a.Get("gate.before") != "none" ||
			a.Get("gate.after") != "failed" || a.ID("counts.critical") != 2 || a.ID("counts.high") != 1 ||
			a.ID("failing_total") != 3 || a.Get("format") != nil {
			t.Fatalf("answer: %d %s", a.Status, a.Text)
		}
		for i, want := range []string{
			"file 1 (a.json) grype grype img 2", "file 2 (b.json) grype grype cfg 1", "file 3 (c.json) grype grype  1",
		} {
			at := fmt.Sprintf("files.%d.", i)
			got := fmt.Sprint(a.Get(at+"file"), " ", a.Get(at+"format"), " ", a.Get(at+"scanner"), " ", a.Get(at+"source"), " ",
				a.ID(at+"observations.new"))
			if got != want {
				t.Errorf("%s, want %s", got, want)
			}
		}
		receiver.Wait(t, 1)

		// The first file would pass the gate for a moment, the second fails it again: no change.
		clean := formFile{"img", "a.json", emptyReport}
		two := formFile{"cfg", "b.json", grypeReport(grypeMatches("Critical", "CVE-3", "CVE-5"))}
		a = postFiles(t, c, s.path+"/reports", clean, two)
		if a.Get("gate.after") != "failed" || a.ID("counts.critical") != 2 {
			t.Errorf("answer: %s", a.Text)
		}
		a = postFiles(t, c, s.path+"/reports", clean, formFile{"cfg", "b.json", emptyReport})
		if a.Get("gate.before") != "failed" || a.Get("gate.after") != "passed" {
			t.Errorf("answer: %s", a.Text)
		}
		receiver.Wait(t, 2)
		history := c.Must(http.StatusOK, "GET", s.path+"/gate/history", nil)
		if itemCount(history) != 2 || history.Get("items.0.cause.text") != "reports of grype (img) and grype (cfg)" {
			t.Errorf("history: %s", history.Text)
		}
		one := postFiles(t, c, s.path+"/reports", formFile{"img", "a.json", emptyReport})
		if one.Get("files") != nil || one.Get("format") != "grype" || one.Get("source") != "img" ||
			one.ID("observations.updated") != 0 {
			t.Errorf("one file: %s", one.Text)
		}
	})
}

func TestSeveralFiles_AllOrNone(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		c := p.Client("admin")
		s := newProduct(t, c, "Shop", "")
		c.Must(http.StatusCreated, "POST", s.path+"/reports?source=img", grypeReport(grypeMatches("High", "CVE-1")))
		before := stateOf(c, s)
		good, bad := grypeReport(grypeMatches("Low", "CVE-2")), []byte(`{"what":"is this"}`)
		large := largeReport(3000, sameSeverity("Low"))
		for _, test := range []struct {
			query string
			files []formFile
			want  string
		}{
			{"", []formFile{{"img", "a.json", good}, {"cfg", "b.json", bad}}, "file 2 (b.json): "},
			{"", []formFile{{"img", "a.json", large}, {"cfg", "b.json", bad}}, "file 2 (b.json): "},
			{
				"",
				[]formFile{{"img", "a.json", good}, {"img", "b.json", good}},
				"file 2 (b.json): the same source as file 1 (a.json)",
			},
			{"", []formFile{{"file", "a.json", good}, {"file", "b.json", good}}, "such as image=@a.json and config=@b.json"},
			{"?source=x", []formFile{{"file", "a.json", good}, {"file", "b.json", good}}, `"name":"source"`},
			{"?source=x", []formFile{{"img", "a.json", good}}, `"name":"source"`},
			{"", []formFile{{"branch", "", []byte("dev")}, {"file", "a.json", good}}, `"name":"branch"`},
			{"", nil, `"name":"file"`},
		} {
			a := postFiles(t, c, s.path+"/reports"+test.query, test.files...)
			if a.Status != http.StatusUnprocessableEntity || !strings.Contains(a.Text, test.want) {
				t.Errorf("%d %s, want %s", a.Status, a.Text, test.want)
			}
			if after := stateOf(c, s); after != before {
				t.Fatalf("%s has changed something: %s", test.want, after)
			}
		}
		// Without a name, a field is a file if it is called file.
		if a := postFiles(t, c, s.path+"/reports?source=x", formFile{"file", "", good}); a.Status != http.StatusCreated {
			t.Errorf("a plain field: %d %s", a.Status, a.Text)
		}
	})
}

// A repeat has the same answer, although each form has another boundary.
func TestSeveralFiles_IdempotencyKey(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		c := p.Client("admin").WithHeader("Idempotency-Key", "build-7")
		s := newProduct(t, c, "Shop", "")
		report := grypeReport(grypeMatches("Critical", "CVE-1"))
		img, cfg := formFile{"img", "a.json", report}, formFile{"cfg", "b.json", grypeReport()}
		first := postFiles(t, c, s.path+"/reports", img, cfg)
		again := postFiles(t, c, s.path+"/reports", img, cfg)
		if again.Header.Get("Idempotency-Replayed") != "true" || again.Text != first.Text || again.ID("failing_total") != 1 ||
			again.ID("files.0.observations.new") != 1 {
			t.Errorf("a repeat is answered %s, first %s", again.Text, first.Text)
		}
		for name, files := range map[string][]formFile{
			"other sources": {{"img2", "a.json", report}, cfg}, "another order": {cfg, img}, "one file": {img},
			"other content": {img, {"cfg", "b.json", report}}, "one more": {img, cfg, cfg},
		} {
			if a := postFiles(t, c, s.path+"/reports", files...); a.Status != http.StatusConflict {
				t.Errorf("%s: %d %s", name, a.Status, a.Text)
			}
		}
	})
}

// A large request is staged, and a kill in the middle of it leaves nothing of any of its files.
func TestKill_DuringSeveralLargeFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := startProcess(t, dir)
	c := p.client(t)
	s := newProduct(t, c, "Shop", "")
	c.Must(http.StatusCreated, "POST", s.path+"/reports?source=one", grypeReport(grypeMatches("High", "CVE-1")))
	files := []formFile{
		{"one", "a.json", largeReport(2000, sameSeverity("Critical"))},
		{"two", "b.json", largeReport(40_000, sameSeverity("Critical"))},
		{"small", "c.json", grypeReport(grypeMatches("High", "CVE-1"))},
	}
	body, kind := formOf(t, files...)
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		sendUntilKilledAs(t, p.url+"/api/v1"+s.path+"/reports", c.Token, kind, body)
	}()
	store := p.store(t)
	apptest.Eventually(t, "both large files are staged", func() bool {
		ids, err := store.UnsettledSources(t.Context())
		return err == nil && len(ids) == 2
	})
	p.kill()
	<-sent
	p = startProcess(t, dir)
	c = apptest.NewClient(t, p.url, c.Token)
	a := c.Must(http.StatusOK, "GET", s.path+"/sources", nil)
	if itemCount(a) != 1 || a.Get("items.0.name") != "one" || a.ID("items.0.counts.high") != 1 {
		t.Errorf("after the kill: %s", a.Text)
	}
	apptest.Eventually(t, "what the import left is removed", func() bool {
		a = postFiles(t, c, s.path+"/reports", files...)
		return a.Status != http.StatusConflict
	})
	if a.Status != http.StatusCreated || a.ID("counts.critical") != 42_000 || a.ID("counts.high") != 1 {
		t.Errorf("again: %d %.500s", a.Status, a.Text)
	}
}
