package ingest

import (
	"fmt"
	"testing"
)

func TestGrypeMoves(t *testing.T) {
	match := func(id, related, purl string, paths ...string) string {
		locations := ""
		for i, path := range paths {
			locations += []string{"", ","}[min(i, 1)] + `{"path": "` + path + `"}`
		}
		return fmt.Sprintf(`{"vulnerability": {"id": %q, "cwes": [{"cwe": "CWE-79"}]}, "relatedVulnerabilities": [%s], `+
			`"artifact": {"name": "pond", "version": "1", "type": "deb", "purl": %q, "locations": [%s]}}`,
			id, related, purl, locations)
	}
	of := func(list string) string { return `{"matches": [` + list + `]}` }
	one := func(purl string, paths ...string) string { return of(match("CVE-2031-9", "", purl, paths...)) }
	named := func(id, related string) string { return of(match(id, related, "pkg:npm/pond@1", "/a")) }
	const purl = "pkg:deb/pond@1?arch=amd64&distro=debian-12"
	moved, other := Tally{Updated: 1}, Tally{New: 1, Resolved: 1}
	moves{
		"another path":        {one(purl, "/a"), one(purl, "/b"), moved, 1},
		"one path more":       {one(purl, "/a"), one(purl, "/a", "/b"), moved, 1},
		"other qualifiers":    {one(purl, "/a"), one("pkg:deb/pond@1?distro=debian-13", "/a"), moved, 1},
		"without qualifiers":  {one(purl, "/a"), one("pkg:deb/pond@1", "/b"), moved, 1},
		"another version":     {one(purl, "/a"), one("pkg:deb/pond@2?arch=amd64", "/a"), other, 0},
		"another subpath":     {one("pkg:deb/pond@1?arch=x#a"), one("pkg:deb/pond@1?arch=x#b"), other, 0},
		"another package":     {one(purl, "/a"), one("pkg:deb/lake@1", "/a"), other, 0},
		"without package URL": {one("", "/a"), one("", "/b"), moved, 1},
		"one of two paths": {
			of(match("V-1", "", purl, "/a") + "," + match("V-1", "", purl, "/b")), of(match("V-1", "", purl, "/b")),
			Tally{Updated: 1, Resolved: 1},
			1,
		},
		"one of two paths, the other moved": {
			of(match("V-1", "", purl, "/a") + "," + match("V-1", "", purl, "/b")), of(match("V-1", "", purl, "/c")),
			Tally{Updated: 1, Resolved: 1},
			0,
		},
		"another name": {
			named("GHSA-pond-1", ""), named("CVE-2031-9", `{"id": "GHSA-pond-1"}`), moved, 1,
		},
		"a related name": {
			named("GHSA-pond-1", `{"id": "CVE-2031-9"}`), named("ELSA-2031-1", `{"id": "CVE-2031-9"}`), moved, 1,
		},
		"another vulnerability": {named("CVE-2031-9", ""), named("CVE-2031-8", ""), other, 0},
		"another name in another package": {
			named("GHSA-pond-1", ""), of(match("CVE-2031-9", `{"id": "GHSA-pond-1"}`, "pkg:npm/lake@1", "/a")), other, 0,
		},
	}.check(t)
}
