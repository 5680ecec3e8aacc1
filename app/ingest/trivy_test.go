package ingest

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatecrier/models"
)

func TestTrivyDocuments(t *testing.T) {
	result := `{"Target": "t", "Vulnerabilities": [{"VulnerabilityID": "V", "Severity": "HIGH"}]}`
	one := []string{"high open V"}
	documents{
		"of an artifact":           {`{"SchemaVersion": 2, "ArtifactName": "a", "Results": [` + result + `]}`, one},
		"without a version":        {`{"Results": [` + result + `]}`, one},
		"an old list":              {`[` + result + `, {"Target": "u", "Vulnerabilities": null}]`, one},
		"an old clean list":        {`[{"Target": "t", "Vulnerabilities": null}]`, nil},
		"a clean scan":             {`{"SchemaVersion": 2, "ArtifactName": "a", "ArtifactType": "filesystem"}`, nil},
		"a clean scan with a null": {`{"SchemaVersion": 2, "ArtifactName": "a", "Results": null}`, nil},
		"a clean scan with a list": {`{"SchemaVersion": 2, "ArtifactName": "a", "Results": [{"Target": "t"}]}`, nil},
		"a cluster": {
			`{"ClusterName": "c", "Resources": [{"Kind": "Pod", "Results": [` + result + `]}]}`,
			one,
		},
		"a cluster's summary": {`{"ClusterName": "c", "Findings": [{"Results": [` + result + `]}]}`, one},
		"an old cluster": {
			`{"ClusterName": "c", "Vulnerabilities": [{"Results": [` + result + `]}], ` +
				`"Misconfigurations": [{"Results": [{"Target": "t"}]}]}`,
			one,
		},
		"a clean cluster":           {`{"ClusterName": "c", "Resources": [{"Kind": "Pod"}]}`, nil},
		"a clean cluster's version": {`{"SchemaVersion": 1, "ClusterName": "c"}`, nil},
	}.check(t)
}

func TestTrivyIdentities(t *testing.T) {
	in := func(rest string) string { return `{"Results": [{"Target": "t", ` + rest + `}]}` }
	documents{
		"vulnerabilities": {
			in(`"Vulnerabilities": [{"VulnerabilityID": "V", "PkgName": "p", "InstalledVersion": "1"},
			{"VulnerabilityID": "V", "PkgName": "q", "InstalledVersion": "1"}, ` +
				`{"VulnerabilityID": "V", "PkgName": "p", "InstalledVersion": "2"},
			{"VulnerabilityID": "V", "PkgName": "p", "InstalledVersion": "1", "PkgPath": "x"}, ` +
				`{"VulnerabilityID": "V", "PkgName": "p", "InstalledVersion": "1", "Title": "again"}]`),
			[]string{"unknown open V", "unknown open V", "unknown open V", "unknown open V"},
		},
		"misconfigurations": {
			in(
				`"Misconfigurations": [{"ID": "M", "Status": "FAIL", "Message": "a"}, {"ID": "M", "Status": "FAIL", "Message": "b"},
			{"ID": "M", "Status": "FAIL", "Message": "b", "CauseMetadata": {"StartLine": 3}}, ` +
					`{"ID": "M", "Status": "FAIL", "Message": "a", "Severity": "low"}]`,
			),
			[]string{"low open M", "unknown open M", "unknown open M"},
		},
		"only failures": {
			in(`"Misconfigurations": [{"ID": "P", "Status": "PASS"}, {"ID": "E", "Status": "EXCEPTION"}, {"ID": "N"}]`),
			[]string{"unknown open N"},
		},
		"secrets": {
			in(
				`"Secrets": [{"RuleID": "S", "StartLine": 1, "Match": "a"}, {"RuleID": "S", "StartLine": 2, "Match": "a"}, ` +
					`{"RuleID": "S", "StartLine": 2, "Match": "b"},
			{"RuleID": "S", "StartLine": 2, "Match": "b"}]`,
			),
			[]string{"unknown open S", "unknown open S", "unknown open S"},
		},
		"secrets of one line": {
			in(`"Secrets": [{"RuleID": "S", "StartLine": 1, "Match": "a", "Offset": 2}, ` +
				`{"RuleID": "S", "StartLine": 1, "Match": "a", "Offset": 9}, ` +
				`{"RuleID": "S", "StartLine": 1, "Match": "a", "Offset": 9}]`),
			[]string{"unknown open S", "unknown open S"},
		},
		"misconfigurations of resources": {
			in(`"Misconfigurations": [{"ID": "M", "Status": "FAIL", "CauseMetadata": {"Resource": "r"}}, ` +
				`{"ID": "M", "Status": "FAIL", "CauseMetadata": {"Resource": "s"}}, {"ID": "M", "Status": "fail"}]`),
			[]string{"unknown open M", "unknown open M", "unknown open M"},
		},
		"licenses": {
			in(`"Licenses": [{"Name": "L", "PkgName": "p", "Severity": "HIGH"}, {"Name": "L", "PkgName": "q"}, ` +
				`{"Name": "L", "FilePath": "p"}, {"Name": "K", "PkgName": "p"}, {"Name": "L", "PkgName": "p", "Category": "c"}]`),
			[]string{"high open L", "unknown open K", "unknown open L", "unknown open L"},
		},
		"without an id": {
			in(`"Vulnerabilities": [{"Title": "a"}, {"Title": "b"}, {"PkgName": "p"}, {}], ` +
				`"Misconfigurations": [{"Status": "FAIL", "Message": "m"}, {"Status": "FAIL"}], ` +
				`"Secrets": [{"Category": "c"}, {"StartLine": 3}], "Licenses": [{"PkgName": "p"}]`),
			[]string{
				"unknown open License", "unknown open Misconfiguration", "unknown open Secret", "unknown open Vulnerability",
				"unknown open a", "unknown open b", "unknown open c", "unknown open m", "unknown open p",
			},
		},
		"targets": {
			`{"Results": [{"Target": "t", "Secrets": [{"RuleID": "S"}]}, {"Target": "u", "Secrets": [{"RuleID": "S"}]}, ` +
				`{"Target": "t", "Secrets": [{"RuleID": "S"}]}]}`,
			[]string{"unknown open S", "unknown open S"},
		},
	}.check(t)
}

func TestTrivyTexts(t *testing.T) {
	tests := map[string]struct {
		text string
		want Finding
	}{
		"vulnerability": {
			`"Vulnerabilities": [{"VulnerabilityID": "CVE-1", "PkgName": "p", "InstalledVersion": "1", ` +
				`"FixedVersion": "2", "Title": "short", "Description": "long", "PrimaryURL": "u", "Severity": "LOW"}]`,
			Finding{
				Title:       "CVE-1",
				Description: "long",
				Component:   "p 1",
				Location:    "t",
				Fix:         "2",
				URL:         "u",
				Details:     `{"rule":"short"}`,
				Severity:    models.Low,
				Status:      models.StatusOpen,
			},
		},
		"path": {
			`"Vulnerabilities": [{"VulnerabilityID": "CVE-1", "PkgName": "p", "PkgPath": "a.jar", "Title": "short"}]`,
			Finding{
				Title: "CVE-1", Description: "short", Component: "p", Location: "a.jar", Unfixed: true,
				Severity: models.Unknown, Status: models.StatusOpen,
			},
		},
		"misconfiguration": {
			`"Misconfigurations": [{"ID": "M", "Title": "title", "Message": "said", "Resolution": "do", "Status": "FAIL", ` +
				`"CauseMetadata": {"StartLine": 3, "Resource": "r"}}]`,
			Finding{
				Title: "M", Description: "said", Component: "r", Location: "t:3", Fix: "do",
				Details:  `{"rule":"title","kind":"misconfiguration"}`,
				Severity: models.Unknown, Status: models.StatusOpen,
			},
		},
		"secret": {
			`"Secrets": [{"RuleID": "S", "Title": "Token", "StartLine": 4, "Match": "password=hunter2"}]`,
			Finding{
				Title: "S", Description: "Token", Location: "t:4", Details: `{"kind":"secret"}`,
				Severity: models.Unknown, Status: models.StatusOpen,
			},
		},
	}
	for name, test := range tests {
		documents := []string{
			`{"Results": [{"Target": "t", ` + test.text + `}]}`,
			`[{` + test.text + `, "Target": "t"}]`,
		}
		for _, text := range documents {
			if diff := cmp.Diff(test.want, onlyFinding(t, text), withKeys); diff != "" {
				t.Errorf("%s (-want +got):\n%s", name, diff)
			}
		}
	}
}
