package apptest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"gatecrier/app/apptest"
)

var (
	tillDigest  = "sha256:" + strings.Repeat("a1", 32)
	otherDigest = "sha256:" + strings.Repeat("b2", 32)
)

// trivyTill returns a Trivy report of the image quay.io/shop/till:1.4 with one finding, and a digest of
// the image unless it is "".
func trivyTill(digest string) []byte {
	if digest != "" {
		digest = `"quay.io/shop/till@` + digest + `"`
	}
	return fmt.Appendf(nil, `{"SchemaVersion":2,"ArtifactName":"quay.io/shop/till:1.4","ArtifactType":"container_image",
		"Metadata":{"RepoDigests":[%s]},"Results":[{"Target":"quay.io/shop/till:1.4 (debian 12.5)","Class":"os-pkgs",
		"Vulnerabilities":[{"VulnerabilityID":"CVE-1","PkgName":"curl","InstalledVersion":"7",
		"PkgIdentifier":{"PURL":"pkg:deb/debian/curl@7?arch=amd64"},"Severity":"HIGH"}]}]}`, digest)
}

// A statement counts for an image by each usual way to write it, while the reports are of its digest.
func TestVEX_ImageReferences(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		c := p.Client("admin")
		const repository = "?repository_url=quay.io/shop/till"
		hashed := func(id, digest string) any {
			return object{"@id": id, "hashes": object{"sha-256": strings.TrimPrefix(digest, "sha256:")}}
		}
		const yes, no = "not_affected", "open"
		for i, test := range []struct {
			product              any
			first, other, absent string // with its digest, after a report with another one, and with none
		}{
			{object{"@id": "quay.io/shop/till"}, yes, yes, yes},
			{object{"@id": "quay.io/shop/till:1.4"}, yes, yes, yes},
			{object{"@id": "quay.io/shop/till:1.5"}, no, no, no},
			{object{"@id": "quay.io/shop/till@" + tillDigest}, yes, no, no},
			{object{"@id": "pkg:oci/till" + repository}, yes, yes, yes},
			{object{"@id": "pkg:oci/till@" + tillDigest + repository}, yes, no, no},
			{object{"@id": "pkg:oci/till" + repository + "&tag=1.4"}, yes, yes, yes},
			{object{"@id": "curl 7"}, no, no, no},
			{hashed("pkg:oci/till"+repository, tillDigest), yes, no, yes},
			{hashed("pkg:oci/till"+repository, otherDigest), no, yes, yes},
			{hashed("https://shop.example/till", tillDigest), yes, no, no},
		} {
			s := newProduct(t, c, fmt.Sprint("Till ", i), "")
			s.upload(c, trivyTill(tillDigest))
			statement := says("CVE-1", "not_affected", "")
			statement["products"] = []any{test.product}
			s.vex(c, openVEX(t, "https://lakeside.example/vex/till", 1, statement))
			check := func(when, want string) {
				t.Helper()
				if got := s.observation(t, c, "CVE-1").Get("status"); got != want {
					t.Errorf("%v %s: %v, want %s", test.product, when, got, want)
				}
				s.checkCounts(t, p)
			}
			check("with the digest", test.first)
			s.upload(c, trivyTill(otherDigest))
			check("with another digest", test.other)
			s.upload(c, trivyTill(""))
			check("without a digest", test.absent)
		}
	})
}

// A document that is refused changes nothing, and does not replace the one before.
func TestVEX_RefusedDocumentChangesNothing(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		c := p.Client("admin")
		s := newProduct(t, c, "Till", "")
		s.upload(c, trivyTill(tillDigest))
		const id = "https://lakeside.example/vex/till"
		s.vex(c, openVEX(t, id, 1, says("CVE-1", "affected", "pkg:deb/debian/curl@7")))
		good := string(openVEX(t, id, 2, says("CVE-1", "not_affected", "pkg:deb/debian/curl@7")))
		ahead := p.Clock.Now().Add(25 * time.Hour).UTC().Format(time.RFC3339)
		for _, document := range []string{
			strings.Replace(good, `"version":2`, `"version":"z"`, 1),
			strings.Replace(good, "2026-03-01T08:00:00Z", ahead, 1),
		} {
			for _, path := range []string{"/vex", "/reports"} {
				c.Must(http.StatusUnprocessableEntity, "POST", s.path+path, []byte(document))
			}
		}
		if o := s.observation(t, c, "CVE-1"); o.Get("status") != "affected" {
			t.Errorf("after refused documents: %s", o.Text)
		}
		list := c.Must(http.StatusOK, "GET", s.path+"/vex", nil)
		if list.Get("items.0.document.version") != "1" && list.Get("items.0.version") != "1" {
			t.Errorf("documents: %s", list.Text)
		}
	})
}

// Reports whose scan did not do what it seems to have done leave the gate failed.
func TestUpload_ContradictoryReportsResolveNothing(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		c := p.Client("admin")
		s := newProduct(t, c, "Till", "")
		s.upload(c, trivyTill(tillDigest))
		for _, report := range []string{
			`{"level":"info-0","logger":"trufflehog","msg":"finished scanning","verified_secrets":3,"unverified_secrets":2}`,
			`{"version":"2.1.0","runs":[{"tool":{"driver":{"name":"T"}},"results":[],"invocations":[{"exitSignalName":"9"}]}]}`,
			`{"auditReportVersion":2,"vulnerabilities":{},"metadata":{"vulnerabilities":{"high":2}}}`,
			`{"matches":[],"descriptor":{"name":"grype","db":{"error":"too old"}}}`,
		} {
			a := c.Must(http.StatusUnprocessableEntity, "POST", s.path+"/reports?scanner=Trivy", []byte(report))
			if !strings.Contains(a.Text, `"name":"report"`) {
				t.Errorf("the refusal of %s: %s", report, a.Text)
			}
		}
		if o := s.observation(t, c, "CVE-1"); o.Get("status") != "open" {
			t.Errorf("after refused reports: %s", o.Text)
		}
	})
}
