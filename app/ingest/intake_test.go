package ingest

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatecrier/app/fault"
	"gatecrier/models"
)

// intake is what a file of testdata/intake must give.
type intake struct {
	Refused string // a part of the refusal; "" = accepted
	Clean   bool   // accepted if the user says that the scan ran and found nothing
	Counts  models.Counts
	// Inactive is how many observations are not active.
	Inactive int
	Text     string // the description of one of them; "" = any
}

func intakes(t *testing.T) map[string]intake {
	t.Helper()
	var all map[string]intake
	if err := json.Unmarshal(readSample(t, "intake/expected.json"), &all); err != nil {
		t.Fatal(err)
	}
	if len(all) < 45 {
		t.Fatalf("%d files are too few", len(all))
	}
	return all
}

func TestIntake(t *testing.T) {
	for name, want := range intakes(t) {
		t.Run(name, func(t *testing.T) {
			text := readSample(t, filepath.Join("intake", name))
			texts := [][]byte{text}
			if json.Valid(text) {
				texts = append(texts, reverseKeys(t, text))
			}
			for _, text := range texts {
				for _, clean := range []bool{false, true} {
					report, err := parse(bytes.NewReader(text), clean)
					if want.Refused != "" && (!want.Clean || !clean) {
						mustRefuse(t, err, want.Refused)
						continue
					}
					if err != nil {
						t.Fatalf("clean %t: %v", clean, err)
					}
					counts, inactive := tally(report)
					if diff := cmp.Diff(want.Counts, counts); diff != "" || inactive != want.Inactive {
						t.Errorf("clean %t: %d inactive, active (-want +got):\n%s", clean, inactive, diff)
					}
					if want.Text != "" && !describes(report, want.Text) {
						t.Errorf("no description is %q", want.Text)
					}
				}
			}
		})
	}
}

func describes(r Report, text string) bool {
	for f := range r.Findings.All() {
		if f.Description == text {
			return true
		}
	}
	return false
}

// Each file of the directory is tested.
func TestIntakeIsComplete(t *testing.T) {
	files, err := os.ReadDir("testdata/intake")
	if err != nil {
		t.Fatal(err)
	}
	all := intakes(t)
	for _, file := range files {
		name := file.Name()
		if _, ok := all[name]; !ok && !strings.HasPrefix(name, "seq-") && name != "README.md" && name != "expected.json" {
			t.Errorf("expected.json has no %s", name)
		}
	}
}

func mustRefuse(t *testing.T, err error, says string) {
	t.Helper()
	fields := fault.FieldsOf(err)
	if !fault.Is(err, fault.Invalid) || len(fields) != 1 || fields[0].Name != "report" {
		t.Fatalf("error %v, want a refusal", err)
	}
	if message := fields[0].Message; !strings.Contains(message, says) || len(message) > 600 {
		t.Errorf("refusal %q, want %q in it", message, says)
	}
}
