package ingest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatecrier/models"
)

// gitleak is a leak of Gitleaks.
type gitleak struct {
	rule, file, commit, secret string
	line, column               int
}

func gitleaksReport(list ...gitleak) string {
	var texts []string
	for _, l := range list {
		texts = append(texts, fmt.Sprintf(`{"RuleID": %q, "File": %q, "Commit": %q, "Secret": %q, "StartLine": %d, `+
			`"StartColumn": %d, "Description": "A key", "Fingerprint": %q}`,
			l.rule, l.file, l.commit, l.secret, l.line, l.column, fmt.Sprintf("%s:%s:%s:%d", l.commit, l.file, l.rule, l.line)))
	}
	return "[" + strings.Join(texts, ", ") + "]"
}

var aLeak = gitleak{"r", "a.py", "c1", "s3cret-1", 3, 5}

func (l gitleak) with(change func(l *gitleak)) gitleak {
	change(&l)
	return l
}

func TestGitleaks_Texts(t *testing.T) {
	got := sampleFinding(t, "gitleaks-git.json", "private-key", "")
	want := Finding{
		Title: "private-key", Description: "Found a private key.\nCommit " + strings.Repeat("2e", 20),
		Location: "deploy/id_lake:1", Severity: models.High, Status: models.StatusOpen,
		Details: models.Details{Kind: "secret"}.Encode(),
	}
	if diff := cmp.Diff(want, got, withKeys); diff != "" {
		t.Errorf("finding (-want +got):\n%s", diff)
	}
	link := "https://git.example/lake/till/blob/" + strings.Repeat("1f", 20) + "/src/till.py#L12"
	got = sampleFinding(t, "gitleaks-git.json", "generic-api-key", "")
	if diff := cmp.Diff(models.Details{Kind: "secret", References: []string{link}}, got.Details.Decode()); diff != "" {
		t.Errorf("details (-want +got):\n%s", diff)
	}
	got = sampleFinding(t, "gitleaks-dir.json", "pkcs12-file", "")
	if got.Location != "deploy/lake.p12" || got.Description != "Found a PKCS #12 file." {
		t.Errorf("a file that is a secret: %+v", got)
	}
}

// Two leaks that differ in one of these are two.
func TestGitleaks_Identity(t *testing.T) {
	for name, change := range map[string]func(l *gitleak){
		"rule": func(l *gitleak) { l.rule = "s" }, "file": func(l *gitleak) { l.file = "b.py" },
		"commit": func(l *gitleak) { l.commit = "c2" }, "secret": func(l *gitleak) { l.secret = "s3cret-2" },
		"line": func(l *gitleak) { l.line = 4 }, "column": func(l *gitleak) { l.column = 6 },
	} {
		if n := mustParse(t, gitleaksReport(aLeak, aLeak.with(change), aLeak)).Findings.Len(); n != 2 {
			t.Errorf("%s: %d findings, want 2", name, n)
		}
	}
}

func TestGitleaks_Moved(t *testing.T) {
	report := func(changes ...func(l *gitleak)) string {
		l := aLeak
		for _, change := range changes {
			l = l.with(change)
		}
		return gitleaksReport(l)
	}
	line := func(l *gitleak) { l.line, l.column = 9, 9 }
	commit := func(l *gitleak) { l.commit = "c9" }
	other := func(l *gitleak) { l.secret = "s3cret-9" }
	hidden := func(l *gitleak) { l.secret = "REDACTED" }
	lost := Tally{New: 1, Resolved: 1}
	moves{
		"a line":                    {report(), report(line), Tally{Updated: 1}, 1},
		"a rebase":                  {report(), report(commit), Tally{Updated: 1}, 1},
		"another secret":            {report(), report(other), lost, 0}, // its fingerprint is the same
		"another secret and line":   {report(), report(other, line), lost, 0},
		"another rule":              {report(), report(func(l *gitleak) { l.rule = "s" }), lost, 0},
		"another file":              {report(), report(func(l *gitleak) { l.file = "b.py" }), lost, 0},
		"secrets hidden from now":   {report(), report(hidden), Tally{Updated: 1}, 1},
		"hidden secrets, two lines": {report(hidden), report(hidden, line), Tally{Updated: 1}, 1},
	}.check(t)
}

func TestSecretsAreNotStored(t *testing.T) {
	const secret = "s3cret-value"
	for name, text := range map[string]string{
		"Gitleaks": `[{"RuleID": "r", "File": "a", "Secret": "s3cret-value", "Match": "k=s3cret-value",
			"Link": "x?s3cret-value", "Description": "The key s3cret-value", "Message": "Add s3cret-value",
			"Fingerprint": "a:s3cret-value"}]`,
		"Gitleaks, without a rule": `[{"RuleID": "", "File": "a", "Secret": "s3cret-value", "Description": "s3cret-value"}]`,
		"TruffleHog": truffleHogLine(`"Raw": "s3cret-value", "RawV2": "id:s3cret-value", "Redacted": "s3cret-value",
			"ExtraData": {"token": "s3cret-value", "name": "s3cret-value"}, "DetectorDescription": "id:s3cret-value",
			"VerificationError": "get /s3cret-value", "SourceID": 7, "StructuredData": {"a": "s3cret-value"}`),
		"TruffleHog, in two parts": truffleHogLine(`"Raw": "id", "RawV2": "id:s3cret-value",
			"DetectorDescription": "Found id:s3cret-value", "ExtraData": {"rotation_guide": "https://g/id:s3cret-value"}`),
		"a token in an address": strings.Replace(truffleHogLine(`"Raw": "x"`), "//g/r", "//u:s3cret-value@g/r", 1),
	} {
		for f := range mustParse(t, text).Findings.All() {
			if all := fmt.Sprintf("%+v", f); strings.Contains(all, secret) || f.Title == "" {
				t.Errorf("%s: %s", name, all)
			}
		}
	}
}
