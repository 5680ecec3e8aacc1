package apptest_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"gatecrier/app/apptest"
	"gatecrier/models"
)

// report changes the observation with a title as if its report said more.
func (s productFixture) report(
	t *testing.T, p *apptest.Program, c *apptest.Client, title string, change func(o *models.Observation),
) {
	t.Helper()
	id := s.observation(t, c, title).ID("id")
	if err := p.Store.Write(t.Context(), func(tx *models.Tx) error {
		o, _, err := tx.Observation(tx.Context(), apptest.AllProducts(), id)
		if err != nil {
			return err
		}
		change(&o)
		if err := tx.MoveObservation(o); err != nil {
			return err
		}
		return tx.UpdateObservation(o)
	}); err != nil {
		t.Fatal(err)
	}
}

// everythingKnown sets all that a report can know of an observation.
func everythingKnown(o *models.Observation) {
	o.Description = "# Impact\n\nA **crafted** archive, see [the advisory](https://advisories.example/a).\n\n" +
		"<img src=x onerror=alert(1)> [x](javascript:alert(1))\n\n- one\n- two\n\n```sh\ncurl x | sh\n```"
	o.Component, o.Location, o.Fix, o.URL = "xz 5.6.0", "usr/lib/liblzma.so.5:7", "5.6.1", "https://advisories.example/a"
	o.KEV, o.Unfixed = true, false
	o.Details = models.Details{
		Aliases: []string{"GHSA-rxwq-x6h5-x525"}, Score: 9.8, Vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
		EPSS: 0.9371, Percentile: 0.998, CWEs: []string{"CWE-79", "CWE-506"},
		References: []string{"https://advisories.example/b?c=d&e", "javascript:alert(2)", "see the manual"},
		PURL:       "pkg:deb/debian/liblzma5@5.6.0?arch=amd64", Locations: []string{"usr/bin/xz:1", "opt/<b>/xz"},
		Rule: "embedded-code", Kind: "vulnerability", Markdown: true,
	}.Encode()
}

// fixUnknown removes what a report says of fixes.
func fixUnknown(o *models.Observation) { o.Fix, o.Unfixed = "", false }

// The API returns what reports know, and null or nothing where they know nothing.
func TestObservationDetails_API(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		c := p.Client("admin")
		s := newProduct(t, c, "Shop", "")
		s.upload(c, findingsReport("CVE-1 High", "CVE-2 High", "CVE-3 Low"))
		s.report(t, p, c, "CVE-1", everythingKnown)
		s.report(t, p, c, "CVE-3", fixUnknown)
		s.report(t, p, c, "CVE-2", func(o *models.Observation) {
			o.Unfixed, o.Identity, o.Location = true, []byte("moved"), "there"
			o.Details = models.Details{Vector: "AV:N/AC:L/Au:N/C:N/I:N/A:P", EPSS: 0.01}.Encode()
		})
		for title, want := range map[string]map[string]any{
			"CVE-1": {
				"cvss.score": 9.8, "cvss.vector": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", "epss.probability": 0.9371,
				"epss.percentile": 0.998, "kev": true, "cwes.0": "CWE-79", "cwes.1": "CWE-506",
				"references.1": "javascript:alert(2)", "purl": "pkg:deb/debian/liblzma5@5.6.0?arch=amd64",
				"locations.1": "opt/<b>/xz", "aliases.0": "GHSA-rxwq-x6h5-x525", "fix_available": true,
				"rule": "embedded-code", "kind": "vulnerability", "moved": nil,
			},
			"CVE-2": {
				"cvss.score": nil, "cvss.vector": "AV:N/AC:L/Au:N/C:N/I:N/A:P", "epss.percentile": nil, "kev": false,
				"fix_available": false, "moved.from": "", "moved.at": p.Store.Now().UTC().Format(time.RFC3339Nano),
			},
			"CVE-3": {
				"cvss": nil, "epss": nil, "cwes": []any{}, "references": []any{}, "locations": []any{}, "aliases": []any{},
				"purl": "", "fix_available": nil, "rule": "", "kind": "", "moved": nil, "kev": false,
			},
		} {
			one := s.observation(t, c, title)
			listed := c.Must(http.StatusOK, "GET", s.path+"/observations?q="+title, nil)
			for field, value := range want {
				if got, inList := one.Get(field), listed.Get("items.0."+field); fmt.Sprint(got) != fmt.Sprint(value) ||
					fmt.Sprint(inList) != fmt.Sprint(value) {
					t.Errorf("%s: %s is %v, in the list %v, want %v", title, field, got, inList, value)
				}
			}
		}
	})
}

// Filters by what reports know narrow the list, and what is assessed by a filter.
func TestObservationDetails_Filters(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		c := p.Client("admin")
		s := newProduct(t, c, "Shop", "")
		s.upload(c, findingsReport("CVE-1 High", "CVE-2 High", "CVE-3 Low"))
		s.report(t, p, c, "CVE-1", everythingKnown)
		s.report(t, p, c, "CVE-3", fixUnknown)
		s.report(t, p, c, "CVE-2", func(o *models.Observation) { o.Unfixed = true })
		list := s.path + "/observations"
		for query, want := range map[string]string{
			"":                         "CVE-1 CVE-2 CVE-3",
			"?kev=true":                "CVE-1",
			"?fix=available":           "CVE-1",
			"?fix=none":                "CVE-2",
			"?cwe=CWE-79":              "CVE-1",
			"?cwe=79":                  "CVE-1",
			"?cwe=cwe-506&kev=true":    "CVE-1",
			"?cwe=7":                   "",
			"?cwe=CWE-506&fix=none":    "",
			"?kev=true&severity=low":   "",
			"?cwe=79&active=all&q=cve": "CVE-1",
		} {
			if got := itemTitles(c.Must(http.StatusOK, "GET", list+query, nil)); got != want {
				t.Errorf("%s: %q, want %q", query, got, want)
			}
		}
		for query, field := range map[string]string{
			"?cwe=XSS": "cwe", "?cwe=CWE-": "cwe", "?cwe=%25": "cwe", "?cwe=-1": "cwe", "?cwe=0": "cwe",
			"?fix=maybe": "fix", "?kev=false": "kev",
		} {
			a := c.Must(http.StatusUnprocessableEntity, "GET", list+query, nil)
			if name := fmt.Sprint(a.Get("errors.0.name")); name != field && name != "query."+field {
				t.Errorf("%s: %s", query, a.Text)
			}
		}
		wrong := object{"filter": object{"cwe": "XSS"}, "status": "in_review"}
		a := c.Must(http.StatusUnprocessableEntity, "POST", list+"/assess", wrong)
		if a.Get("errors.0.name") != "filter.cwe" {
			t.Errorf("a wrong weakness in a body: %s", a.Text)
		}
		filter := object{"kev": true, "fix": "available", "cwe": "79"}
		known := object{"filter": filter, "status": "in_review", "expected": 1}
		if a := c.Must(http.StatusOK, "POST", list+"/assess", known); a.ID("changed") != 1 {
			t.Errorf("assessed by a filter: %s", a.Text)
		}
		if got := itemTitles(c.Must(http.StatusOK, "GET", list+"?status=in_review", nil)); got != "CVE-1" {
			t.Errorf("assessed: %s", got)
		}
	})
}
