package vex

import (
	"testing"

	"gatecrier/models"
)

const (
	digestA = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	digestB = "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
	hashB   = "sha256:BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB"
)

// A product that is only a name matches no component whose package URL is known.
func TestMatcher_NamesAndPackageURLs(t *testing.T) {
	const lodash = "pkg:npm/lodash@4.17.20"
	named := func(name, version string) Product {
		return Product{Component: Component{IDs: []string{name}, Version: version}}
	}
	for _, test := range []struct {
		product         Product
		component, purl string
		want            bool
	}{
		{named("lodash", "4.17.20"), "lodash 4.17.20", "", true},
		{named("lodash", "4.17.20"), "lodash 4.17.20", lodash, false},
		{named("lodash", "4.17.20"), "lodash 4.17.20", "pkg:pypi/lodash@4.17.20", false},
		{named("lodash 4.17.20", ""), "lodash 4.17.20", "", true},
		{named("lodash 4.17.20", ""), "lodash 4.17.20", lodash, false},
		{withParts(product1("Web Shop"), "lodash 4.17.20"), "lodash 4.17.20", lodash, false},
		{named("lodash", "4.17.20"), "lodash 4.17.20", "pkg:", true}, // no package URL
		{product1("cpe:2.3:a:lodash:lodash:4.17.20:*:*:*:*:*:*:*"), "lodash 4.17.20", "", true},
		{product1("cpe:2.3:a:lodash:lodash:4.17.20:*:*:*:*:*:*:*"), "lodash 4.17.20", lodash, false},
		{product1("cpe:2.3:a:lodash:lodash:4.17.20:*:*:*:*:python:*:*"), "lodash 4.17.20", lodash, false},
		{product1("cpe:2.3:a:lodash:lodash:4.17.20:*:*:*:*:node.js:*:*"), "lodash 4.17.20", lodash, true},
		{
			product1("cpe:2.3:a:lodash:lodash:4.17.20:*:*:*:*:node.js:*:*"), "@x/lodash 4.17.20",
			"pkg:npm/%40x/lodash@4.17.20", false,
		},
	} {
		m := matcherOf(t, about(test.product))
		if v := m.Match(Place{}, thing("CVE-1", test.component, test.purl), nil); (v.Status != "") != test.want {
			t.Errorf("%+v and %q %q: %+v", test.product, test.component, test.purl, v)
		}
	}
}

func TestMatcher_Hashes(t *testing.T) {
	const image = "pkg:oci/web?repository_url=registry.example/shop/web"
	hashed := func(ids []string, hashes ...string) Product {
		return Product{Component: Component{IDs: ids, Hashes: hashes}}
	}
	ids := []string{image}
	for name, test := range map[string]struct {
		product   Product
		reference string
		digests   []string
		want      bool
	}{
		"no digest is known":          {hashed(ids, digestA), "1.4", nil, true},
		"the digest":                  {hashed(ids, digestA), "1.4", []string{digestA}, true},
		"one of two":                  {hashed(ids, digestB), "1.4", []string{digestA, digestB}, true},
		"in upper case":               {hashed(ids, hashB), "1.4", []string{digestB}, true},
		"another digest":              {hashed(ids, digestB), "1.4", []string{digestA}, false},
		"another digest as reference": {hashed(ids, digestB), digestA, nil, false},
		"the digest as reference":     {hashed(ids, digestA), digestA, nil, true},
		"another algorithm":           {hashed(ids, "sha512:aa"), digestA, nil, false},
		"only a hash, none is known":  {hashed(nil, digestA), "1.4", nil, false},
		"only a hash, another one":    {hashed(nil, digestB), digestA, nil, false},
		"only a hash, the digest":     {hashed(nil, digestA), digestA, nil, true},
		"an IRI and the digest": {
			hashed([]string{"https://shop.example/web"}, digestA), "1", []string{digestA}, true,
		},
		"an IRI and another digest": {
			hashed([]string{"https://shop.example/web"}, digestB), "1", []string{digestA}, false,
		},
		"another image and the digest":  {hashed([]string{"pkg:oci/other"}, digestA), digestA, nil, false},
		"a package with another digest": {hashed([]string{"pkg:npm/left-pad@1"}, digestB), digestA, nil, false},
		"no hash":                       {hashed(ids), digestA, nil, true},
	} {
		place := Place{Source: "registry.example/shop/web", Reference: test.reference, Digests: test.digests}
		m := matcherOf(t, about(test.product))
		if v := m.Match(place, thing("CVE-1", "left-pad 1", "pkg:npm/left-pad@1"), nil); (v.Status != "") != test.want {
			t.Errorf("%s: %+v", name, v)
		}
	}
}

func TestMatcher_Architecture(t *testing.T) {
	const curl = "pkg:rpm/lake/curl@7"
	of := func(arch string, p Product) Product {
		p.Arch = arch
		return p
	}
	part := func(arch string) Product {
		p := product1("cpe:/o:lake:linux:9")
		p.Parts = []Component{{IDs: []string{curl}, Arch: arch}}
		return p
	}
	for name, test := range map[string]struct {
		product Product
		purl    string
		want    bool
	}{
		"equal":                {of("x86_64", product1(curl)), curl + "?arch=x86_64", true},
		"in another case":      {of("X86_64", product1(curl)), curl + "?arch=x86_64", true},
		"another":              {of("aarch64", product1(curl)), curl + "?arch=x86_64", false},
		"not known":            {of("x86_64", product1(curl)), curl, false},
		"no package URL":       {of("x86_64", product1(curl)), "", false},
		"none":                 {product1(curl), curl + "?arch=x86_64", true},
		"of a part":            {part("x86_64"), curl + "?arch=x86_64", true},
		"of another part":      {part("aarch64"), curl + "?arch=x86_64", false},
		"of the whole":         {of("aarch64", part("")), curl + "?arch=x86_64", false},
		"of the whole, equal":  {of("x86_64", part("")), curl + "?arch=x86_64", true},
		"of the whole product": {of("x86_64", product1("Web Shop")), curl, false},
	} {
		m := matcherOf(t, about(test.product))
		if v := m.Match(Place{}, thing("CVE-1", "curl 7", test.purl), nil); (v.Status != "") != test.want {
			t.Errorf("%s: %+v", name, v)
		}
	}
}

func TestMatcher_ImageReferences(t *testing.T) {
	const image = "quay.io/shop/till"
	for _, test := range []struct {
		id, source, reference string
		digests               []string
		want                  bool
	}{
		{image, image, "1.4", nil, true},
		{image + ":1.4", image, "1.4", nil, true},
		{image + ":1.5", image, "1.4", nil, false},
		{image + ":1.4", image, "", nil, false},
		{image + ":1.4", "quay.io/shop/other", "1.4", nil, false},
		{"till:1.4", image, "1.4", nil, false},
		{image + "@" + digestA, image, digestA, nil, true},
		{image + "@" + digestA, image, "1.4", []string{digestA}, true},
		{image + "@" + digestA, image, "1.4", nil, false},
		{image + "@" + digestB, image, "1.4", []string{digestA}, false},
		{image + ":1.4@" + digestA, image, "1.4", []string{digestA}, true},
		{image + ":1.5@" + digestA, image, "1.4", []string{digestA}, false},
		{image + ":1.4@" + digestB, image, "1.4", []string{digestA}, false},
		{image + ":1.4@" + digestA, image, "1.4", nil, false},
		{"nginx:1.27", "docker.io/library/nginx", "1.27", nil, true},
		{"docker.io/library/nginx:1.27", "nginx", "1.27", nil, true},
		{"localhost:5000/till", "localhost:5000/till", "1", nil, true},
		{"localhost:5000/till:1", "localhost:5000/till", "1", nil, true},
		{"localhost:5000/till:2", "localhost:5000/till", "1", nil, false},
		{"pkg:oci/till@" + digestA + "?repository_url=" + image, image, digestA, nil, true},
		{"pkg:oci/till@" + digestA + "?repository_url=" + image, image, "1.4", []string{digestA}, true},
		{"pkg:oci/till@" + digestB + "?repository_url=" + image, image, "1.4", []string{digestA}, false},
		{"pkg:oci/till@" + digestA + "?repository_url=" + image + "&tag=1.4", image, "1.4", []string{digestA}, true},
		{"pkg:oci/till@" + digestA + "?repository_url=" + image + "&tag=1.4", image, "1.4", nil, false},
		{"pkg:oci/till?repository_url=" + image + "&tag=1.4", image, "1.4", nil, true},
		{"Web Shop:1.4", "", "1.4", nil, false},
	} {
		place := Place{Source: "image", Subject: test.source, Reference: test.reference, Digests: test.digests}
		m := matcherOf(t, about(product1(test.id)))
		if v := m.Match(place, thing("CVE-1", "left-pad 1", "pkg:npm/left-pad@1"), nil); (v.Status != "") != test.want {
			t.Errorf("%q in %q %q %q: %+v", test.id, test.source, test.reference, test.digests, v)
		}
	}
}

func TestPlaceOf_KnowsTheDigests(t *testing.T) {
	facts := models.SourceFacts{Subject: "quay.io/shop/till (container image)", Digests: []string{digestA}}
	if p := PlaceOf(1, "", facts); p.Subject != "quay.io/shop/till" || len(p.Digests) != 1 || p.Digests[0] != digestA {
		t.Errorf("place %+v", p)
	}
}
