package vex

import (
	"testing"
	"time"

	"gatecrier/models"
)

var today = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)

// matcherOf returns a matcher of statements, each of a document of its own from 1 on, for the product
// Web Shop.
func matcherOf(t *testing.T, statements ...Statement) *Matcher {
	t.Helper()
	var rows []models.VEXStatement
	for i, s := range statements {
		row, err := s.Row()
		if err != nil {
			t.Fatal(err)
		}
		row.ID, row.DocumentID = int64(i+1), int64(i+1)
		rows = append(rows, row)
	}
	m, err := NewMatcher("Web Shop", rows)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// about returns a statement that products are not affected by CVE-1.
func about(products ...Product) Statement {
	return Statement{
		Vulnerability: []string{"CVE-1", "GHSA-1"}, Products: products, Status: models.StatusNotAffected, At: today,
	}
}

func product1(ids ...string) Product { return Product{Component: Component{IDs: ids}} }

func withParts(p Product, parts ...string) Product {
	for _, id := range parts {
		p.Parts = append(p.Parts, Component{IDs: []string{id}})
	}
	return p
}

func thing(title, component, purl string, aliases ...string) Thing {
	return Thing{Title: title, Component: component, Details: models.Details{PURL: purl, Aliases: aliases}.Encode()}
}

func TestMatcher_Component(t *testing.T) {
	const lodash = "pkg:npm/lodash@4.17.20"
	for _, test := range []struct {
		id, component, purl string
		want                bool
	}{
		{lodash, "lodash 4.17.20", lodash, true},
		{lodash, "anything", lodash, true},
		{lodash, "lodash 4.17.20", "pkg:npm/lodash@4.17.21", false},
		{lodash, "lodash 4.17.20", "pkg:pypi/lodash@4.17.20", false},
		{lodash, "lodash 4.17.20", "pkg:npm/%40x/lodash@4.17.20", false},
		{lodash, "lodash 4.17.20", "pkg:npm/lodash", false},
		{"pkg:npm/lodash", "lodash 4.17.20", lodash, true},
		{"pkg:npm/lodash", "lodash-es 4.17.20", "pkg:npm/lodash-es@4.17.20", false},
		{"pkg:npm/%40lake/tiles", "@lake/tiles 1", "pkg:npm/%40lake/tiles@1", true},
		{"pkg:PyPI/Flask_Login@0.6", "flask-login 0.6", "pkg:pypi/flask-login@0.6", true},
		{"pkg:golang/golang.org/x/net@v0.1.0", "golang.org/x/net 0.1.0", "pkg:golang/golang.org/x/net@0.1.0", true},

		// Qualifiers that the statement has must be equal.
		{"pkg:deb/debian/curl@7?arch=amd64", "curl 7", "pkg:deb/debian/curl@7?arch=amd64&distro=debian-12", true},
		{"pkg:deb/debian/curl@7?arch=arm64", "curl 7", "pkg:deb/debian/curl@7?arch=amd64&distro=debian-12", false},
		{"pkg:deb/debian/curl@7?arch=amd64", "curl 7", "pkg:deb/debian/curl@7", false},
		{"pkg:deb/ubuntu/curl@7", "curl 7", "pkg:deb/debian/curl@7", false},

		// Ranges match only if they are one version.
		{"pkg:npm/lodash?vers=vers:npm%2F4.17.20", "lodash 4.17.20", lodash, true},
		{"pkg:npm/lodash?vers=vers:npm%2F%3E%3D4", "lodash 4.17.20", lodash, false},

		// Without a purl, by name and version.
		{lodash, "lodash 4.17.20", "", true},
		{lodash, "lodash 4.17.21", "", false},
		{lodash, "lodash", "", false},
		{"pkg:npm/lodash", "lodash 4.17.20", "", true},
		{"pkg:npm/lodash", "lodash", "", true},
		{"pkg:maven/org.x/core@1", "org.x:core 1", "", true},
		{"pkg:maven/org.x/core@1", "core 1", "", false},
		{"pkg:deb/debian/curl@7", "curl 7", "", true},
		{"pkg:deb/debian/curl@7?arch=amd64", "curl 7", "", false},
		{"lodash 4.17.20", "lodash 4.17.20", lodash, false},
		{"lodash", "lodash 4.17.20", lodash, false},
		{"cpe:2.3:a:lodash:lodash:4.17.20:*:*:*:*:node.js:*:*", "lodash 4.17.20", lodash, true},
		{"cpe:2.3:a:lodash:lodash:4.17.21:*:*:*:*:node.js:*:*", "lodash 4.17.20", lodash, false},
		{"cpe:2.3:a:lodash:lodash:*:*:*:*:*:node.js:*:*", "lodash 4.17.20", lodash, false},
		{"cpe:/a:lodash:lodash:4.17.20", "lodash 4.17.20", "", true},
		{"pkg:", "lodash 4.17.20", lodash, false},
		{"", "", "", false},
		{"pkg:npm/lodash", "", "", false},
	} {
		m := matcherOf(t, about(product1(test.id)))
		if v := m.Match(Place{}, thing("CVE-1", test.component, test.purl), nil); (v.Status != "") != test.want {
			t.Errorf("%q and %q %q: %+v", test.id, test.component, test.purl, v)
		}
	}
}

func TestMatcher_Whole(t *testing.T) {
	const image = "registry.example/shop/web"
	for _, test := range []struct {
		id                string
		source, reference string
		want              bool
	}{
		{"Web Shop", "", "", true},
		{"web shop", "", "", true},
		{"Shop", "", "", false},
		{"pkg:generic/Web%20Shop", "", "", true},
		{"pkg:generic/Web%20Shop@1", "", "", false}, // which version a report is of is not known
		{"pkg:deb/debian/Web%20Shop", "", "", false},
		{"cpe:2.3:a:lake:web_shop:*:*:*:*:*:*:*:*", "", "", true},
		{"cpe:2.3:a:lake:web_shop:1:*:*:*:*:*:*:*", "", "", false},
		{"cpe:2.3:o:lake:web_shop:*:*:*:*:*:*:*:*", "", "", false},
		{"https://shop.example/web", "https://shop.example/web", "", true},
		{"pkg:oci/web?repository_url=registry.example/shop/web", image, "", true},
		{"pkg:oci/web?repository_url=https://registry.example/shop/web", image, "", true},
		{"pkg:oci/web?repository_url=registry.example/shop", image, "", true},
		{"pkg:oci/web?repository_url=other.example/shop/web", image, "", false},
		{"pkg:oci/web", image, "", false},
		{"pkg:oci/web", "web", "", true},
		{"pkg:oci/web?repository_url=other.example/web", "web", "", false},
		{"pkg:oci/web@sha256%3Aaa?repository_url=registry.example/shop/web", image, "", false},
		{"pkg:oci/web@sha256%3Aaa?repository_url=registry.example/shop/web", image, "sha256:aa", true},
		{"pkg:oci/web@sha256%3Aaa?arch=amd64&repository_url=registry.example/shop/web", image, "sha256:aa", true},
		{"pkg:oci/web@sha256%3Aaa?repository_url=registry.example/shop/web", image, "sha256:bb", false},
		{"pkg:oci/web?tag=2&repository_url=registry.example/shop/web", image, "2", true},
		{"pkg:oci/web?tag=2&repository_url=registry.example/shop/web", image, "3", false},
		{"pkg:oci/web?arch=amd64&repository_url=registry.example/shop/web", image, "", false},
		{"pkg:oci/nginx?repository_url=index.docker.io/library/nginx", "nginx", "", true},
		{"pkg:docker/shop/web", "docker.io/shop/web", "", true},
		{"pkg:npm/lodash", image, "", false},
		{"pkg:npm/web#sub", "web", "", false},
	} {
		place := Place{Source: test.source, Reference: test.reference}
		m := matcherOf(t, about(product1(test.id)))
		if v := m.Match(place, thing("CVE-1", "left-pad 1", "pkg:npm/left-pad@1"), nil); (v.Status != "") != test.want {
			t.Errorf("%q in %q %q: %+v", test.id, test.source, test.reference, v)
		}
	}
}

func TestMatcher_Parts(t *testing.T) {
	const lodash = "pkg:npm/lodash@4.17.20"
	for _, test := range []struct {
		product Product
		purl    string
		want    bool
	}{
		{withParts(product1("Web Shop"), lodash), lodash, true},
		{withParts(product1("Web Shop"), "pkg:npm/x", lodash), lodash, true},
		{withParts(product1("Web Shop"), "pkg:npm/x"), lodash, false},
		{withParts(product1("Other shop"), lodash), lodash, false},
		{withParts(product1(lodash), "pkg:npm/x"), lodash, false},

		// A version of a package of an operating system is the same wherever the system runs.
		{withParts(product1("cpe:/o:lake:linux:9"), "pkg:rpm/lake/curl@7"), "pkg:rpm/lake/curl@7?arch=x86_64", true},
		{withParts(product1("cpe:/o:lake:linux:9"), "pkg:rpm/lake/curl"), "pkg:rpm/lake/curl@7?arch=x86_64", false},
		{withParts(product1("cpe:/o:lake:linux:9"), lodash), lodash, false},
		{withParts(product1("cpe:/a:lake:suite:9"), "pkg:rpm/lake/curl@7"), "pkg:rpm/lake/curl@7?arch=x86_64", false},
		{Product{Component: Component{IDs: []string{"pkg:npm/lodash"}, Range: true}}, lodash, false},
		{Product{Component: Component{IDs: []string{"pkg:npm/lodash"}, Version: "4.17.20"}}, lodash, true},
		{Product{Component: Component{IDs: []string{"pkg:npm/lodash"}, Version: "4.17.21"}}, lodash, false},
		{product1("https://x.example", "pkg:npm/lodash", lodash), "pkg:npm/lodash@4.17.21", false},
	} {
		m := matcherOf(t, about(test.product))
		if v := m.Match(Place{}, thing("CVE-1", "", test.purl), nil); (v.Status != "") != test.want {
			t.Errorf("%+v and %q: %+v", test.product, test.purl, v)
		}
	}
}

func TestMatcher_Vulnerability(t *testing.T) {
	const purl = "pkg:npm/lodash@1"
	for _, test := range []struct {
		title   string
		aliases []string
		want    bool
	}{
		{"CVE-1", nil, true},
		{" cve-1", nil, true},
		{"GHSA-1", nil, true},
		{"GHSA-1", []string{"CVE-1"}, true},
		{"GHSA-9", []string{"cve-1"}, true},
		{"GO-1", []string{"GHSA-1", "CVE-1"}, true},
		{"CVE-10", nil, false},
		{"", nil, false},
		{"GHSA-9", []string{"GHSA-8"}, false},
		// An advisory with several CVEs is not that of one of them.
		{"USN-1", []string{"CVE-1", "CVE-2"}, false},
		{"CVE-2", []string{"GHSA-1"}, false},
		{"CVE-1", []string{"CVE-2"}, true},
	} {
		m := matcherOf(t, about(product1(purl)))
		if v := m.Match(Place{}, thing(test.title, "", purl, test.aliases...), nil); (v.Status != "") != test.want {
			t.Errorf("%q %q: %+v", test.title, test.aliases, v)
		}
	}
}

func TestMatcher_LatestCounts(t *testing.T) {
	const purl = "pkg:npm/lodash@1"
	statement := func(status models.Status, days int) Statement {
		s := about(product1(purl))
		s.Status, s.At = status, today.AddDate(0, 0, days)
		return s
	}
	for _, test := range []struct {
		statements []Statement
		want       int64
	}{
		{[]Statement{statement(models.StatusAffected, 1), statement(models.StatusNotAffected, 2)}, 2},
		{[]Statement{statement(models.StatusNotAffected, 2), statement(models.StatusAffected, 1)}, 1},
		{[]Statement{statement(models.StatusNotAffected, 1), statement(models.StatusAffected, 1)}, 2},
		{[]Statement{statement(models.StatusInReview, 1), statement(models.StatusResolved, 1)}, 1},
		{[]Statement{statement(models.StatusResolved, 1), statement(models.StatusNotAffected, 1)}, 2},
	} {
		found := 0
		m := matcherOf(t, test.statements...)
		v := m.Match(Place{}, thing("GHSA-1", "", purl, "CVE-1"), func(*Rule) { found++ })
		if v.DocumentID != test.want || found != 2 {
			t.Errorf("%+v: %+v of %d", test.statements, v, found)
		}
	}
}

func TestMatcher_Branch(t *testing.T) {
	s := about(product1("pkg:npm/lodash"))
	row, err := s.Row()
	if err != nil {
		t.Fatal(err)
	}
	row.BranchID = 7
	m, err := NewMatcher("Web Shop", []models.VEXStatement{row})
	if err != nil {
		t.Fatal(err)
	}
	for branch, want := range map[int64]models.Status{7: models.StatusNotAffected, 8: "", 0: ""} {
		if v := m.Match(Place{Branch: branch}, thing("CVE-1", "lodash 1", ""), nil); v.Status != want {
			t.Errorf("branch %d: %+v", branch, v)
		}
	}
	var none *Matcher
	if v := none.Match(Place{}, thing("CVE-1", "lodash 1", ""), nil); v.Status != "" {
		t.Errorf("no statements: %+v", v)
	}
}

func TestCompareVersions(t *testing.T) {
	for _, test := range []struct {
		a, b string
		want int
	}{
		{"1", "1", 0},
		{"2", "10", -1},
		{"1.0.2", "1.0.10", -1},
		{"1.1", "1.0.9", 1},
		{"1", "1.0.0", 0},
		{"1.0.0-1", "1.0.0-2", -1},
		{"b", "a", 1},
	} {
		if got := CompareVersions(test.a, test.b); got != test.want {
			t.Errorf("%s and %s: %d", test.a, test.b, got)
		}
	}
}

func FuzzMatcher(f *testing.F) {
	f.Add("pkg:npm/lodash@1", "pkg:npm/lodash@1", "lodash 1")
	f.Add("cpe:2.3:a:b:c\\:d:1", "pkg:oci/x?tag=1", "c 1")
	f.Add("pkg:oci/x@sha256:1?repository_url=a/x", "", "x")
	f.Fuzz(func(t *testing.T, id, purl, component string) {
		m := matcherOf(t, about(withParts(product1(id), id), product1(id)))
		m.Match(Place{Source: component}, thing("CVE-1", component, purl), nil)
	})
}
