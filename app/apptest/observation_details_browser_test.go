package apptest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"gatecrier/app/apptest"
	"gatecrier/models"
)

// The page of an observation shows all that its report knows, and nothing of it is active.
func TestObservationDetailsInTheBrowser(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{ClockBehind: 4 * time.Hour})
	c := p.Client("admin")
	s := newProduct(t, c, "Shop", "")
	s.upload(c, findingsReport("CVE-1 High", "CVE-2 High", "CVE-3 Low"))
	s.assess(t, c, "CVE-1", object{"status": "in_review"})
	p.Clock.Advance(time.Hour)
	s.report(t, p, c, "CVE-1", func(o *models.Observation) { o.Location = "usr/lib/liblzma.so.5:3" })
	s.report(t, p, c, "CVE-1", func(o *models.Observation) { o.Identity = []byte("moved"); everythingKnown(o) })
	p.Clock.Advance(time.Hour)
	s.assess(t, c, "CVE-1", object{"status": "open"})
	s.report(t, p, c, "CVE-2", func(o *models.Observation) {
		o.Unfixed, o.Description, o.Title = true, "A line of a report\nthat has no title", ""
	})
	b := apptest.NewBrowser(t, p.URL)
	signInBrowser(b, "admin", apptest.Password)

	checkNoLayoutShift(t, b, "observation-details", "/products/1/observations/1")
	b.WantText(
		"known exploited", "9.8 version 3.1", "CVSS:3.1/AV:N", "93.7% percentile 99.8%", "CWE-79", "GHSA-rxwq-x6h5-x525",
		"→ fixed in 5.6.1", "pkg:deb/debian/liblzma5@5.6.0?arch=amd64", "usr/bin/xz:1 opt/<b>/xz", "javascript:alert(2)",
		"see the manual", "embedded-code", "A crafted archive", "<img src=x onerror=alert(1)> x",
		"Moved from usr/lib/liblzma.so.5:3 to usr/lib/liblzma.so.5:7",
	)
	b.WaitFor("no link of the report leads anywhere but to the web", `
		[...document.querySelectorAll("main .gc-md a, main .gc-facts a")].length === 5 &&
		[...document.querySelectorAll("main .gc-md a, main .gc-facts a")].every(a => a.protocol === "https:" &&
			a.rel === "noopener noreferrer nofollow") && !document.querySelector("main img, main .gc-md script")`)
	b.WaitFor("the move is between the assessments", `
		[...document.querySelectorAll(".gc-assessed li")].findIndex(li => /Moved\s+from/.test(li.textContent)) === 1`)
	b.TabThrough("the page of an observation with details")
	b.Do(chromedp.Click("[aria-label='Copy the package URL']"))

	b.Open("/products/1/observations/2")
	b.WantText("A line of a report", "No fixed version yet")
	b.CheckPage("observation-without-title")

	// The gate fails again by one that is known to be exploited.
	for _, status := range []any{"false_positive", nil} {
		for _, path := range []string{"/observations/1", "/observations/2"} {
			c.Must(http.StatusOK, "PATCH", path, object{"status": status})
		}
	}
	b.Open("/products/1?tab=history")
	b.WantText("CVE-1 known exploited xz 5.6.0 → fixed in 5.6.1")
	b.CheckPage("history-exploited")
	b.Press(".gc-failing a")
	b.WantText("Details")
	id := c.Must(http.StatusOK, "GET", "/notifications?limit=1&type=gate.changed", nil).ID("items.0.id")
	b.Open(fmt.Sprintf("/inbox/%d", id))
	b.WantText("CVE-1 known exploited xz 5.6.0 → fixed in 5.6.1")
	b.CheckPage("notification-exploited")

	// The filters by what reports know are in the URL, and lead to an assessment.
	b.Open("/products/1")
	b.WantText("known exploited", "no fixed version yet", "A line of a report", "Impact A crafted archive")
	b.CheckPage("observations-details")
	b.Do(chromedp.Click(".gc-filter summary"))
	b.Do(chromedp.SetValue("#find-kev", "true"))
	b.Fill("#find-cwe", "79")
	b.Press(".gc-filter button")
	b.WantText("1 observation shown", "CVE-1")
	b.CheckPage("observations-exploited")
	b.Fill("#find-cwe", "80")
	b.Press(".gc-filter button")
	b.WantText("No observations match", "Not every scanner reports")
	b.CheckPage("observations-no-weakness")
	b.Fill("#find-cwe", "XSS")
	b.Press(".gc-filter button")
	b.WantText("Enter a weakness such as CWE-79", "Invalid filter")
	b.CheckPage("observations-wrong-weakness")
}

// Filters by what reports know work in the pages as in the API; a wrong one assesses nothing.
func TestObservationDetails_Pages(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		c := p.Client("admin")
		s := newProduct(t, c, "Shop", "")
		s.upload(c, findingsReport("CVE-1 High", "CVE-2 High", "CVE-3 Low"))
		s.report(t, p, c, "CVE-1", everythingKnown)
		s.report(t, p, c, "CVE-3", fixUnknown)
		s.report(t, p, c, "CVE-2", func(o *models.Observation) {
			o.Unfixed, o.Description = true, strings.Repeat("> ", 300)
			o.Details = models.Details{CWEs: []string{"CWE-79"}, Markdown: true}.Encode()
		})
		admin := signedInAs(t, p, "admin")
		for query, want := range map[string]string{
			"?kev=true":             "1 observation shown",
			"?kev=maybe&fix=x":      "3 observations shown",
			"?fix=available":        "1 observation shown",
			"?fix=none":             "1 observation shown",
			"?cwe=79":               "2 observations shown",
			"?cwe=CWE-79&kev=true":  "1 observation shown",
			"?cwe=CWE-7":            "No observations match",
			"?fix=none&cwe=cwe-506": "No observations match",
		} {
			admin.wantText("/products/1"+query, want)
		}
		admin.wantText("/products/1/observations/2", "&gt; &gt; &gt;", "No fixed version yet")
		status, body := admin.get("/products/1?cwe=XSS")
		if status != http.StatusUnprocessableEntity || !strings.Contains(body, "Enter a weakness such as CWE-79") ||
			strings.Contains(body, "/observations/1") {
			t.Errorf("a wrong weakness: %d", status)
		}
		const path = "/products/1/observations/assess"
		if status, _ := admin.get(path + "?all=3&cwe=XSS"); status != http.StatusUnprocessableEntity {
			t.Errorf("a selection by a wrong weakness: %d", status)
		}
		if status, _ := admin.post(path, "all", "3", "filter", "cwe=XSS", "status", "in_review"); status != 422 {
			t.Errorf("an assessment by a wrong weakness: %d", status)
		}
		admin.wantText(path+"?all=2&cwe=79&kev=", "Assess 2 observations",
			"All matching observations on main: active, of CWE-79")
		admin.wantText(path+"?all=1&cwe=79&kev=true&fix=available", "Assess 1 observation",
			"active, known exploited, with a fix, of CWE-79")
		admin.mustPost(path, "all", "1", "filter", "cwe=79&fix=none", "status", "in_review")
		admin.wantText("/products/1?status=in_review", "1 observation shown", "CVE-2")
	})
}
