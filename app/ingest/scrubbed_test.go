package ingest

import (
	"strings"
	"testing"
)

// What a scanner writes of a secret into its texts and links is not stored. Two findings that differ only by it
// stay two.
func TestReports_SecretsInTextsAreHidden(t *testing.T) {
	const secret = "hunter2-hunter2" // #nosec G101 -- a sample
	for name, report := range map[string]string{
		"SARIF": `{"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "x", "rules": [{"id": "r",
			"fullDescription": {"text": "as in password=SECRET"}, "helpUri": "https://eve:SECRET@example.org/r"}]}},
			"results": [{"ruleId": "r", "message": {"text": "found password=SECRET here"},
				"locations": [{"physicalLocation": {"artifactLocation": {"uri": "https://eve:SECRET@example.org/a"}}}]},
			{"ruleId": "r", "message": {"text": "found password=SECRET1 here"},
				"locations": [{"physicalLocation": {"artifactLocation": {"uri": "https://eve:SECRET@example.org/a"}}}]}]}]}`,
		"Gitleaks": `[{"RuleID": "r", "File": "a", "Secret": "k1", "Match": "password=SECRET", "StartLine": 1,
			"Description": "password=SECRET", "Link": "https://eve:SECRET@git.example.org/a"},
			{"RuleID": "r", "File": "a", "Secret": "SECRET", "Match": "SECRET", "StartLine": 2, "Description": "SECRET"}]`,
	} {
		t.Run(name, func(t *testing.T) {
			list := mustParse(t, strings.ReplaceAll(report, "SECRET", secret)).Findings
			if list.Len() != 2 {
				t.Fatalf("%d findings", list.Len())
			}
			for f := range list.All() {
				text := strings.Join([]string{f.Title, f.Description, f.Location, f.Component, f.URL, string(f.Details)}, "\n")
				if strings.Contains(text, secret) {
					t.Errorf("stores %s", text)
				}
			}
			// The identity is the one of the text as the scanner wrote it.
			same := mustParse(t, strings.ReplaceAll(report, "SECRET", secret)).Findings
			other := mustParse(t, strings.ReplaceAll(report, "SECRET", "swordfish-swordfish")).Findings
			if same.at(0).Identity != list.at(0).Identity || name == "SARIF" && other.at(0).Identity == list.at(0).Identity {
				t.Error("the identity is not that of the report's text")
			}
		})
	}
}

// A text that is a title and a description is cut for each.
func TestPutText_CutsForEachField(t *testing.T) {
	list := newTexts()
	text := strings.Repeat("word ", maxTitle)
	for range 2 {
		title, description := list.putText(text, maxTitle), list.putText(text, maxDescription)
		if n, m := len(list.get(title)), len(list.get(description)); n > maxTitle || m <= n {
			t.Errorf("the title has %d bytes, the description %d", n, m)
		}
	}
}
