package ingest

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatecrier/models"
)

// cyclonedxInXML returns a document with some elements of the root.
func cyclonedxInXML(elements string) string {
	return `<bom xmlns="http://cyclonedx.org/schema/bom/1.5">` + elements + `</bom>`
}

// A document in XML gives what the same in JSON gives.
func TestCycloneDXXML_AsInJSON(t *testing.T) {
	var names []string
	for _, pattern := range []string{"testdata/cyclonedx-*.json", "testdata/intake/*.json"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, found...)
	}
	tried := 0
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		want, err := parse(bytes.NewReader(text), true)
		if err != nil || want.Format != "cyclonedx" {
			continue
		}
		tried++
		got, err := parse(strings.NewReader(toXML(t, text)), true)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff(sortedFindings(want), sortedFindings(got), withKeys); diff != "" {
			t.Errorf("%s: findings (-JSON +XML):\n%s", name, diff)
		}
		want.Findings, got.Findings = nil, nil
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: report (-JSON +XML):\n%s", name, diff)
		}
	}
	if tried < 10 {
		t.Errorf("only %d documents were tried", tried)
	}
}

func TestCycloneDXXML_Texts(t *testing.T) {
	r := mustParse(t, string(readSample(t, "cyclonedx-image.xml")))
	if r.Tool != "heronscan" || r.Subject != "shop.example/till" || r.Reference != "1.4" ||
		!r.MadeAt.Equal(time.Date(2031, 5, 6, 5, 8, 9, 0, time.UTC)) {
		t.Errorf("report %+v", r)
	}
	got := sampleFinding(t, "cyclonedx-image.xml", "CVE-2031-11", "libpond 1.2")
	want := Finding{
		Title: "CVE-2031-11", Description: "A buffer <overflows> & more.", Component: "libpond 1.2",
		Fix: "Upgrade libpond to 1.3", URL: "https://nvd.example/CVE-2031-11",
		Severity: models.Critical, Status: models.StatusOpen,
		Details: models.Details{
			Aliases: []string{"GHSA-pond-0001"}, Score: 9.8, Vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
			EPSS: 0.9, CWEs: []string{"CWE-787", "CWE-119"},
			References: []string{"https://lake.example/a", "https://ghsa.example/GHSA-pond-0001"},
			PURL:       "pkg:deb/debian/libpond@1.2?arch=amd64&distro=debian-12.5",
		}.Encode(),
	}
	if diff := cmp.Diff(want, got, withKeys); diff != "" {
		t.Errorf("finding (-want +got):\n%s", diff)
	}
	if f := sampleFinding(t, "cyclonedx-image.xml", "CVE-2031-11", "reed 0.1"); f.Severity != models.Critical {
		t.Errorf("a nested component: %+v", f)
	}
	if r := mustParse(t, string(readSample(t, "cyclonedx-clean.xml"))); r.Tool != "heronscan" || r.Subject != "lake/till" {
		t.Errorf("of version 1.4, with a prefix: %+v", r)
	}
}

// The place of an error is a path.
func TestCycloneDXXML_Errors(t *testing.T) {
	in := cyclonedxInXML
	deep := strings.Repeat("<component><components>", 6000)
	const followed = "something follows the end of the document"
	const foreign = `<x:vulnerabilities xmlns:x="http://cyclonedx.org/schema/ext/vulnerability/1.0"/>`
	for name, test := range map[string]struct{ text, says string }{
		"an SBOM": {in(`<components/>`), "in bom/vulnerabilities: the file has no list of vulnerabilities"},
		"cut short": {
			in(`<vulnerabilities><vulnerability><id>V</id>`)[:91], "in bom/vulnerabilities/vulnerability, at byte 91: the doc",
		},
		"cut in a tag": {
			in(`<vulnerabilities><vulne`)[:72], "in bom/vulnerabilities, at byte 72: the document ends too early",
		},
		"another end": {
			in(`<vulnerabilities><vulnerability/><vulnerability><ratings></rating></ratings>`),
			"in bom/vulnerabilities/vulnerability[2]/ratings, at byte 115: element <ratings> closed by </rating>",
		},
		"an entity": {
			in(`<components>&heron;</components>`), "in bom/components, at byte 68: invalid character entity &heron;",
		},
		"a document type": {
			`<!DOCTYPE bom [<!ENTITY a "b">]>` + in(``), "in bom, at byte 81: a document type (DTD) is not read",
		},
		"a type, later":       {in(`<!DOCTYPE bom>`), "in bom, at byte 63: a document type (DTD) is not read"},
		"something after it":  {in(`<vulnerabilities/>`) + "x", followed},
		"another root":        {in(`<vulnerabilities/>`) + in(``), followed},
		"too deep":            {in(`<components>` + deep), "elements are nested too deeply"},
		"too deep, skipped":   {in(strings.Repeat("<x>", 10_001)), "elements are nested too deeply"},
		"too deep in a text":  {in(`<components><component><name>` + strings.Repeat("<x>", 10_001)), "too deep"},
		"bad UTF-8":           {in("<components>\xff</components>"), "in bom/components, at byte 61: the text is not UTF-8"},
		"no namespace":        {`<bom><vulnerabilities/></bom>`, "This is XML (root element bom), no report of a known"},
		"another namespace":   {`<bom xmlns="http://lake.example/bom"/>`, "This is XML (root element bom), no report"},
		"another root's name": {`<sbom xmlns="http://cyclonedx.org/schema/bom/1.5"/>`, "This is XML (root element sbom)"},
		"another prefix":      {`<c:bom xmlns="http://cyclonedx.org/schema/bom/1.5"/>`, "This is XML (root element bom)"},
		"an extension":        {in(foreign), "in bom/vulnerabilities: "},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Parse(strings.NewReader(test.text))
			mustRefuse(t, err, test.says)
		})
	}
	for _, text := range []string{
		in(`<components/>`), "\n <?xml version='1.0' encoding='ISO-8859-1'?><!-- c -->" + in(``) + "<!-- d -->\n",
	} {
		if r, err := parse(strings.NewReader(text), true); err != nil || r.Format != "cyclonedx" {
			t.Errorf("with clean: format %q, error %v", r.Format, err)
		}
	}
}

func TestCycloneDXXML_InUTF16(t *testing.T) {
	text := `<?xml version="1.0" encoding="utf-16"?>` +
		cyclonedxInXML(`<vulnerabilities><vulnerability><id>Vä</id></vulnerability></vulnerabilities>`)
	r := mustParse(t, string(marked(markUTF16LE, inUTF16(text, false))))
	if diff := cmp.Diff([]string{"unknown open Vä"}, brief(r)); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
}
