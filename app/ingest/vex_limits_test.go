package ingest

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatecrier/app/vex"
)

func TestVEXDocuments_RefusedBeforeTheyCount(t *testing.T) {
	const (
		image, document = "openvex-image.json", "csaf-vex.json"
		number          = "in version: expected a positive whole number"
		semantic        = "in document.tracking.version: expected a whole number or a semantic version"
	)
	for _, test := range []struct {
		name, path string
		value      any
		want       string // "" = accepted
	}{
		{image, "version", 1, ""},
		{image, "version", "12", ""},
		{image, "version", 0, number},
		{image, "version", -1, number},
		{image, "version", 1.5, number},
		{image, "version", json.RawMessage("1e3"), number},
		{image, "version", json.RawMessage("1000000000000000000000"), number},
		{image, "version", "1.0", number},
		{image, "version", "z", number},
		{image, "version", "", number},
		{image, "version", true, number},
		{document, "document.tracking.version", "1.0.0-1.2+3", ""},
		{document, "document.tracking.version", "zzz", semantic},
		{document, "document.tracking.version", "1.0", semantic},
		{document, "document.tracking.status", "interim", ""},
		{document, "document.tracking.status", "draft", "in document.tracking.status: expected final or interim"},
		{document, "document.tracking.status", "Draft", "in document.tracking.status: "},
		{document, "document.tracking.status", nil, "in document.tracking.status: "},
		{document, "document.csaf_version", "2.1", ""},
		{document, "document.csaf_version", "3.0", "in document.csaf_version: CSAF 2.0 and 2.1 are read"},
		{document, "document.csaf_version", "1.2", "in document.csaf_version: "},
		{document, "document.csaf_version", nil, "in document.csaf_version: "},
	} {
		_, err := Parse(bytes.NewReader(edited(t, test.name, test.path, test.value)))
		switch {
		case test.want != "":
			mustRefuse(t, err, test.want)
		case err != nil:
			t.Errorf("%s of %v: %v", test.path, test.value, err)
		}
	}
}

// csafText returns a document about products that are in branches or relationships of the tree.
func csafText(tree, products string) string {
	return `{"document": {"category": "csaf_vex", "csaf_version": "2.0",
		"publisher": {"name": "P", "namespace": "https://p"},
		"tracking": {"id": "1", "version": "1", "status": "final", "current_release_date": "2026-01-01T00:00:00Z"}},
		"product_tree": ` + tree + `, "vulnerabilities": [{"cve": "CVE-1", "product_status": {"fixed": [` + products + `]}}]}`
}

func TestCSAF_RepeatedProductIDs(t *testing.T) {
	product := func(id, purl string) string {
		return `{"product_id": "` + id + `", "name": "n", "product_identification_helper": {"purl": "` + purl + `"}}`
	}
	relation := func(id, part, whole string) string {
		return `{"full_product_name": {"product_id": "` + id + `", "name": "n"}, "product_reference": "` + part +
			`", "relates_to_product_reference": "` + whole + `"}`
	}
	a, b := product("A", "pkg:npm/a@1"), product("B", "pkg:npm/b@1")
	otherA := product("A", "pkg:npm/a@2")
	names := func(list ...string) string { return `"full_product_names": [` + strings.Join(list, ", ") + `]` }
	relations := func(list ...string) string { return `"relationships": [` + strings.Join(list, ", ") + `]` }
	for _, test := range []struct{ tree, want string }{
		{names(a, b), ""},
		{names(a, a), ""},
		{names(a, otherA), "in product_tree.full_product_names[1].product_id: two different products have the ID A"},
		{
			names(a) + `, "branches": [{"branches": [{"product": ` + otherA + `}]}]`,
			"in product_tree.branches[0].branches[0].product.product_id: two different",
		},
		{
			names(a) + `, "branches": [{"category": "architecture", "name": "arm64", "product": ` + a + `}]`,
			"in product_tree.branches[0].product.product_id: two different",
		},
		{
			names(a, product("", "pkg:npm/c")),
			"in product_tree.full_product_names[1].product_id: the product has no product_id",
		},
		{names(a, b) + ", " + relations(relation("C", "A", "B"), relation("C", "A", "B")), ""},
		{
			names(a, b) + ", " + relations(relation("C", "A", "B"), relation("C", "B", "A")),
			"in product_tree.relationships[1].full_product_name.product_id: two different products have the ID C",
		},
		{names(a, b) + ", " + relations(relation("A", "A", "B")), "in product_tree.relationships[0].full_product_name"},
		{names(a, b) + ", " + relations(relation("", "A", "B")), "the product has no product_id"},
	} {
		for _, text := range []string{csafText("{"+test.tree+"}", `"A"`)} {
			_, err := Parse(strings.NewReader(text))
			switch {
			case test.want != "":
				mustRefuse(t, err, test.want)
			case err != nil:
				t.Errorf("%s: %v", test.tree, err)
			}
		}
	}
}

func TestCSAF_BranchesThatLimit(t *testing.T) {
	product := `"product": {"product_id": "A", "name": "n", "product_identification_helper": {"purl": "pkg:rpm/l/a"}}`
	branch := func(category, name, inner string) string {
		return `"branches": [{"category": "` + category + `", "name": "` + name + `", ` + inner + `}]`
	}
	version := branch("product_version", "1", product)
	for _, test := range []struct {
		tree string
		want vex.Component
	}{
		{version, vex.Component{Version: "1"}},
		{branch("architecture", "x86_64", version), vex.Component{Version: "1", Arch: "x86_64"}},
		{
			branch("product_version", "1", branch("architecture", " arm64 ", product)),
			vex.Component{Version: "1", Arch: "arm64"},
		},
		{branch("patch_level", "p1", version), vex.Component{Range: true}},
		{branch("language", "de", version), vex.Component{Range: true}},
		{branch("vendor", "l", version), vex.Component{Version: "1"}},
	} {
		report, err := Parse(strings.NewReader(csafText("{"+test.tree+"}", `"A"`)))
		if err != nil {
			t.Fatal(err)
		}
		test.want.IDs = []string{"pkg:rpm/l/a"}
		if diff := cmp.Diff(test.want, report.VEX.Statements[0].Products[0].Component); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.tree, diff)
		}
	}
}

func TestOpenVEX_Hashes(t *testing.T) {
	report, err := Parse(bytes.NewReader(readSample(t, "vex/openvex-image.json")))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"sha256:402fa523b96591d4450ace90e32d9f779fcfd938903e1c5bf9d3701860b8f856"}
	if diff := cmp.Diff(want, report.VEX.Statements[2].Products[0].Hashes); diff != "" {
		t.Errorf("hashes (-want +got):\n%s", diff)
	}
	_, err = Parse(bytes.NewReader(edited(t, "openvex-image.json", "statements.2.products",
		[]any{map[string]any{"@id": "a", "hashes": []string{"b"}}})))
	mustRefuse(t, err, "in statements[2].products[0]: expected an object")
}

func TestVEXDocuments_OfTheFuture(t *testing.T) {
	now := time.Date(2026, 3, 9, 12, 0, 0, 0, time.UTC)
	document := func(format string, at, said time.Time) *vex.Document {
		return &vex.Document{Format: format, At: at, Statements: []vex.Statement{{At: now}, {At: said}}}
	}
	soon, late := now.Add(24*time.Hour), now.Add(24*time.Hour+time.Second)
	for want, d := range map[string]*vex.Document{
		"": document(vex.FormatOpenVEX, soon, soon),
		"in timestamp or last_updated: the time is more than a day":    document(vex.FormatOpenVEX, late, now),
		"in document.tracking.current_release_date: the time is more ": document(vex.FormatCSAF, late, now),
		"in statements[1]: the time is more than a day in the future":  document(vex.FormatOpenVEX, now, late),
	} {
		err := checkVEXTime(d, now)
		switch {
		case want != "":
			mustRefuse(t, err, want)
		case err != nil:
			t.Error(err)
		}
	}
}

// Reports name the digests of their image beside its tag.
func TestReports_NameDigests(t *testing.T) {
	digest := "sha256:" + strings.Repeat("a1", 32)
	component := func(rest string) string {
		return `{"bomFormat": "CycloneDX", "vulnerabilities": [], "metadata": {"component": {"type": "container", ` +
			`"name": "n", ` + rest + `}}}`
	}
	trivy := func(metadata string) string {
		return `{"SchemaVersion": 2, "ArtifactName": "quay.io/shop/till:1.4", "Metadata": ` + metadata + `}`
	}
	grype := func(target string) string {
		return `{"matches": [], "source": {"type": "image", "target": ` + target + `}}`
	}
	for name, test := range map[string]struct {
		text string
		want []string
	}{
		"Trivy": {
			trivy(`{"RepoDigests": ["quay.io/shop/till@` + digest + `", "x@` + digest + `"]}`), []string{digest},
		},
		"Trivy, none":      {trivy(`{"RepoDigests": ["quay.io/shop/till", 7, null]}`), nil},
		"Trivy, no list":   {trivy(`{"RepoDigests": {"a": 1}}`), nil},
		"Trivy, no object": {trivy(`["a"]`), nil},
		"Grype": {
			grype(`{"userInput": "n:1", "manifestDigest": "` + digest + `", "repoDigests": ["n@` + digest + `"]}`),
			[]string{digest},
		},
		"Grype, none":       {grype(`{"userInput": "n:1", "manifestDigest": null}`), nil},
		"an upper-case one": {component(`"version": "` + strings.ToUpper(digest) + `"`), []string{digest}},
		"a digest":          {component(`"version": "` + digest + `"`), []string{digest}},
		"a package URL": {
			component(`"purl": "pkg:oci/n@` + strings.Replace(digest, ":", "%3A", 1) + `"`), []string{digest},
		},
	} {
		for _, text := range []string{test.text, string(reverseKeys(t, []byte(test.text)))} {
			if diff := cmp.Diff(test.want, mustParse(t, text).Digests); diff != "" {
				t.Errorf("%s (-want +got):\n%s", name, diff)
			}
		}
	}
}
