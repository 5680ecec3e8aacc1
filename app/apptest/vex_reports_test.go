package apptest_test

import (
	"fmt"
	"net/http"
	"sync"
	"testing"

	"gatecrier/app/apptest"
)

// trivyWeb returns a Trivy report of a tag of an image with one finding.
func trivyWeb(tag string) []byte {
	return fmt.Appendf(nil, `{"SchemaVersion":2,"ArtifactName":"registry.example/shop/web:%[1]s",
		"ArtifactType":"container_image","Results":[{"Target":"registry.example/shop/web:%[1]s (debian 12.5)",
		"Class":"os-pkgs","Vulnerabilities":[{"VulnerabilityID":"CVE-1","PkgName":"curl","InstalledVersion":"7",
		"PkgIdentifier":{"PURL":"pkg:deb/debian/curl@7?arch=amd64"},"Severity":"HIGH"}]}]}`, tag)
}

// A statement about an image is about what the source scans. One about a tag ends with the next tag.
func TestVEX_OfAnImage(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		c := p.Client("admin")
		const image = "pkg:oci/web?repository_url=registry.example/shop/web"
		for i, test := range []struct{ product, first, second string }{
			{image, "not_affected", "not_affected"},
			{image + "&tag=1.0", "not_affected", "open"},
			{image + "&tag=2.0", "open", "open"},
			{"pkg:oci/web?repository_url=other.example/web", "open", "open"},
			{"pkg:deb/debian/curl@7", "not_affected", "not_affected"},
		} {
			s := newProduct(t, c, fmt.Sprint("Product ", i), "")
			s.upload(c, trivyWeb("1.0"))
			s.vex(c, openVEX(t, "https://lakeside.example/vex/image", 1, says("CVE-1", "not_affected", test.product)))
			if got := s.observation(t, c, "CVE-1").Get("status"); got != test.first {
				t.Errorf("%s: %s, want %s", test.product, got, test.first)
			}
			s.upload(c, trivyWeb("1.1"))
			if got := s.observation(t, c, "CVE-1").Get("status"); got != test.second {
				t.Errorf("%s after the next tag: %s, want %s", test.product, got, test.second)
			}
			s.checkCounts(t, p)
		}
	})
}

// Documents and reports that come at the same time leave no observation that does not follow the last
// document.
func TestVEX_AndReportsAtTheSameTime(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		c := p.Client("admin")
		s := newProduct(t, c, "Shop", "")
		const n, rounds = 60, 12
		s.upload(c, largeReport(n, sameSeverity("High")))
		var wg sync.WaitGroup
		wg.Go(func() {
			for i := range rounds {
				severity := []string{"High", "Critical"}[i%2]
				a := c.Do("POST", s.path+"/reports", largeReport(n-i%3, sameSeverity(severity)))
				if a.Status != http.StatusCreated && a.Status != http.StatusConflict {
					t.Errorf("a report: %d %s", a.Status, a.Text)
				}
			}
		})
		last := func(i int) string { return []string{"not_affected", "under_investigation"}[i%2] }
		wg.Go(func() {
			for version := range rounds {
				status := func(i int) string { return last(i + version) }
				a := c.Do("POST", s.path+"/vex", largeVEX(t, version+1, n, status))
				if a.Status != http.StatusCreated {
					t.Errorf("a document: %d %s", a.Status, a.Text)
				}
			}
		})
		wg.Wait()
		if err := p.Observations.TidyVEX(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.upload(c, largeReport(n, sameSeverity("High"))) // reopens what the last one did not have
		a := c.Must(http.StatusOK, "GET", s.path+"/observations?active=all&limit=100", nil)
		for i := range itemCount(a) {
			item := fmt.Sprintf("items.%d.", i)
			var number int
			if _, err := fmt.Sscanf(fmt.Sprint(a.Get(item+"title")), "CVE-%d", &number); err != nil {
				t.Fatal(err)
			}
			want := map[string]string{"not_affected": "not_affected", "under_investigation": "in_review"}[last(number+rounds-1)]
			if got := a.Get(item + "status"); got != want {
				t.Errorf("%s: %s, want %s", a.Get(item+"title"), got, want)
			}
		}
		if itemCount(a) != n {
			t.Errorf("%d observations", itemCount(a))
		}
		s.checkCounts(t, p)
	})
}
