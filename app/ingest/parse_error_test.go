package ingest

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"

	"gatecrier/app/fault"
)

const known = "no report of a known format (CycloneDX (JSON, XML), SARIF 2.1.0, Trivy JSON, Grype JSON, ZAP JSON, " +
	"Gitleaks JSON, TruffleHog JSON, OCSF findings, GitLab security report, npm audit JSON, OSV-Scanner JSON, " +
	"Semgrep JSON, VEX documents of OpenVEX and CSAF)"

// invalidReports are texts with a part of their error message.
var invalidReports = map[string]struct{ text, message string }{
	"nothing":                     {"", "the document is empty"},
	"blank":                       {" \n", "the document is empty"},
	"an empty object":             {"{}", known},
	"an empty list":               {"[]", "An empty list names no tool"},
	"a list of something":         {`[{"name": 1}, 7]`, known},
	"a text":                      {`"runs"`, known},
	"null":                        {`null`, known},
	"another kind of document":    {`{"hello": "world"}`, known},
	"another BOM":                 {`{"bomFormat": "SPDX", "components": []}`, known},
	"a list with no version":      {`{"vulnerabilities": []}`, known},
	"a cluster without resources": {`{"ClusterName": "c"}`, known},
	"an SBOM in XML": {
		`<bom xmlns="http://cyclonedx.org/schema/bom/1.5"><components/></bom>`, "in bom/vulnerabilities: the file has no",
	},
	"markup":                  {"<xml/>", "XML (root element xml), no report of a known format"},
	"something after the end": {`{"matches": []} x`, "at byte 16: something follows"},
	"bad UTF-8":               {"{\"matches\": [], \"x\": \"\xff\"}", "in x, at byte 21: the text is not UTF-8"},
	"cut short": {
		`{"matches": [{"vulnerability": {"id": "CVE-1"}}, {"vuln`,
		"in matches[1], at byte 48: the document ends too early",
	},
	"cut in a skipped value": {
		`{"matches": [], "distro": {"a": [1, 2`,
		"in distro, at byte 37: the document ends too early",
	},
	"cut in a run": {
		`{"runs": [{"results": [{"ruleId": "a"}, {"message": {"te`,
		"in runs[0].results[1], at byte 39: the document ends",
	},
	"a match of another type": {`{"matches": [7]}`, "in matches[0], at byte 14: expected an object, found a number"},
	"an id of another type": {
		`{"matches": [{"vulnerability": {"id": [1]}}]}`,
		"in matches[0].vulnerability.id, at byte 43: expected a text, found a list",
	},
	"matches of another type":   {`{"matches": "none"}`, "in matches, at byte 18: expected a list, found a text"},
	"an object in place of all": {`{"matches": {}}`, "in matches, at byte 13: expected a list, found an object"},
	"runs of another type": {
		`{"runs": true, "version": "2.1.0"}`,
		"in runs, at byte 13: expected a list, found true or false",
	},
	"a run of another type": {
		`{"runs": [[]], "version": "2.1.0"}`,
		"in runs[0], at byte 11: expected an object, found a list",
	},
	"a line of another type": {
		`{"runs": [{"results": [{}, {"locations": [{"physicalLocation": {"region": {"startLine": "7"}}}]}]}], ` +
			`"version": "2.1.0"}`,
		"in runs[0].results[1].locations.physicalLocation.region.startLine, at byte 96: expected a number, found a text",
	},
	"a rule of another type": {
		`{"runs": [{"tool": {"driver": {"rules": [{"id": 7}]}}}], "version": "2.1.0"}`,
		"in runs[0].tool.driver.rules[0].id, at byte 50: expected a text, found a number",
	},
	"ratings of another type": {
		`{"bomFormat": "CycloneDX", "vulnerabilities": [{"ratings": {}}]}`,
		"in vulnerabilities[0].ratings, at byte 62: expected a list, found an object",
	},
	"the same, the format last": {
		`{"vulnerabilities": [{"ratings": {}}], "bomFormat": "CycloneDX"}`,
		"in vulnerabilities[0].ratings, at byte 36: expected a list, found an object",
	},
	"not a list": {
		`{"vulnerabilities": {}, "bomFormat": "CycloneDX"}`,
		"in vulnerabilities, at byte 21: expected a list, found an object",
	},
	"a component of another type": {
		`{"bomFormat": "CycloneDX", "components": [{"name": 1}]}`,
		"in components[0].name, at byte 52: expected a text",
	},
	"results of another type": {
		`{"Results": 1, "ArtifactName": "a"}`,
		"in Results, at byte 13: expected a list, found a number",
	},
	"a secret of another type": {
		`{"Results": [{"Target": "t", "Secrets": [{"RuleID": {}}]}]}`,
		"in Results[0].Secrets[0].RuleID, at byte 55: expected a text, found an object",
	},
	"a resource of another type": {
		`{"ClusterName": "c", "Resources": [1]}`,
		"in Resources[0], at byte 36: expected an object",
	},
	"a result in a list": {`[{"Target": "t"}, 7]`, "in [1], at byte 19: expected an object, found a number"},
	"a severity of another type": {
		`{"version": "15.0.0", "vulnerabilities": [{"severity": 3}]}`,
		"in vulnerabilities[0].severity, at byte 57: expected a text",
	},
	"a place of another type": {
		`{"version": "15.0.0", "vulnerabilities": [{"id": "1", "location": {"file": 3}}]}`,
		"in vulnerabilities[0].location.file, at byte 78: expected a text",
	},
	"a site of another type": {
		`{"@programName": "ZAP", "site": [{"@name": "a", "alerts": [7]}]}`,
		"in site[0].alerts[0], at byte 60: expected an object, found a number",
	},
	"a leak with a list": {
		`[{"RuleID": "r", "File": "f", "Secret": ["s"]}]`, "in [0].Secret, at byte 45: expected a text, found a list",
	},
	"a verification of another type": {
		`{"SourceMetadata": {}, "DetectorName": "d"}{"SourceMetadata": {}, "DetectorName": "d", "Verified": "yes"}`,
		"in [1].Verified, at byte 104: expected true or false, found a text",
	},
	"a class of another type": {
		`{"finding_info": {}, "class_uid": "2004"}`, "in class_uid, at byte 40: expected a number, found a text",
	},
	"JSON Lines that are cut short": {
		`{"finding_info": {}, "class_uid": 2004}` + "\n" + `{"finding_info": {"ti`,
		"in [1].finding_info, at byte 56: the document ends too early",
	},
	"too deep": {
		`{"x": ` + strings.Repeat("[", 100_000),
		"in x, at byte 10006: lists and objects are nested too deeply",
	},
	"too deep in a used value": {
		`{"bomFormat": "CycloneDX", "components": [` + strings.Repeat(`{"components": [`, 20_000),
		"too deep",
	},
	"too deep in a finding": {`{"matches": [{"x": ` + strings.Repeat("[", 20_000), "in matches[0], at byte 13: "},
}

func TestParse_ErrorNamesLocation(t *testing.T) {
	for name, test := range invalidReports {
		t.Run(name, func(t *testing.T) {
			_, err := Parse(strings.NewReader(test.text))
			var f *fault.Error
			if !errors.As(err, &f) || f.Kind != fault.Invalid || len(f.Fields) != 1 || f.Fields[0].Name != "report" {
				t.Fatalf("error %v, want an invalid report", err)
			}
			if message := f.Fields[0].Message; !strings.Contains(message, test.message) || len(message) > 600 {
				t.Errorf("message %q, want %q in it", message, test.message)
			}
		})
	}
}

// cleanRuns are the runs of a clean SARIF report, and its version.
const cleanRuns = `[{"tool": {"driver": {"name": "T"}}, "results": []}], "version": "2.1.0"`

// The types of values that a format does not use do not matter.
func TestParse_IgnoresUnusedValues(t *testing.T) {
	tests := map[string]struct{ text, format string }{
		"matches of CycloneDX": {
			`{"matches": 7, "Results": {}, "runs": 1, "vulnerabilities": [], "bomFormat": "CycloneDX"}`,
			"cyclonedx",
		},
		"results of SARIF": {`{"Results": 7, "matches": "x", "runs": ` + cleanRuns + `}`, "sarif"},
		"matches of Trivy": {`{"matches": 7, "Results": [], "ArtifactName": {}}`, "trivy"},
		"ratings of GitLab": {
			`{"vulnerabilities": [{"location": {}, "ratings": 7, "affects": "x"}], "version": "15"}`,
			"gitlab",
		},
		"links of CycloneDX": {
			`{"vulnerabilities": [{"id": "1", "links": 7, "severity": {}}], "bomFormat": "CycloneDX"}`,
			"cyclonedx",
		},
		"a descriptor of another type": {`{"descriptor": 7, "matches": []}`, "grype"},
		"a scan of another type":       {`{"scan": 7, "version": 1, "vulnerabilities": [{"identifiers": []}]}`, "gitlab"},
		"repeated keys": {
			`{"bomFormat": 1, "bomFormat": "CycloneDX", "bomFormat": "CycloneDX", "metadata": {}, ` +
				`"metadata": {"tools": []}, "vulnerabilities": []}`,
			"cyclonedx",
		},
		"huge numbers":       {`{"y": -1e-999, "x": [1e999], "runs": ` + cleanRuns + `}`, "sarif"},
		"a byte order mark":  {"\ufeff" + `{"runs": ` + cleanRuns + `}`, "sarif"},
		"a schema and a BOM": {`{"$schema": "sarif", "bomFormat": "CycloneDX", "vulnerabilities": []}`, "cyclonedx"},
		"runs and results": {
			`{"Results": [], "ArtifactName": "a", "matches": [], "runs": ` + cleanRuns + `}`,
			"sarif",
		},
		"results and matches": {
			`{"version": "", "vulnerabilities": [], "matches": [], "Results": [{"Target": ""}]}`,
			"trivy",
		},
		"matches and vulnerabilities": {
			`{"version": "", "scan": {"type": ""}, "vulnerabilities": [], "matches": [], ` +
				`"descriptor": {"name": "grype"}}`,
			"grype",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := mustParse(t, test.text).Format; got != test.format {
				t.Errorf("format %q, want %q", got, test.format)
			}
		})
	}
}

func TestParseTooLarge(t *testing.T) {
	body := http.MaxBytesReader(
		httptest.NewRecorder(), io.NopCloser(strings.NewReader(`{"x": "`+strings.Repeat("a", 100)+`"}`)), 50,
	)
	if _, err := Parse(body); !fault.Is(err, fault.TooLarge) {
		t.Errorf("error %v, want one of size", err)
	}
}

func TestParse_Cancelled(t *testing.T) {
	body := io.MultiReader(strings.NewReader(`{"matches": [`), iotest.ErrReader(context.Canceled))
	if _, err := Parse(body); !fault.Is(err, fault.Unavailable) {
		t.Errorf("error %v, want one to try again", err)
	}
}
