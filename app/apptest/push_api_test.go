package apptest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"gatecrier/app/apptest"
	"gatecrier/models"
)

// The answer to a report names what fails the gate, also for a token that cannot read anything.
func TestReportAnswer_NamesFailingObservations(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		c := p.Client("admin")
		s := newProduct(t, c, "Shop", "")
		a := c.Must(http.StatusCreated, "POST", s.path+"/tokens", object{"name": "ci", "role": "upload"})
		token, _ := a.Get("token").(string)
		ci := apptest.NewClient(t, p.URL, token).WithHeader("Idempotency-Key", "build-7")
		first := ci.Must(http.StatusCreated, "POST", s.path+"/reports?branch=a%2Fb", apptest.Report(t, "grype-image.json"))
		items, _ := first.Get("failing").([]any)
		if len(items) != 19 || first.ID("failing_total") != 19 || first.Get("failing.0.severity") != "critical" ||
			first.Get("failing.1.severity") != "high" || first.ID("failing.0.id") == 0 {
			t.Errorf("%d failing: %s", len(items), first.Text)
		}
		for _, field := range []string{"title", "component", "location", "fix"} {
			if text, _ := first.Get("failing.0." + field).(string); text == "" {
				t.Errorf("no %s in %s", field, first.Text)
			}
		}
		if got, want := first.Get("url"), p.BaseURL()+s.path+"?branch=a%2Fb"; got != want {
			t.Errorf("url %v, want %s", got, want)
		}
		again := ci.Must(http.StatusCreated, "POST", s.path+"/reports?branch=a%2Fb", apptest.Report(t, "grype-image.json"))
		if again.Text != first.Text {
			t.Errorf("the repeat is answered %s, first %s", again.Text, first.Text)
		}

		counts := c.Must(http.StatusOK, "PUT", s.path+"/counts", object{"scanner": "x", "counts": criticalCounts(3)})
		if counts.Get("failing") != nil || counts.ID("failing_total") != 3 {
			t.Errorf("bare counts: %s", counts.Text)
		}
		c.Must(http.StatusOK, "PATCH", s.path, object{"gate_mode": "disabled"})
		off := c.Must(http.StatusCreated, "POST", s.path+"/reports", apptest.Report(t, "grype-image.json"))
		if off.Get("failing") != nil || off.Get("failing_total") != nil || off.Get("url") == nil {
			t.Errorf("a disabled gate: %s", off.Text)
		}
	})
}

func TestReportAnswer_NamesAtMostTwentyInOpenAPI(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	c := p.Client("admin")
	s := newProduct(t, c, "Shop", "")
	a := c.Must(http.StatusCreated, "POST", s.path+"/reports", largeReport(50, sameSeverity("High")))
	if items, _ := a.Get("failing").([]any); len(items) != 20 || a.ID("failing_total") != 50 {
		t.Errorf("%d failing of %v", len(items), a.Get("failing_total"))
	}
	document := c.Must(http.StatusOK, "GET", "/openapi.json", nil)
	properties, _ := document.Get("components.schemas.ImportBody.properties").(map[string]any)
	for _, name := range []string{"failing", "failing_total", "url", "counts"} {
		if properties[name] == nil {
			t.Errorf("no property %s in the OpenAPI document: %v", name, properties)
		}
	}
	if !strings.Contains(document.Text, `"FailingItem"`) {
		t.Error("the OpenAPI document does not describe a failing observation")
	}
}

// A report that another import keeps out says when to send it again.
func TestReport_DuringLargeImportSaysWhenToRepeat(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	c := p.Client("admin")
	s := newProduct(t, c, "Shop", "")
	c.Must(http.StatusCreated, "POST", s.path+"/reports?source=a", apptest.Report(t, "grype-image.json"))
	sources, err := p.Store.Sources(t.Context(), apptest.AllProducts(), s.id)
	if err != nil {
		t.Fatal(err)
	}
	err = p.Store.Write(t.Context(), func(tx *models.Tx) error { // another instance imports
		if _, err := tx.TakeLease(fmt.Sprint("import/", sources[0].ID), "another", tx.Now().Add(day)); err != nil {
			return err
		}
		return tx.BeginStaging(&sources[0].Source, 1000)
	})
	if err != nil {
		t.Fatal(err)
	}
	a := c.Must(http.StatusConflict, "POST", s.path+"/reports?source=a", apptest.Report(t, "grype-none.json"))
	if a.Header.Get("Retry-After") != "5" {
		t.Errorf("Retry-After %q: %s", a.Header.Get("Retry-After"), a.Text)
	}
	keyed := c.WithHeader("Idempotency-Key", "k")
	keyed.Must(http.StatusCreated, "POST", s.path+"/reports?source=b", apptest.Report(t, "grype-none.json"))
	a = keyed.Must(http.StatusConflict, "POST", s.path+"/reports?source=b", apptest.Report(t, "grype-image.json"))
	if a.Header.Get("Retry-After") != "" {
		t.Errorf("another report with the same key can never be sent again: %v", a.Header)
	}
}
