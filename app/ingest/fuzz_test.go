package ingest

import (
	"bytes"
	"io"
	"testing"

	"gatecrier/app/fault"
)

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		``, `[]`, `{}`, `null`, `<xml/>`, "\ufeff{}", `[{"Target": "t", "Secrets": [{"RuleID": "S", "StartLine": 1e9}]}]`,
		`{"matches": [{"vulnerability": {"id": "CVE-1", "severity": "High"}, "artifact": {"name": "a"}}], ` +
			`"descriptor": {"name": "grype"}}`,
		`{"descriptor": 7, "matches": []}`,
		`{"SchemaVersion": 2, "ArtifactName": "a"}`,
		`{"ClusterName": "c", "Resources": [{"Results": [{"Misconfigurations": [{"ID": "M", "Status": "FAIL", ` +
			`"CauseMetadata": {"StartLine": 3}}], "Target": "t"}]}]}`,
		cyclonedxReport(
			`{"bom-ref": "a", "name": "A", "components": [{"bom-ref": "b"}]}`,
			`{"id": "V", "ratings": [{"score": 9}], "affects": [{"ref": "a"}, {"ref": "b"}]}`,
		),
		`{"vulnerabilities": [{"id": "V"}], "metadata": {"tools": {"components": [{"name": "T"}]}}, ` +
			`"bomFormat": "CycloneDX"}`,
		sarifReport(`{"id": "R", "properties": {"security-severity": "9.1"}}`, sarifResultAt("a.go", 1)),
		`{"runs": [{"results": [{"ruleIndex": 0, ` +
			`"locations": [{"physicalLocation": {"artifactLocation": {"index": 0}}}]}], "artifacts": [{}], ` +
			`"tool": {"extensions": [{"rules": [{}]}]}}]}`,
		sarifCategories([2]string{"T", "a/1"}, [2]string{"U", ""}),
		overridden(`{"ruleId": "R/a", "message": {"id": "m", "arguments": ["1"]}, "partialFingerprints": {"h": "1"}, `+
			`"suppressions": [{"status": "accepted"}]}`, overrideOf(`"id": "R"`, `"level": "error"`)),
		sarifMoved(sarifMove{"R", "a.go", 12, "a.go:12 {0}", withPrint("x"), withSnippet("x = 1")}),
		cyclonedxReport(`{"bom-ref": "a", "purl": "pkg:deb/a@1?arch=x", "version": "1"}`, `{"id": "V", "cwes": [79], `+
			`"references": [{"id": "GHSA-1"}], "ratings": [{"method": "other", "vector": "CVSS:3.1/AV:N"}], `+
			`"affects": [{"ref": "a", "versions": [{"version": "1", "status": "unaffected"}]}]}, {"description": "d"}`),
		sarifRuns(`"results": null`, brokenRun(`"toolExecutionNotifications": [{"level": "error"}]`)),
		gitlabFailed(`{"location": null}`),
		gitlabReport(`{"name": "A", "location": {"file": "a", "start_line": 1}}`),
		"{} {}", `"a","b","c"`, "[2031-01-01] a", "PK\x03\x04", "<!DOCTYPE html>", "a: b",
		`{"vulnerabilities": [{"identifiers": [{"type": "ghsa", "value": "GHSA-1"}, {"type": "cwe", "value": 79}], ` +
			`"raw_source_code_extract": ["a"], "cvss_vectors": [{"vector": "AV:N/AC:L/Au:N/C:C/I:C/A:C"}], "location": ` +
			`{"image": "a:1@sha256:ab", "operating_system": "debian 12", "dependency": {"iid": 1, ` +
			`"package": {"name": "p"}}}}], "version": "15", ` +
			`"scan": {"type": "container_scanning", "end_time": "2031-05-04T12:00:00"}}`,
		`{"matches": [{"vulnerability": {"id": "V", "cvss": [{"version": "3.1", "metrics": {"baseScore": 7}}], ` +
			`"epss": [{"epss": 0.1}], "knownExploited": [{}]}, "relatedVulnerabilities": [{"id": "CVE-1"}], "artifact": ` +
			`{"purl": "pkg:deb/a@1?b=c#d", "locations": [{"path": "/b"}, {"path": "/a"}]}}], ` +
			`"source": {"target": {"userInput": "a:1"}}}`,
		`{"Resources": [{"Results": [{"Licenses": [{"Name": "L"}], "Vulnerabilities": [{"VendorIDs": ["GHSA-1"], "CVSS": ` +
			`{"nvd": {"V3Score": 7}}}], "Secrets": [{"Match": "m", "Offset": 7}], "Class": "c", "Target": "a:1 (b 2)"}], ` +
			`"Kind": "Pod", "Name": "n", "Namespace": "s", "Error": "e"}], "ClusterName": "c"}`,
		zapReport(`{"alert": "a", "riskcode": "3", "desc": "<p>a &amp; b</p>", "instances": [{"uri": "u", "param": "p"}]}`),
		`{"@programName": "ZAP", "site": {"@name": "a", "alerts": []}, "insights": [{"level": "High"}]}`,
		gitleaksReport(aLeak), truffleHogLine(`"Raw": "s", "ExtraData": {"name": "n"}`) + "\n" + truffleHogEnd,
		"[" + truffleHogLine(`"Verified": true`) + "]",
		ocsfEventOf(`, "metadata": {"product": {"name": "P"}}, "vulnerabilities": [{"cve": {"uid": "CVE-1"},
			"affected_packages": [{"name": "p", "fixed_in_version": "1"}]}], "time": 1936242489000`) + ocsfEventOf(""),
		cyclonedxInXML(`<vulnerabilities><vulnerability bom-ref="v"><id>V</id><ratings><rating><score>9</score></rating>` +
			`</ratings><affects><target><ref>a</ref></target></affects></vulnerability></vulnerabilities><components>` +
			`<component bom-ref="a" type="library"><name>A</name></component></components>`),
		`<?xml version="1.0"?><!DOCTYPE bom>` + cyclonedxInXML(`<components><!-- a --></components>`),
		cyclonedxInXML(`<components><b>&amp;<![CDATA[c]]></b></components>`),
		`[{"class_uid": 2003, "compliance": {"status_id": 1}, "finding_info": {}, "cloud": {"account": {"uid": 1}}}]`,
	} {
		f.Add([]byte(seed))
	}
	f.Add(marked(markUTF16LE, inUTF16(sarifRuns(oneFound), false)))
	f.Add(inUTF16(sarifRuns(oneFound), true))
	f.Add(packed(f, packed(f, []byte(sarifRuns(oneFound)))))
	f.Add(packed(f, []byte(sarifRuns(oneFound)))[:40])
	for _, texts := range foreignSamples(f) {
		f.Add([]byte(texts[0]))
	}
	samples := []string{
		"sarif-empty.sarif", "sarif-suppressions.sarif", "gitlab-secrets.json", "cyclonedx-analysis.json",
		"intake/enc-utf16be-bom.json", "intake/enc-gzip.sarif.gz",
		"cyclonedx-1.4.xml", "cyclonedx-clean.xml", "zap-old.json", "gitleaks-8.0.json",
		"trufflehog-git.jsonl", "ocsf-vulnerabilities.jsonl",
	}
	for _, name := range samples {
		f.Add(readSample(f, name))
	}
	fuzzParser(f, Parse)
}

func FuzzGeneric(f *testing.F) {
	f.Add([]byte(genericAll))
	f.Add([]byte(`[{"title": "a", "severity": "low", "location": "x.py:1", "fingerprint": "f"}]`))
	fuzzParser(f, parseGeneric)
}

func FuzzOSVScanner(f *testing.F) {
	fuzzSamples(f, "osv-clean.json", "osv-image.json", "osv-lockfiles.json")
}

func FuzzNPMAudit(f *testing.F) {
	fuzzSamples(f, "npm-audit-advisories.json", "npm-audit-clean.json", "npm-audit-packages.json")
}

func FuzzSemgrep(f *testing.F) {
	fuzzSamples(f, "semgrep-clean.json", "semgrep-community.json", "semgrep-platform.json")
}

func FuzzZAP(f *testing.F) { fuzzSamples(f, "zap-baseline.json", "zap-clean.json", "zap-old.json") }

func FuzzGitleaks(f *testing.F) {
	fuzzSamples(f, "gitleaks-8.0.json", "gitleaks-dir.json", "gitleaks-git.json")
}

func FuzzTruffleHog(f *testing.F) {
	fuzzSamples(f, "trufflehog-clean.jsonl", "trufflehog-git.jsonl", "trufflehog-list.json")
}

func FuzzOCSF(f *testing.F) {
	fuzzSamples(f, "ocsf-passed.json", "ocsf-prowler.json", "ocsf-single.json", "ocsf-vulnerabilities.jsonl")
}

func FuzzCycloneDXXML(f *testing.F) { fuzzSamples(f, "cyclonedx-1.4.xml", "cyclonedx-image.xml") }

// fuzzSamples fuzzes reports of one format.
func fuzzSamples(f *testing.F, names ...string) {
	for _, name := range names {
		f.Add(readSample(f, name))
	}
	fuzzParser(f, Parse)
}

// fuzzParser parses texts: each is refused with its place, or gives a report with valid findings.
func fuzzParser(f *testing.F, parse func(r io.Reader) (Report, error)) {
	f.Fuzz(func(t *testing.T, text []byte) {
		report, err := parse(bytes.NewReader(text))
		if err != nil {
			if !fault.Is(err, fault.Invalid) || len(fault.FieldsOf(err)) != 1 {
				t.Errorf("error of another kind: %v", err)
			}
			return
		}
		if report.Format == "" {
			t.Error("a report without a format")
		}
		for finding := range report.Findings.All() {
			if !report.Findings.Has(finding.Identity) || !finding.Severity.Valid() {
				t.Errorf("finding %+v", finding)
			}
		}
	})
}
