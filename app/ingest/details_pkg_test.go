package ingest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatecrier/models"
)

// detailsOf returns the details of the single finding of a document, read with its keys in both orders.
func detailsOf(t *testing.T, text string) (Finding, models.Details) {
	t.Helper()
	f := onlyFinding(t, text)
	if reversed := onlyFinding(t, string(reverseKeys(t, []byte(text)))); reversed != f {
		t.Errorf("with keys in reversed order: %+v, want %+v", reversed, f)
	}
	return f, f.Details.Decode()
}

func TestTrivyDetails(t *testing.T) {
	vulnerability := func(rest string) string {
		return trivyOf("t", trivyVulns(`{"VulnerabilityID": "CVE-1", "Title": "t", "Description": "d", `+rest+`}`))
	}
	for name, test := range map[string]struct {
		text string
		want models.Details
	}{
		"all": {
			vulnerability(`"VendorIDs": ["GHSA-1", "DSA-9", "CVE-1"], "CweIDs": ["CWE-79"], "References": ["u", "v"], ` +
				`"PkgIdentifier": {"PURL": "pkg:npm/p@1"}, "CVSS": {"nvd": {"V2Score": 10, "V3Score": 7.5, "V3Vector": "x"}}`),
			models.Details{
				Aliases: []string{"GHSA-1"}, CWEs: []string{"CWE-79"}, References: []string{"u", "v"}, PURL: "pkg:npm/p@1",
				Score: 7.5, Vector: "x", Rule: "t",
			},
		},
		"the NVD's score": {
			vulnerability(`"SeveritySource": "b", "CVSS": {"b": {"V3Score": 9}, "nvd": {"V3Score": 5, "V40Score": 6}}`),
			models.Details{Score: 6, Rule: "t"},
		},
		"the vendor's score": {
			vulnerability(`"SeveritySource": "b", "CVSS": {"b": {"V3Score": 3}, "nvd": {}, "c": {"V3Score": 8}}`),
			models.Details{Score: 3, Rule: "t"},
		},
		"the highest score": {
			vulnerability(`"CVSS": {"b": {"V3Score": 3}, "c": {"V3Score": 8}, "d": {"V3Score": 80}}`),
			models.Details{Score: 8, Rule: "t"},
		},
		"a score of version 2": {
			vulnerability(`"CVSS": {"nvd": {"V2Score": 4.3, "V2Vector": "v"}}`),
			models.Details{Score: 4.3, Vector: "v", Rule: "t"},
		},
		"only a vector": {
			vulnerability(`"CVSS": {"nvd": {"V3Vector": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}}`),
			models.Details{Score: 9.8, Vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", Rule: "t"},
		},
		"of other types": {
			vulnerability(`"VendorIDs": 7, "CweIDs": {}, "References": "u", "PkgIdentifier": [], ` +
				`"CVSS": [1], "SeveritySource": 1`),
			models.Details{Rule: "t"},
		},
		"of a license": {
			trivyOf("t", `"Licenses": [{"Name": "GPL-3.0", "Category": "restricted", "Link": "u"}]`),
			models.Details{Kind: "license"},
		},
		"in a cluster": {
			`{"ClusterName": "c", "Resources": [{"Namespace": "till", "Kind": "Pod", "Name": "web", ` +
				`"Results": [{"Target": "t", "Secrets": [{"RuleID": "S"}]}]}]}`,
			models.Details{Kind: "secret", Locations: []string{"till/Pod/web"}},
		},
		"of a whole cluster": {
			`{"ClusterName": "c", "Resources": [{"Kind": "Node", "Name": "n", "Results": [{"Target": "t", ` +
				`"Secrets": [{"RuleID": "S"}]}]}]}`,
			models.Details{Kind: "secret", Locations: []string{"Node/n"}},
		},
	} {
		_, got := detailsOf(t, test.text)
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestGrypeDetails(t *testing.T) {
	match := func(vulnerability, rest string) string {
		return `{"matches": [{"vulnerability": {"id": "GHSA-1", ` + vulnerability + `}, ` +
			`"artifact": {"name": "p"}` + rest + `}]}`
	}
	cvss := func(version, score string) string {
		return `{"version": "` + version + `", "metrics": {"baseScore": ` + score + `}}`
	}
	for name, test := range map[string]struct {
		text    string
		want    models.Details
		kev     bool
		unfixed bool
	}{
		"all": {
			match(`"urls": ["u"], "epss": [{"epss": 0.2, "percentile": 0.6}, {"epss": 0.3, "percentile": 0.7}], `+
				`"knownExploited": [{"cve": "CVE-1"}], "cwes": [{"cwe": "CWE-1"}], "fix": {"state": "wont-fix", "versions": []}`,
				`, "relatedVulnerabilities": [{"id": "CVE-1", "urls": ["v"], "cwes": [{"cwe": "CWE-1"}]}]`),
			models.Details{
				Aliases: []string{"CVE-1"}, CWEs: []string{"CWE-1"}, References: []string{"u", "v"}, EPSS: 0.3, Percentile: 0.7,
			},
			true, true,
		},
		"the newest score": {
			match(`"cvss": [`+cvss("2.0", "10")+`, `+cvss("3.1", "5")+`, `+cvss("3.1", "6")+`, `+cvss("3.0", "9")+`]`, ""),
			models.Details{Score: 6},
			false, true,
		},
		"a related score": {
			match(`"cvss": []`, `, "relatedVulnerabilities": [{"cvss": [`+cvss("3.0", "5.5")+`]}, `+
				`{"cvss": [`+cvss("3.0", "9")+`]}]`),
			models.Details{Score: 5.5},
			false, true,
		},
		"old scores": {
			match(`"cvssV2": {"baseScore": 9}, "cvssV3": {"baseScore": 5, "vector": "v"}, "fixedInVersion": "2"`, ""),
			models.Details{Score: 5, Vector: "v"},
			false, false,
		},
		"known exploited elsewhere": {
			match(`"fix": {"state": "fixed"}`, `, "relatedVulnerabilities": [{"knownExploited": [{}]}]`),
			models.Details{},
			true, false,
		},
		"of other types": {
			match(`"urls": 7, "epss": [{"epss": 7, "percentile": 2}], "knownExploited": {}, "cwes": "x", "cvss": {}, `+
				`"fix": {"state": 7, "versions": ["2"]}`, `, "relatedVulnerabilities": [{"id": 7}]`),
			models.Details{},
			false, false,
		},
	} {
		f, got := detailsOf(t, test.text)
		if diff := cmp.Diff(test.want, got); diff != "" || f.KEV != test.kev || f.Unfixed != test.unfixed {
			t.Errorf("%s: KEV %t, unfixed %t (-want +got):\n%s", name, f.KEV, f.Unfixed, diff)
		}
	}
	_, got := detailsOf(t, `{"matches": [{"vulnerability": {"id": "V"}, "artifact": {"purl": "pkg:a/b@1", "locations": `+
		`[{"path": "/c"}, {"path": "/a"}]}}]}`)
	if diff := cmp.Diff(models.Details{PURL: "pkg:a/b@1", Locations: []string{"/a"}}, got); diff != "" {
		t.Errorf("locations (-want +got):\n%s", diff)
	}
}

func TestGitLabDetails(t *testing.T) {
	_, got := detailsOf(t, gitlabScanOf("container_scanning", `{"name": "Overflow", "identifiers": [
		{"type": "cve", "name": "CVE-1", "value": "CVE-1"}, {"type": "GHSA", "value": "GHSA-1"},
		{"type": "cwe", "name": "CWE-79", "value": "79"}, {"type": "cwe", "name": "CWE-80", "value": "rule"},
		{"type": "cwe", "value": 81}, {"type": "owasp", "value": "A1:2021"}, {"type": "usn", "value": "USN-1"},
		{"type": "hawk_rule", "value": "HK1"}, {"type": "gemnasium", "name": "Gemnasium-7", "value": "7"},
		{"type": "advisory", "value": "GO-2031-7"}], "links": [{"url": "u"}, {"url": "v"}],
		"cvss_vectors": [{"vendor": "a", "vector": "AV:N/AC:L/Au:N/C:C/I:C/A:C"},
		{"vendor": "b", "vector": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N"}],
		"location": {"image": "till:1", "kubernetes_resource": {"namespace": "till", "kind": "Pod", "name": "web"}}}`))
	want := models.Details{
		Aliases: []string{"GHSA-1", "7", "GO-2031-7"}, CWEs: []string{"CWE-79", "CWE-80", "CWE-81"},
		References: []string{"u", "v"}, Score: 7.5, Vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N", Rule: "Overflow",
		Locations: []string{"till/Pod/web"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("details (-want +got):\n%s", diff)
	}
}

// A package has no known fix if the report says how to fix another one.
func TestGitLabUnfixed(t *testing.T) {
	vulnerability := func(name, solution string) string {
		return `{"name": "` + name + `", "solution": "` + solution + `", ` +
			`"location": {"dependency": {"package": {"name": "p"}}}}`
	}
	code := `{"name": "code", "solution": "do", "location": {"file": "a"}}`
	for name, test := range map[string]struct {
		list string
		want []string
	}{
		"no solutions": {
			vulnerability("a", "") + "," + vulnerability("b", "No solution provided") + "," + code, nil,
		},
		"solutions":             {vulnerability("a", "") + "," + vulnerability("b", "Upgrade") + "," + code, []string{"a"}},
		"solutions come before": {vulnerability("b", "Upgrade") + "," + vulnerability("a", "no solution"), []string{"a"}},
	} {
		for _, kind := range []string{"dependency_scanning", ""} {
			var got []string
			for f := range mustParse(t, gitlabScanOf(kind, test.list)).Findings.All() {
				if f.Unfixed {
					got = append(got, f.Title)
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("%s: unfixed (-want +got):\n%s", name, diff)
			}
		}
	}
}

func TestReportsSaySubject(t *testing.T) {
	digest := "sha256:7144f7bab3d4c2648d7e59409f15ec52a18006a128c733fcff20d3a4a54ba44a"
	noon := time.Date(2031, 5, 4, 12, 0, 0, 0, time.UTC)
	trivy := func(rest string) string { return `{"SchemaVersion": 2, ` + rest + `}` }
	grype := func(source string) string { return `{"matches": [], "source": ` + source + `}` }
	for text, want := range map[string]Report{
		trivy(`"ArtifactName": "shop.example:5000/till:b1", "ArtifactType": "container_image", ` +
			`"CreatedAt": "2031-05-04T14:00:00.0+02:00"`): {
			Subject: "shop.example:5000/till (container image)", Reference: "b1", MadeAt: noon,
		},
		trivy(`"ArtifactName": "till@` + digest + `", "ArtifactType": 7`): {
			Subject: "till", Reference: digest,
		},
		trivy(`"ArtifactName": "/builds/till", "ArtifactType": "filesystem", "CreatedAt": "yesterday"`): {},
		trivy(`"ArtifactName": {}, "ArtifactType": "filesystem"`):                                       {},
		`{"ClusterName": "arn:aws:eks:us:1:cluster/pond", ` +
			`"Resources": [{"Results": [{"Target": "a", "Class": "config"}]}]}`: {
			Subject: "arn:aws:eks:us:1:cluster/pond", Classes: []string{"config"},
		},
		trivy(`"ArtifactName": "till", "Results": [{"Target": "a", "Class": "os-pkgs"}, ` +
			`{"Target": "b", "Class": "secret"}, {"Target": "c", "Class": "os-pkgs"}, {"Target": "d", "Class": 7}]`): {
			Subject: "till", Classes: []string{"os-pkgs", "secret"},
		},
		grype(`{"type": "image", "target": {"userInput": "shop.example/till:1", "tags": ["x:2"], "layers": [{}]}}`): {
			Subject: "shop.example/till", Reference: "1",
		},
		grype(`{"type": "directory", "target": "web/till"}`):      {Subject: "web/till"},
		grype(`{"type": "directory", "target": "/tmp/x"}`):        {},
		grype(`{"type": "file", "target": {"path": "a.jar"}}`):    {Subject: "a.jar"},
		grype(`{"type": "unknown", "target": "unknown"}`):         {},
		grype(`{"type": 7, "target": ["till"]}`):                  {},
		grype(`7`):                                                {},
		grype(`{"target": {"userInput": "till@` + digest + `"}}`): {Subject: "till", Reference: digest},
		`{"matches": [], "descriptor": {"name": "grype", "timestamp": "2031-05-04T12:00:00.000000001Z"}}`: {
			Tool: "grype", MadeAt: noon.Add(1),
		},
		`{"version": "15", "vulnerabilities": [], "scan": {"type": "sast", "end_time": "2031-05-04T12:00:00"}}`: {
			Subject: "sast", MadeAt: noon,
		},
		`{"version": "15", "vulnerabilities": [], "scan": {"type": {}, "end_time": 7}}`: {},
	} {
		for _, text := range []string{text, string(reverseKeys(t, []byte(text)))} {
			got := mustParse(t, text)
			if got.Format == "trivy" {
				want.Tool = "Trivy"
			}
			want.Format, want.Findings, got.Findings = got.Format, nil, nil
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", text, diff)
			}
		}
	}
}
