package ingest

import (
	"strings"
	"testing"
)

// Elements of several tools are no report: a list that is recognized by mistake resolves observations.
func TestElements_OfSeveralTools(t *testing.T) {
	leak, secret := strings.Trim(gitleaksReport(aLeak), "[]"), truffleHogLine(`"Raw": "s"`)
	target := `{"Target": "t", "Vulnerabilities": [{"VulnerabilityID": "V", "PkgName": "p"}]}`
	all := map[string]string{"gitleaks": leak, "trufflehog": secret, "ocsf": ocsfEventOf(""), "trivy": target}
	for format, one := range all {
		if r := mustParse(t, "["+one+"]"); r.Format != format || r.Findings.Len() != 1 {
			t.Errorf("%s: format %q, %d findings", format, r.Format, r.Findings.Len())
		}
		for other, two := range all {
			if other == format {
				continue
			}
			for _, clean := range []bool{false, true} {
				_, err := parse(strings.NewReader("["+one+","+two+"]"), clean)
				mustRefuse(t, err, "no report of a known format")
			}
		}
		_, err := parse(strings.NewReader("["+one+", 7]"), true)
		mustRefuse(t, err, "in [1], at byte")
		_, err = parse(strings.NewReader("["+one+", {}]"), true)
		mustRefuse(t, err, "In [")
		_, err = parse(strings.NewReader("["+one+", null]"), true)
		mustRefuse(t, err, "In [")
	}
}

// One document a file holds for all other formats.
func TestJSONLines_OnlyOfTwoFormats(t *testing.T) {
	for name, text := range map[string]string{
		"Grype": `{"matches": []}`, "Gitleaks": gitleaksReport(aLeak), "Trivy": `[{"Target": "t"}]`,
		"a list of TruffleHog": "[" + truffleHogLine(`"Raw": "s"`) + "]", "a list of OCSF": "[" + ocsfEventOf("") + "]",
	} {
		_, err := parse(strings.NewReader(text+"\n"+text), true)
		mustRefuse(t, err, "another document follows")
		if err == nil {
			t.Error(name)
		}
	}
	for format, line := range map[string]string{"trufflehog": truffleHogLine(`"Raw": "s"`), "ocsf": ocsfEventOf("")} {
		for _, text := range []string{line, line + "\n", line + "\r\n\n" + line, line + line + " "} {
			if r := mustParse(t, text); r.Format != format || r.Findings.Len() != 1 {
				t.Errorf("format %q, %d findings of %q", r.Format, r.Findings.Len(), text)
			}
		}
	}
	_, err := parse(strings.NewReader(ocsfEventOf("")+truffleHogLine(`"Raw": "s"`)), true)
	mustRefuse(t, err, "no report of a known format")
}

// An empty list names no tool.
func TestEmptyList(t *testing.T) {
	for _, text := range []string{"[]", " [ ]\n"} {
		_, err := parse(strings.NewReader(text), false)
		mustRefuse(t, err, "clean=true and scanner=Gitleaks")
		r, err := parse(strings.NewReader(text), true)
		if err != nil || r.Format != formatList || r.Tool != "" || r.Findings.Len() != 0 {
			t.Errorf("with clean: %+v, error %v", r, err)
		}
	}
	_, err := parse(strings.NewReader("[] []"), true)
	mustRefuse(t, err, "another document follows")
}
