package apptest_test

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"gatecrier/app/apptest"
)

// The command push uploads gosec's report of this source, which make lint writes: a real scanner on
// code that was not written for a test.
func TestGosecReport_OfThisSource(t *testing.T) {
	t.Parallel()
	report := os.Getenv("GATECRIER_GOSEC_REPORT")
	if report == "" {
		t.Skip("make lint scans the source and runs this test on the report")
	}
	n := distinctResults(t, report)
	if n == 0 {
		t.Fatal("gosec found nothing: this tests nothing")
	}

	p := apptest.Start(t, apptest.Options{})
	c := p.Client("admin")
	newProduct(t, c, "Gatecrier", "")
	push := []string{"push", "--url", p.URL, "--token", c.Token, "--product", "Gatecrier", "--fail-on-gate", report}
	for _, want := range []string{fmt.Sprintf("%d new, 0 updated", n), fmt.Sprintf("0 new, %d updated", n)} {
		code, out, errs := runCommand(t, push...)
		if code == 1 {
			t.Fatalf("push: %s", errs)
		}
		if !strings.Contains(out, want) {
			t.Errorf("exit %d, want %q in: %s", code, want, out)
		}
	}
}

// distinctResults counts the findings of a SARIF file. Results with the same rule, place and
// message are one.
func distinctResults(t *testing.T, path string) int {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Runs []struct {
			Results []struct {
				RuleID       string
				Message      struct{ Text string }
				Suppressions []any
				Locations    []struct {
					PhysicalLocation struct {
						ArtifactLocation struct{ URI string }
						Region           struct{ StartLine, StartColumn int }
					}
				}
			}
		}
	}
	if err := json.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	distinct := map[string]bool{}
	for _, run := range doc.Runs {
		for _, r := range run.Results {
			distinct[fmt.Sprint(r.RuleID, r.Message, r.Locations)] = true
		}
	}
	return len(distinct)
}
