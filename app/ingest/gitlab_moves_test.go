package ingest

import (
	"fmt"
	"testing"
)

// gitlabScanOf returns the report of a scan with a list of vulnerabilities.
func gitlabScanOf(kind, list string) string {
	return fmt.Sprintf(`{"version": "15.1.2", "scan": {"type": %q, "status": "success"}, "vulnerabilities": [%s]}`,
		kind, list)
}

func TestGitLabMoves_Code(t *testing.T) {
	n := 0
	finding := func(rule, location, code string) string {
		n++ // each report has new IDs
		return fmt.Sprintf(`{"id": "uuid-%d", "name": "A", "location": %s, "raw_source_code_extract": %s, `+
			`"identifiers": [{"type": "hawk_rule", "name": %q, "value": %q}, {"type": "cwe", "value": "79"}]}`,
			n, location, code, rule, rule)
	}
	one := func(rule, location string) string { return gitlabScanOf("sast", finding(rule, location, `""`)) }
	secret := func(line int, code string) string {
		return finding("key", fmt.Sprintf(`{"file": "a.env", "start_line": %d, "commit": {"sha": "%d"}}`, line, line), code)
	}
	secrets := func(list string) string { return gitlabScanOf("secret_detection", list) }
	moved, other := Tally{Updated: 1}, Tally{New: 1, Resolved: 1}
	moves{
		"other lines": {
			one("HK1", `{"file": "a.rb", "start_line": 3, "end_line": 3}`),
			one("HK1", `{"file": "a.rb", "start_line": 7, "end_line": 9}`), moved, 1,
		},
		"another commit": {
			one("HK1", `{"file": "a.rb", "commit": {"sha": "1"}}`),
			one("HK1", `{"file": "a.rb", "commit": {"sha": "2"}}`), moved, 1,
		},
		"another host": {
			one("HK1", `{"hostname": "https://a.example", "path": "/x", "param": "q"}`),
			one("HK1", `{"hostname": "https://b.example", "path": "/x", "param": "q"}`), moved, 1,
		},
		"another parameter": {
			one("HK1", `{"hostname": "https://a.example", "path": "/x", "param": "q"}`),
			one("HK1", `{"hostname": "https://a.example", "path": "/x", "param": "r"}`), other, 0,
		},
		"another file": {one("HK1", `{"file": "a.rb"}`), one("HK1", `{"file": "b.rb"}`), other, 0},
		"another method": {
			one("HK1", `{"file": "a.rb", "method": "m"}`), one("HK1", `{"file": "a.rb", "method": "n"}`), other, 0,
		},
		"another rule": {one("HK1", `{"file": "a.rb"}`), one("HK2", `{"file": "a.rb"}`), other, 0},
		"another category": {
			gitlabScanOf("sast", finding("HK1", `{"file": "a"}`, `""`)),
			gitlabScanOf("dast", finding("HK1", `{"file": "a"}`, `""`)),
			other, 0,
		},
		"a secret":       {secrets(secret(3, `"k1"`)), secrets(secret(4, `"k1"`)), moved, 1},
		"another secret": {secrets(secret(3, `"k1"`)), secrets(secret(4, `"k2"`)), other, 0},
		"secrets in lists": {
			secrets(secret(3, `["k1\n"]`) + "," + secret(5, `["k2\n"]`)),
			secrets(secret(4, `["k2\n"]`) + "," + secret(6, `["k1\n"]`)),
			Tally{Updated: 2},
			2,
		},
	}.check(t)
}

func TestGitLabMoves_Packages(t *testing.T) {
	n := 0
	finding := func(name, version, image, ids string) string {
		n++ // the list of packages has another order
		return gitlabScanOf("container_scanning", fmt.Sprintf(`{"id": "uuid-%d", "name": %q, `+
			`"identifiers": [%s], "location": `+
			`{"image": %q, "operating_system": "debian 12.%d", "dependency": {"iid": %d, "package": {"name": "pond"}, `+
			`"version": %q}}}`, n, name, ids, image, n, n, version))
	}
	id := func(kind, value string) string {
		return fmt.Sprintf(`{"type": %q, "name": %q, "value": %q}`, kind, value, value)
	}
	cve, ghsa, cwe := id("cve", "CVE-2031-5"), id("ghsa", "GHSA-pond-1"), id("cwe", "CWE-79")
	moved, other := Tally{Updated: 1}, Tally{New: 1, Resolved: 1}
	moves{
		"a new tag": {finding("A", "1", "till:1", cve), finding("A", "1", "till:2", cve), moved, 1},
		"a new digest": {
			finding("A", "1", "x:5000/till:1", cve), finding("A", "1", "x:5000/till@sha256:ab", cve), moved, 1,
		},
		"another image":   {finding("A", "1", "till:1", cve), finding("A", "1", "shop:1", cve), other, 0},
		"another version": {finding("A", "1", "till:1", cve), finding("A", "2", "till:1", cve), other, 0},
		"another name":    {finding("A", "1", "till:1", ghsa), finding("A", "1", "till:1", cve+","+ghsa), moved, 1},
		"another vulnerability": {
			finding("A", "1", "till:1", ghsa+","+cwe),
			finding("A", "1", "till:1", id("ghsa", "GHSA-pond-2")+","+cwe), other, 0,
		},
		"another advisory": {
			finding("A", "1", "till:1", id("hawk", "H-1")+","+id("usn", "USN-1")),
			finding("A", "1", "till:1", id("hawk", "H-2")+","+id("usn", "USN-1")), other, 0,
		},
	}.check(t)
}
