package ingest

import (
	"fmt"
	"testing"
)

// trivyOf returns the report of a target with the lists of its findings.
func trivyOf(target, lists string) string {
	return `{"SchemaVersion": 2, "Results": [{"Target": "` + target + `", ` + lists + `}]}`
}

func trivyVulns(list string) string { return `"Vulnerabilities": [` + list + `]` }

func TestTrivyMoves_Vulnerabilities(t *testing.T) {
	const pond = `{"VulnerabilityID": "CVE-2031-5", "PkgName": "libpond", "InstalledVersion": "1.2-3"}`
	const lake = `{"VulnerabilityID": "CVE-2031-6", "PkgName": "liblake", "InstalledVersion": "4"}`
	of := func(target string) string { return trivyOf(target, trivyVulns(pond+", "+lake)) }
	one := func(vulnerability string) string { return trivyOf("shop:1 (debian 12.5)", trivyVulns(vulnerability)) }
	named := func(id, vendorIDs string) string {
		return one(`{"VulnerabilityID": "` + id + `", "VendorIDs": [` + vendorIDs + `], "PkgName": "libpond", ` +
			`"CweIDs": ["CWE-79"], "InstalledVersion": "1"}`)
	}
	moved, replaced := Tally{Updated: 2}, Tally{New: 2, Resolved: 2}
	renamed, other := Tally{Updated: 1}, Tally{New: 1, Resolved: 1}
	moves{
		"a new tag":    {of("shop.example/till:b1 (debian 12.5)"), of("shop.example/till:b2 (debian 12.5)"), moved, 2},
		"a new digest": {of("till@sha256:aa11 (debian 12.5)"), of("till@sha256:bb22 (debian 12.5)"), moved, 2},
		"a tag for a digest": {
			of("shop.example:5000/till:v1@sha256:aa11 (debian 12.5)"), of("shop.example:5000/till (debian 12.5)"), moved, 2,
		},
		"a new version of the distribution": {of("till:1 (debian 12.5)"), of("till:2 (debian 13 (trixie))"), moved, 2},
		"another distribution":              {of("till:1 (debian 12.5)"), of("till:1 (alpine 3.20)"), replaced, 0},
		"another image":                     {of("till:1 (debian 12.5)"), of("shop:1 (debian 12.5)"), replaced, 0},
		"another registry's port":           {of("shop.example:5000/till"), of("shop.example:6000/till"), replaced, 0},
		"another file":                      {of("a/go.sum"), of("b/go.sum"), replaced, 0},
		"one is gone": {
			of("till:1 (debian 12.5)"), trivyOf("till:2 (debian 12.6)", trivyVulns(pond)), Tally{Updated: 1, Resolved: 1}, 1,
		},
		"another version of the package": {
			one(pond), one(`{"VulnerabilityID": "CVE-2031-5", "PkgName": "libpond", "InstalledVersion": "1.2-4"}`), other, 0,
		},
		"another path": {
			one(pond),
			one(`{"VulnerabilityID": "CVE-2031-5", "PkgName": "libpond", "InstalledVersion": "1.2-3", "PkgPath": "a"}`),
			other, 0,
		},
		"another name":              {named("GHSA-pond-1", ""), named("CVE-2031-77", `"GHSA-pond-1"`), renamed, 1},
		"another name, the reverse": {named("CVE-2031-77", `"GHSA-pond-1"`), named("GHSA-pond-1", ""), renamed, 1},
		"another alias":             {named("OSV-1", `"GHSA-pond-1"`), named("CVE-2031-77", `"GHSA-pond-1"`), renamed, 1},
		"an advisory that two have in common": {
			named("CVE-2031-77", `"DLA-7-1", "RHSA-2031:7"`), named("CVE-2031-78", `"DLA-7-1", "RHSA-2031:7"`), other, 0,
		},
		"another vulnerability": {named("CVE-2031-77", ""), named("CVE-2031-78", ""), other, 0},
	}.check(t)
}

func TestTrivyMoves_Secrets(t *testing.T) {
	secret := func(line, offset int, match string) string {
		return fmt.Sprintf(`{"RuleID": "river-key", "StartLine": %d, "Offset": %d, "Match": %q}`, line, offset, match)
	}
	of := func(list string) string { return trivyOf("cfg.env", `"Secrets": [`+list+`]`) }
	moves{
		"another line":   {of(secret(3, 20, "A=**")), of(secret(7, 90, "A=**")), Tally{Updated: 1}, 1},
		"another offset": {of(secret(3, 20, "A=**")), of(secret(3, 21, "A=**")), Tally{Updated: 1}, 1},
		"another secret": {of(secret(3, 20, "A=**")), of(secret(7, 90, "B=**")), Tally{New: 1, Resolved: 1}, 0},
		"two of a rule": {
			of(secret(3, 20, "A=**") + "," + secret(5, 50, "B=**")),
			of(secret(6, 60, "B=**") + "," + secret(4, 30, "A=**")),
			Tally{Updated: 2},
			2,
		},
		"two of a line": {
			of(secret(3, 2, "A=** B=**") + "," + secret(3, 20, "A=** B=**")),
			of(secret(4, 3, "A=** B=**") + "," + secret(4, 21, "A=** B=**")),
			Tally{Updated: 2},
			2,
		},
		"one without a match": {of(secret(3, 2, "")), of(secret(4, 3, "A=**")), Tally{Updated: 1}, 1},
	}.check(t)
}

func TestTrivyMoves_Misconfigurations(t *testing.T) {
	finding := func(line int, resource, message, code string) string {
		return fmt.Sprintf(`{"ID": "PD-1", "Status": "FAIL", "Message": %q, "CauseMetadata": {"StartLine": %d, `+
			`"Resource": %q, "Code": {"Lines": [{"Content": "# line %d"}, {"Content": %q, "IsCause": true}]}}}`,
			message, line, resource, line, code)
	}
	of := func(list string) string { return trivyOf("main.tf", `"Misconfigurations": [`+list+`]`) }
	bare := func(line int) string { return finding(line, "r", "open", "") }
	other := Tally{New: 1, Resolved: 1}
	moves{
		"another line": {
			of(finding(3, "r", "open", "x = 1")), of(finding(8, "r", "open", "x = 1")), Tally{Updated: 1}, 1,
		},
		"other code":       {of(finding(3, "r", "open", "x = 1")), of(finding(8, "r", "open", "x = 2")), other, 0},
		"another resource": {of(finding(3, "r", "open", "x = 1")), of(finding(3, "s", "open", "x = 1")), other, 0},
		"another message":  {of(finding(3, "r", "open", "x = 1")), of(finding(3, "r", "shut", "x = 1")), other, 0},
		"one of two, without code": {
			of(bare(3) + "," + bare(9)), of(bare(5)), Tally{Updated: 1, Resolved: 1}, 0,
		},
	}.check(t)
}

func TestTrivyMoves_Licenses(t *testing.T) {
	of := func(target, pkg, file string) string {
		return trivyOf(target, fmt.Sprintf(`"Licenses": [{"Name": "GPL-3.0", "PkgName": %q, "FilePath": %q}]`, pkg, file))
	}
	other := Tally{New: 1, Resolved: 1}
	moves{
		"a new tag":       {of("till:1 (debian 12.5)", "p", ""), of("till:2 (debian 12.5)", "p", ""), Tally{Updated: 1}, 1},
		"another package": {of("OS Packages", "p", ""), of("OS Packages", "q", ""), other, 0},
		"another file":    {of("Loose File License(s)", "", "a"), of("Loose File License(s)", "", "b"), other, 0},
	}.check(t)
}

func TestTrivyMoves_Resources(t *testing.T) {
	resource := func(namespace, kind, name, tag string) string {
		return fmt.Sprintf(`{"Namespace": %q, "Kind": %q, "Name": %q, `+
			`"Results": [{"Target": "nest:%s (debian 12.5)", %s}]}`,
			namespace, kind, name, tag, trivyVulns(`{"VulnerabilityID": "CVE-2031-5", "PkgName": "libpond"}`))
	}
	of := func(list string) string { return `{"ClusterName": "pond", "Resources": [` + list + `]}` }
	web := resource("till", "Deployment", "web", "1")
	other := Tally{New: 1, Resolved: 1}
	moves{
		"a new tag":         {of(web), of(resource("till", "Deployment", "web", "2")), Tally{Updated: 1}, 1},
		"another namespace": {of(web), of(resource("shop", "Deployment", "web", "1")), other, 0},
		"another kind":      {of(web), of(resource("till", "Job", "web", "1")), other, 0},
		"another name":      {of(web), of(resource("till", "Deployment", "db", "1")), other, 0},
		"a new tag in two": {
			of(web + "," + resource("shop", "Deployment", "web", "1")),
			of(resource("shop", "Deployment", "web", "2") + "," + resource("till", "Deployment", "web", "2")),
			Tally{Updated: 2},
			2,
		},
	}.check(t)
}
