package apptest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"gatecrier/app/apptest"
	"gatecrier/models"
)

// sourcePathOf returns the path of a product's source in the API, by scanner and name.
func sourcePathOf(t *testing.T, c *apptest.Client, s productFixture, scanner, name string) string {
	t.Helper()
	a := c.Must(http.StatusOK, "GET", s.path+"/sources", nil)
	for i := range itemCount(a) {
		at := fmt.Sprintf("items.%d.", i)
		if a.Get(at+"scanner") == scanner && a.Get(at+"name") == name {
			return fmt.Sprint("/sources/", a.ID(at+"id"))
		}
	}
	t.Fatalf("no source %s (%s): %s", scanner, name, a.Text)
	return ""
}

func TestSource_CanBeRenamed(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		c := p.Client("admin")
		s := newProduct(t, c, "Shop", "")
		report := grypeReport(grypeMatches("High", "CVE-1", "CVE-2"))
		c.Must(http.StatusCreated, "POST", s.path+"/reports?source=old", report)
		c.Must(http.StatusCreated, "POST", s.path+"/reports?source=taken", grypeReport())
		acceptRisk(t, p, s, "CVE-1")
		path := sourcePathOf(t, c, s, "grype", "old")
		for name, want := range map[string]string{
			"taken": "already has a source of this scanner", "": "1 to 255 characters", "a\x01b": "control characters",
		} {
			a := c.Do("PATCH", path, object{"name": name})
			if a.Status != http.StatusUnprocessableEntity || !strings.Contains(a.Text, want) {
				t.Errorf("%q: %d %s", name, a.Status, a.Text)
			}
		}
		a := c.Must(http.StatusOK, "PATCH", path, object{"name": " new "})
		if a.Get("name") != "new" || a.ID("counts.high") != 1 || a.Get("branch") != "main" {
			t.Errorf("renamed: %s", a.Text)
		}
		c.Must(http.StatusOK, "PATCH", path, object{})
		a = c.Must(http.StatusCreated, "POST", s.path+"/reports?source=new", report)
		if a.ID("observations.updated") != 2 || a.ID("counts.high") != 1 {
			t.Errorf("a report of the new name: %s", a.Text)
		}
		a = c.Must(http.StatusCreated, "POST", s.path+"/reports?source=old", report)
		if a.ID("observations.new") != 2 || a.ID("counts.high") != 3 {
			t.Errorf("a report of the old name: %s", a.Text)
		}
		a = c.Must(http.StatusOK, "GET", "/audit?kind=source", nil)
		if itemCount(a) != 1 || a.Get("items.0.name") != "grype (new)" || a.Get("items.0.was.name") != "old" ||
			a.Get("items.0.became.name") != "new" {
			t.Errorf("audit: %s", a.Text)
		}
		c.Must(http.StatusNotFound, "PATCH", "/sources/9999", object{"name": "x"})
	})
}

// A source is removed with its observations and its part of the gate. One of many observations goes
// in parts, none of which keeps the others from writing.
func TestSource_CanBeRemoved(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		receiver := apptest.NewReceiver(t)
		c := p.Client("admin")
		s := newProduct(t, c, "Shop", receiver.URL)
		c.Must(http.StatusCreated, "POST", s.path+"/reports?source=stays", grypeReport(grypeMatches("Low", "CVE-1")))
		c.Must(http.StatusOK, "PUT", s.path+"/counts", object{"scanner": "bare", "counts": criticalCounts(2)})
		receiver.Wait(t, 2)
		c.Must(http.StatusCreated, "POST", s.path+"/reports?source=goes", largeReport(2600, sameSeverity("Critical")))
		acceptRisk(t, p, s, "CVE-000001")

		c.Must(http.StatusNoContent, "DELETE", sourcePathOf(t, c, s, "bare", ""), nil)
		a := c.Must(http.StatusOK, "GET", s.path+"/gate", nil)
		if a.Get("state") != "failed" || a.ID("counts.critical") != 2599 {
			t.Errorf("without the bare counts: %s", a.Text)
		}
		path := sourcePathOf(t, c, s, "grype", "goes")
		c.Must(http.StatusNoContent, "DELETE", path, nil)
		c.Must(http.StatusNotFound, "DELETE", path, nil)
		a = c.Must(http.StatusOK, "GET", s.path+"/gate", nil)
		if a.Get("state") != "passed" || a.ID("counts.critical") != 0 || a.ID("counts.low") != 1 {
			t.Errorf("without the source: %s", a.Text)
		}
		receiver.Wait(t, 3)
		history := c.Must(http.StatusOK, "GET", s.path+"/gate/history", nil)
		if itemCount(history) != 3 || history.Get("items.0.cause.text") != "the removal of the source grype (goes)" {
			t.Errorf("history: %s", history.Text)
		}
		a = c.Must(http.StatusOK, "GET", "/audit?kind=source", nil)
		if itemCount(a) != 2 || a.Get("items.0.action") != "delete" || a.Get("items.0.name") != "grype (goes)" {
			t.Errorf("audit: %s", a.Text)
		}
		s.checkCounts(t, p)
		a = c.Must(http.StatusCreated, "POST", s.path+"/reports?source=goes", grypeReport(grypeMatches("High", "CVE-9")))
		if a.ID("observations.new") != 1 || a.Get("gate.after") != "failed" {
			t.Errorf("a new report: %s", a.Text)
		}
	})
}

// Without any report, a gate does not pass: it is not evaluated until the next one.
func TestSource_LastOfItsBranch(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		receiver := apptest.NewReceiver(t)
		c := p.Client("admin")
		s := newProduct(t, c, "Shop", receiver.URL)
		c.Must(http.StatusCreated, "POST", s.path+"/reports", largeReport(2600, sameSeverity("Critical")))
		receiver.Wait(t, 1)
		page := signedInAs(t, p, "admin")
		path := sourcePathOf(t, c, s, "grype", "")
		page.wantText(s.path+path+"/delete", "changes from failed to not evaluated: no report is left to evaluate")
		c.Must(http.StatusNoContent, "DELETE", path, nil)
		a := c.Must(http.StatusOK, "GET", s.path+"/gate", nil)
		if a.Get("state") != "none" || a.Get("why") != "no report is left to evaluate" || a.ID("counts.critical") != 0 {
			t.Errorf("without a report: %s", a.Text)
		}
		c.Must(http.StatusOK, "PATCH", "/settings/gate", object{"threshold_critical": 7})
		if err := p.App.Sweeper.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		if a = c.Must(http.StatusOK, "GET", s.path+"/gate", nil); a.Get("state") != "none" {
			t.Errorf("with another threshold: %s", a.Text)
		}
		receiver.Wait(t, 2)
		c.Must(http.StatusCreated, "POST", s.path+"/reports", grypeReport(grypeMatches("Low", "CVE-1")))
		receiver.Wait(t, 3)
		history := c.Must(http.StatusOK, "GET", s.path+"/gate/history", nil)
		if itemCount(history) != 3 || history.Get("items.0.from") != "none" || history.Get("items.0.to") != "passed" {
			t.Errorf("history: %s", history.Text)
		}
	})
}

func TestSource_ThatIsNotRemoved(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		c := p.Client("admin")
		s := newProduct(t, c, "Shop", "")
		c.Must(http.StatusCreated, "POST", s.path+"/observations", object{"title": "By hand", "severity": "high"})
		manual := sourcePathOf(t, c, s, "manual", "")
		c.Must(http.StatusConflict, "DELETE", manual, nil)
		c.Must(http.StatusConflict, "PATCH", manual, object{"name": "x"})

		c.Must(http.StatusCreated, "POST", s.path+"/reports?source=busy", grypeReport(grypeMatches("Low", "CVE-1")))
		busy := sourcePathOf(t, c, s, "grype", "busy")
		sources, err := p.Store.Sources(t.Context(), apptest.AllProducts(), s.id)
		if err != nil {
			t.Fatal(err)
		}
		err = p.Store.Write(t.Context(), func(tx *models.Tx) error {
			for _, one := range sources {
				if one.Name == "busy" {
					if _, err := tx.TakeLease(fmt.Sprint("import/", one.ID), "another", tx.Now().Add(time.Hour)); err != nil {
						return err
					}
					return tx.BeginStaging(&one.Source, 1000)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		c.Must(http.StatusConflict, "DELETE", busy, nil)
		c.Must(http.StatusConflict, "PATCH", busy, object{"name": "x"})
		a := c.Must(http.StatusOK, "GET", s.path+"/gate", nil)
		if a.ID("counts.high") != 1 || a.ID("counts.low") != 1 {
			t.Errorf("the gate: %s", a.Text)
		}
	})
}

func TestSourcePages(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	c := p.Client("admin")
	s := newProduct(t, c, "Shop", "")
	c.Must(http.StatusCreated, "POST", s.path+"/reports?source=image", grypeReport(grypeMatches("High", "CVE-1", "CVE-2")))
	c.Must(http.StatusCreated, "POST", s.path+"/reports?source=code", grypeReport(grypeMatches("Low", "CVE-3")))
	acceptRisk(t, p, s, "CVE-1")
	path := s.path + sourcePathOf(t, c, s, "grype", "image")
	user := newPageClient(t, p, "admin")
	page := user.must(http.StatusOK, "GET", s.path)
	for _, want := range []string{"2 sources", path + "/rename", path + "/delete"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page of the product lacks %q", want)
		}
	}
	page = user.must(http.StatusOK, "GET", path+"/rename")
	for _, want := range []string{"Rename source grype (image)", "replaces this source if you send it with"} {
		if !strings.Contains(page, want) {
			t.Errorf("the form lacks %q", want)
		}
	}
	page = user.must(http.StatusUnprocessableEntity, "POST", path+"/rename", "name", "code")
	if !strings.Contains(page, "already has a source of this scanner") || !strings.Contains(page, `value="code"`) {
		t.Error("a name that is taken is not shown again")
	}
	user.must(http.StatusSeeOther, "POST", path+"/rename", "name", "container")
	page = user.must(http.StatusOK, "GET", s.path+"?sources=open")
	if !strings.Contains(page, "container") || !strings.Contains(page, "Source renamed") {
		t.Error("the source is not renamed")
	}
	page = user.must(http.StatusOK, "GET", path+"/delete")
	for _, want := range []string{
		"Remove source grype (container)?", "Lost: 2 observations, 1 assessment, including 1 waiver.",
		"changes from failed to passed",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the confirmation lacks %q:\n%s", want, page)
		}
	}
	user.must(http.StatusSeeOther, "POST", path+"/delete")
	page = user.must(http.StatusOK, "GET", s.path)
	if !strings.Contains(page, "Source removed") || !strings.Contains(page, "1 source<") {
		t.Error("the source is not removed")
	}
	user.must(http.StatusNotFound, "GET", path+"/delete")

	p.User("reader")
	c.Must(http.StatusCreated, "POST", s.path+"/members", object{"user": "reader", "role": "reader"})
	reader := newPageClient(t, p, "reader")
	page = reader.must(http.StatusOK, "GET", s.path)
	if !strings.Contains(page, "code") || strings.Contains(page, "/rename") {
		t.Error("a reader does not see the sources, or sees their actions")
	}
}
