package apptest_test

import (
	"net/http"
	"testing"
	"time"

	"gatecrier/app/apptest"
)

// A user looks at the sources of a product, renames one, and removes another.
func TestSourcesInTheBrowser(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{ClockBehind: 80 * time.Hour})
	c := p.Client("admin")
	s := newProduct(t, c, "Checkout", "")
	c.Must(http.StatusCreated, "POST", s.path+"/reports",
		trivyImage("registry.example.org/shop/checkout:2026.11.3", "CVE-2031-1", "CVE-2031-2"))
	c.Must(http.StatusCreated, "POST", s.path+"/reports?source=infrastructure",
		findingsReport("CVE-2031-3 Critical", "CVE-2031-4 Low"))
	c.Must(http.StatusOK, "PUT", s.path+"/counts", object{"scanner": "Fuzzing of the night", "counts": criticalCounts(0)})
	c.Must(http.StatusCreated, "POST", s.path+"/observations", object{"title": "By hand", "severity": "medium"})
	acceptRisk(t, p, s, "CVE-2031-3")
	c.Must(http.StatusOK, "PATCH", s.path, object{"stale_after": 172800})
	p.Clock.Advance(72 * time.Hour)
	c.Must(http.StatusCreated, "POST", s.path+"/reports",
		trivyImage("registry.example.org/shop/checkout:2026.11.4", "CVE-2031-1", "CVE-2031-2"))
	c.Must(http.StatusCreated, "POST", s.path+"/reports?branch=release/2026.10",
		findingsReport("CVE-2031-5 High"))

	b := apptest.NewBrowser(t, p.URL)
	signInBrowser(b, "admin", apptest.Password)
	b.Open(s.path)
	b.Evaluate("document.querySelector('#sources > summary').click()")
	b.WantText("Scanner and source", "infrastructure", "2026.11.4", "Fuzzing of the night", "release/2026.10",
		"2 stale", "older than 2 d", "A stale source still counts with its last report")
	b.CheckPage("sources")
	checkNoLayoutShift(t, b, "sources-open", s.path+"?sources=open")
	b.TabThrough("sources")

	path := s.path + sourcePathOf(t, c, s, "grype", "infrastructure")
	b.Press("a[href='" + path + "/rename']")
	b.WantText("Rename source grype (infrastructure)", "Update the pipeline, too")
	b.CheckPage("source-rename")
	b.Fill("input[name=name]", "terraform")
	b.Press("form[action$='/rename'] button")
	b.WantText("Source renamed", "grype (terraform)")
	b.Press("a[href='" + path + "/delete']")
	b.WantText("Remove source grype (terraform)?", "Lost: 2 observations, 1 assessment, including 1 waiver.")
	b.CheckPage("source-delete")
	b.Press("form[action$='/delete'] button")
	b.WantText("Source removed")
}

// trivyImage returns a Trivy report of an image with vulnerabilities of high severity.
func trivyImage(name string, ids ...string) object {
	vulnerabilities := []object{}
	for _, id := range ids {
		vulnerabilities = append(vulnerabilities, object{
			"VulnerabilityID": id, "PkgName": "lib", "InstalledVersion": "1", "Severity": "HIGH",
		})
	}
	return object{
		"SchemaVersion": 2, "ArtifactName": name, "ArtifactType": "container_image",
		"Results": []object{{"Target": name, "Class": "os-pkgs", "Vulnerabilities": vulnerabilities}},
	}
}
