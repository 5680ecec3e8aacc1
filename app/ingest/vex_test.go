package ingest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatecrier/app/vex"
)

// vexLines describes the statements of a document, a line each: vulnerability, status, reason, the
// products with their parts, and the time unless it is that of the document.
func vexLines(d *vex.Document) []string {
	var lines []string
	for _, s := range d.Statements {
		var products []string
		for _, p := range s.Products {
			text := componentText(p.Component)
			for _, part := range p.Parts {
				text += " > " + componentText(part)
			}
			products = append(products, text)
		}
		line := fmt.Sprintf(
			"%s %s (%s) %s", strings.Join(s.Vulnerability, " "), s.Status, s.Reason(), strings.Join(products, ", "),
		)
		if !s.At.Equal(d.At) {
			line += " at " + s.At.Format(time.RFC3339)
		}
		lines = append(lines, line)
	}
	return lines
}

func componentText(c vex.Component) string {
	text := strings.Join(c.IDs, "|")
	if c.Version != "" {
		text += " =" + c.Version
	}
	if c.Range {
		text += " range"
	}
	return text
}

const tilesPURL = "pkg:npm/%40lake/tiles@4.2.0"

// vexSamples are the statements of the files in testdata/vex, written down by hand.
var vexSamples = map[string]struct {
	id, version, at string
	lines           []string
	warnings        int
}{
	"openvex-image.json": {
		"https://lakeside.example/vex/booking-2026-03", "4", "2026-03-09T16:05:12Z",
		[]string{
			"CVE-2026-11111 GHSA-aaaa-bbbb-cccc SNYK-JS-TILES-1111 not_affected " +
				"(vulnerable_code_not_in_execute_path: Templates are compiled at build time.) " +
				"pkg:oci/booking?repository_url=registry.lakeside.example%2Fapps%2Fbooking > " + tilesPURL + " > " +
				"pkg:npm/tiles-runtime@4.2.0|pkg:npm/tiles-runtime@4.2.0 at 2026-03-01T07:00:00Z",
			"CVE-2026-22222 affected (Update to booking 3.1 when it is released.) " +
				"pkg:oci/booking?repository_url=registry.lakeside.example%2Fapps%2Fbooking at 2026-03-09T16:00:00Z",
			"CVE-2026-33333 in_review (Reported by the scanner of the registry.) " +
				"https://lakeside.example/products/booking|pkg:oci/booking@sha256%3A" +
				"402fa523b96591d4450ace90e32d9f779fcfd938903e1c5bf9d3701860b8f856|" +
				"cpe:2.3:a:lakeside:booking:3.0:*:*:*:*:*:*:* at 2026-03-02T09:30:00Z",
			"CVE-2026-44444 resolved (fixed) pkg:oci/booking, pkg:oci/booking-worker at 2026-03-02T09:30:00Z",
		},
		0,
	},
	"openvex-old.json": {
		"https://openvex.dev/docs/example/vex-9fb3463de1b57", "1", "2023-01-17T01:07:16Z",
		[]string{
			"CVE-2023-12345 resolved (fixed) pkg:apk/harbor/git@2.39.0-r1?arch=armv7, " +
				"pkg:apk/harbor/git@2.39.0-r1?arch=x86_64",
			"CVE-2023-54321 not_affected (component_not_present) pkg:oci/git > pkg:apk/harbor/libcurl@7.87.0-r1",
		},
		0,
	},
	"openvex-distribution.json": {
		"https://security.harbor.example/vex/2026/april", "12", "2026-04-01T00:00:00Z",
		[]string{
			"CVE-2026-50001 not_affected (The package is built without the feature.) " +
				"pkg:deb/harbor/openssl@3.0.11-1?arch=amd64, pkg:deb/harbor/openssl@3.0.11-1?arch=arm64",
			"CVE-2026-50002 HSA-2026-7 not_affected (inline_mitigations_already_exist) pkg:deb/harbor/openssl " +
				"at 2026-04-03T00:00:00Z",
			"CVE-2026-50003 affected () pkg:deb/harbor/zlib@1.2.13",
			"CVE-2026-50003 resolved (fixed) pkg:deb/harbor/zlib@1.2.13-2",
			"CVE-2026-50004 not_affected () pkg:deb/harbor/bash?vers=vers:deb%2F%3E%3D5.0",
		},
		1,
	},
	"csaf-vex.json": {
		"https://psirt.lakeside.example/LSV-2026-003", "1.1.0", "2026-03-09T11:00:00Z",
		[]string{
			"CVE-2026-11111 GHSA-aaaa-bbbb-cccc not_affected " +
				"(vulnerable_code_not_in_execute_path: Templates are compiled at build time.) Lakeside Booking > " +
				tilesPURL + " =4.2.0",
			"CVE-2026-22222 affected (Update to 4.3.0.) " + tilesPURL + " =4.2.0, pkg:npm/%40lake/tiles range",
			"CVE-2026-22222 resolved (fixed) cpe:2.3:a:lakeside:booking:3.0:*:*:*:*:*:*:* =3.0",
			"CVE-2026-33333 in_review () Lakeside Booking",
			"LS-77 not_affected (component_not_present) cpe:2.3:a:lakeside:booking:3.0:*:*:*:*:*:*:* =3.0, " +
				tilesPURL + " =4.2.0",
		},
		0,
	},
	"csaf-distribution.json": {
		"https://harbor.example/CVE-2026-60001", "3", "2026-05-20T03:10:31Z",
		[]string{
			"CVE-2026-60001 2140000 not_affected (vulnerable_code_not_present: Moderate) cpe:/o:harbor:harbor_linux:8 > " +
				"pkg:rpm/harbor/openssl =openssl",
			"CVE-2026-60001 2140000 resolved (fixed) cpe:/o:harbor:harbor_linux:9 > " +
				"pkg:rpm/harbor/openssl@3.0.7-18.hl9?arch=x86_64&epoch=1 =openssl-1:3.0.7-18.hl9.x86_64",
		},
		0,
	},
	"csaf-advisory.json": {
		"https://cert.pier.example/PIER-SA-12", "2", "2026-06-02T00:00:00Z",
		[]string{
			"CVE-2026-70001 affected (Turn the web interface off.) pkg:generic/pier-gateway@1.0, " +
				"pkg:generic/pier-gateway@1.1, pkg:generic/pier-gateway@1.2",
			"CVE-2026-70001 resolved (fixed) pkg:generic/pier-gateway@1.3, Pier Gateway",
			"CVE-2026-70002 not_affected () Pier Gateway",
		},
		0,
	},
}

func TestVEXDocuments(t *testing.T) {
	for name, want := range vexSamples {
		t.Run(name, func(t *testing.T) {
			text := readSample(t, "vex/"+name)
			for _, text := range [][]byte{text, reverseKeys(t, text)} {
				report, err := Parse(bytes.NewReader(text))
				if err != nil {
					t.Fatal(err)
				}
				d := report.VEX
				if d == nil || report.Findings.Len() != 0 {
					t.Fatalf("no VEX document: %+v", report)
				}
				format, _, _ := strings.Cut(name, "-")
				if report.Format != format || d.ID != want.id || d.Version != want.version ||
					d.At.Format(time.RFC3339) != want.at || len(report.Warnings) != want.warnings || d.Author == "" {
					t.Errorf("document %s %s %s %s, warnings %q", report.Format, d.ID, d.Version, d.At, report.Warnings)
				}
				if diff := cmp.Diff(want.lines, vexLines(d)); diff != "" {
					t.Errorf("statements (-want +got):\n%s", diff)
				}
			}
		})
	}
}

// edited returns a document with a value set or, with nil, removed, such as statements.0.status.
func edited(t *testing.T, name, path string, value any) []byte {
	t.Helper()
	var doc any
	if err := json.Unmarshal(readSample(t, "vex/"+name), &doc); err != nil {
		t.Fatal(err)
	}
	at, keys := doc, strings.Split(path, ".")
	for _, key := range keys[:len(keys)-1] {
		switch node := at.(type) {
		case map[string]any:
			at = node[key]
		case []any:
			at = node[int(key[0]-'0')]
		}
	}
	object, ok := at.(map[string]any)
	if !ok {
		t.Fatalf("no object at %s", path)
	}
	if object[keys[len(keys)-1]] = value; value == nil {
		delete(object, keys[len(keys)-1])
	}
	text, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestVEXDocuments_ErrorsNameThePlace(t *testing.T) {
	for _, test := range []struct {
		name, path string
		value      any
		want       string
	}{
		{"openvex-image.json", "@id", nil, "in @id: the document needs an ID"},
		{"openvex-image.json", "author", nil, "in author: "},
		{"openvex-image.json", "version", nil, "in version: "},
		{"openvex-image.json", "timestamp", "yesterday", "in timestamp: expected a time"},
		{"openvex-image.json", "last_updated", "2026", "in last_updated: expected a time"},
		{"openvex-image.json", "statements", nil, "in statements: the document has no list"},
		{"openvex-image.json", "statements", "none", "in statements, at byte"},
		{"openvex-image.json", "statements.1.status", "exploitable", "in statements[1].status: expected not_affected"},
		{"openvex-image.json", "statements.0.justification", "because", "in statements[0].justification: "},
		{"openvex-image.json", "statements.0.status", 7, "in statements[0].status, at byte"},
		{"openvex-image.json", "statements.2.products", nil, "in statements[2].products: the statement names no product"},
		{"openvex-image.json", "statements.2.products", []any{}, "in statements[2].products: "},
		{"openvex-image.json", "statements.2.products", []any{7}, "in statements[2].products[0]: expected an object"},
		{"openvex-image.json", "statements.2.vulnerability", nil, "in statements[2].vulnerability: "},
		{"openvex-image.json", "statements.2.vulnerability.name", "", "in statements[2].vulnerability.name: "},
		{"openvex-image.json", "statements.1.timestamp", "x", "in statements[1].timestamp: expected a time"},
		{"csaf-vex.json", "document.category", "csaf_base", "in document.category: expected csaf_vex"},
		{"csaf-vex.json", "document.publisher.namespace", nil, "in document.publisher.namespace: "},
		{"csaf-vex.json", "document.tracking.id", nil, "in document.tracking.id: "},
		{"csaf-vex.json", "document.tracking.version", nil, "in document.tracking.version: "},
		{"csaf-vex.json", "document.tracking.current_release_date", nil, "in document.tracking.current_release_date: "},
		{"csaf-vex.json", "document.tracking", 7, "in document.tracking, at byte"},
		{"csaf-vex.json", "vulnerabilities", nil, "in vulnerabilities: the document has no list"},
		{"csaf-vex.json", "vulnerabilities.2.cve", nil, "in vulnerabilities[2]: the vulnerability has neither cve nor ids"},
		{
			"csaf-vex.json", "vulnerabilities.2.product_status.under_investigation",
			[]any{"LP-9"},
			"in vulnerabilities[2].product_status.under_investigation[0]: the product tree has no product LP-9",
		},
		{
			"csaf-vex.json", "product_tree.relationships.0.product_reference", "LP-9",
			"in product_tree.relationships[0]: the product tree has no product LP-9",
		},
		{"csaf-advisory.json", "vulnerabilities", []any{}, "in vulnerabilities: the advisory has no product_status"},
	} {
		_, err := Parse(bytes.NewReader(edited(t, test.name, test.path, test.value)))
		mustRefuse(t, err, test.want)
	}
}

func TestVEXDocuments_AreBounded(t *testing.T) {
	const statement = `{"vulnerability":{"name":"CVE-1"},"products":[{"@id":"a"}],"status":"affected"},`
	text := func(n int) string {
		return `{"@context":"https://openvex.dev/ns/v0.2.0","@id":"x","author":"a","version":1,` +
			`"timestamp":"2026-01-01T00:00:00Z","statements":[` + strings.TrimSuffix(strings.Repeat(statement, n), ",") + `]}`
	}
	report, err := Parse(strings.NewReader(text(vex.MaxStatements)))
	if err != nil || len(report.VEX.Statements) != vex.MaxStatements {
		t.Fatalf("10,000 statements: %v", err)
	}
	_, err = Parse(strings.NewReader(text(vex.MaxStatements + 1)))
	mustRefuse(t, err, "in statements: more than 10,000 statements")

	loop := edited(t, "csaf-vex.json", "product_tree.relationships.0.product_reference", "LP-4")
	_, err = Parse(bytes.NewReader(loop))
	mustRefuse(t, err, "relationships are nested too deeply")
}

// A report that mentions VEX is a report.
func TestVEXDocuments_AreNotReports(t *testing.T) {
	for _, text := range []string{
		`{"matches":[],"descriptor":{"name":"grype","note":"openvex csaf_vex"}}`,
		`{"@context":"https://other.example/openvex","bomFormat":"CycloneDX","vulnerabilities":[]}`,
	} {
		report, err := Parse(strings.NewReader(text))
		if err != nil || report.VEX != nil {
			t.Errorf("%s: %+v, %v", text, report.VEX, err)
		}
	}
	for _, text := range []string{
		`{"document":{"category":"csaf_vex"}`, `{"@context":"https://openvex.dev/ns","statements":[{"status":"fixed"`,
		`{"@context":"https://openvex.dev/ns"} {}`,
	} {
		_, err := Parse(strings.NewReader(text))
		mustRefuse(t, err, "")
	}
}

func FuzzVEX(f *testing.F) {
	for _, name := range []string{
		"openvex-image.json", "openvex-old.json", "openvex-distribution.json", "csaf-vex.json", "csaf-distribution.json",
		"csaf-advisory.json",
	} {
		f.Add(readSample(f, "vex/"+name))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		report, err := Parse(bytes.NewReader(text))
		if err != nil || report.VEX == nil {
			return
		}
		d := report.VEX
		if d.ID == "" || d.Version == "" || d.At.IsZero() || report.Findings.Len() != 0 {
			t.Errorf("document %+v", d)
		}
		for _, s := range d.Statements {
			if len(s.Vulnerability) == 0 || s.Status == "" || s.At.IsZero() || len(s.Products) == 0 {
				t.Errorf("statement %+v", s)
			}
			if _, err := s.Row(); err != nil {
				t.Error(err)
			}
		}
	})
}

func TestVEXDocuments_ComeAlone(t *testing.T) {
	report, err := Parse(bytes.NewReader(readSample(t, "vex/csaf-vex.json")))
	if err != nil {
		t.Fatal(err)
	}
	document, other := &incoming{label: "file 2 (vex.json)", report: report}, &incoming{label: "file 1"}
	if found, err := documentIn([]*incoming{document}); found != document || err != nil {
		t.Errorf("alone: %v, %v", found, err)
	}
	if found, err := documentIn([]*incoming{other}); found != nil || err != nil {
		t.Errorf("a report: %v, %v", found, err)
	}
	_, err = documentIn([]*incoming{other, document})
	mustRefuse(t, err, "file 2 (vex.json): A VEX document comes in a request of its own")
}
