package ingest

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"gatecrier/models"
)

type expectation struct {
	Format   string
	Active   models.Counts
	Inactive int
}

func expectations(t *testing.T) map[string]expectation {
	t.Helper()
	text, err := os.ReadFile("testdata/expected.json")
	if err != nil {
		t.Fatal(err)
	}
	var expected map[string]expectation
	if err := json.Unmarshal(text, &expected); err != nil {
		t.Fatal(err)
	}
	if len(expected) < 23 {
		t.Fatalf("%d reports are too few", len(expected))
	}
	return expected
}

// Each format has at least one sample, and each sample has its expectation.
func TestEachFormatHasSample(t *testing.T) {
	expected := expectations(t)
	sampled := map[string]bool{}
	for _, want := range expected {
		sampled[want.Format] = true
	}
	for _, f := range newDetector(nil).formats {
		if !sampled[f.id] {
			t.Errorf("no report in testdata has the format %s", f.id)
		}
	}
	files, err := os.ReadDir("testdata")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		name := file.Name()
		if _, ok := expected[name]; !ok && name != "README.md" && name != "expected.json" && !file.IsDir() {
			t.Errorf("expected.json has no %s", name)
		}
	}
}

func TestParseRealReports(t *testing.T) {
	for name, want := range expectations(t) {
		t.Run(name, func(t *testing.T) {
			text := readSample(t, name)
			report := mustParse(t, string(text))
			counts, inactive := tally(report)
			if report.Format != want.Format || inactive != want.Inactive {
				t.Errorf("format %q, %d inactive; want %q, %d", report.Format, inactive, want.Format, want.Inactive)
			}
			if diff := cmp.Diff(want.Active, counts); diff != "" {
				t.Errorf("active observations (-want +got):\n%s", diff)
			}
			for f := range report.Findings.All() {
				if f.Title == "" || len(f.Identity) != 16 || !report.Findings.Has(f.Identity) {
					t.Errorf("finding %+v lacks something", f)
				}
			}
			reversed := mustParse(t, string(reverseKeys(t, text)))
			if diff := cmp.Diff(sortedFindings(report), sortedFindings(reversed), withKeys); diff != "" {
				t.Errorf("with keys in reversed order (-want +got):\n%s", diff)
			}
			if report.Tool != reversed.Tool || report.Format != reversed.Format {
				t.Errorf(
					"with keys in reversed order: format %q, tool %q; want %q, %q",
					reversed.Format,
					reversed.Tool,
					report.Format,
					report.Tool,
				)
			}
		})
	}
}

func TestParse_Tools(t *testing.T) {
	tests := map[string]string{
		"cyclonedx-analysis.json": "",
		"cyclonedx-grype.json":    "grype",
		"cyclonedx-trivy.json":    "trivy",
		"gitlab-container.json":   "Trivy",
		"gitlab-sast.json":        "njsscan",
		"grype-many.json":         "grype",
		"sarif-cxf.sarif":         "Grype",
		"sarif-empty.sarif":       "CodeScanner",
		"sarif-semgrep.sarif":     "semgrep",
		"trivy-kubernetes.json":   "Trivy",
		"trivy-legacy.json":       "Trivy",
	}
	for name, want := range tests {
		if got := mustParse(t, string(readSample(t, name))).Tool; got != want {
			t.Errorf("%s: tool %q, want %q", name, got, want)
		}
	}
}

func TestParseByteByByte(t *testing.T) {
	text := readSample(t, "sarif-suppressions.sarif")
	report, err := Parse(iotest.OneByteReader(bytes.NewReader(text)))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(sortedFindings(mustParse(t, string(text))), sortedFindings(report), withKeys); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
}

func TestRepeatedIdentityIsOneFinding(t *testing.T) {
	match := func(severity string) string {
		return `{"vulnerability": {"id": "CVE-1", "severity": "` + severity + `"}, ` +
			`"artifact": {"name": "a", "version": "1", "type": "deb"}}`
	}
	report := mustParse(t, `{"matches": [`+match("low")+","+match("CRITICAL")+","+match("medium")+`]}`)
	counts, _ := tally(report)
	if diff := cmp.Diff(models.Counts{Critical: 1}, counts); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
}

func TestTextsAreBoundedAndClean(t *testing.T) {
	report := mustParse(
		t,
		`{"matches": [{"vulnerability": {"id": "A\u0000B`+strings.Repeat("ä", 300)+`"}, "artifact": {}}]}`,
	)
	if report.Findings.Len() != 1 {
		t.Fatalf("%d findings, want 1", report.Findings.Len())
	}
	for f := range report.Findings.All() {
		if len(f.Title) > maxTitle || strings.Contains(f.Title, "\x00") || !strings.HasPrefix(f.Title, "ABä") ||
			!strings.HasSuffix(f.Title, "…") {
			t.Errorf("title %q", f.Title)
		}
	}
}

// The time for white space is linear: the decoder, which scans all of it again after each
// read, reads seldom.
func TestParse_ReadsWhiteSpaceInLargeParts(t *testing.T) {
	reads := 0
	text := iotest.OneByteReader(strings.NewReader(strings.Repeat(" ", 1<<20)))
	counted := readerFunc(func(p []byte) (int, error) {
		reads++
		return fullReader{text}.Read(p)
	})
	if _, err := json.NewDecoder(counted).Token(); !errors.Is(err, io.EOF) {
		t.Error(err)
	}
	if reads > 30 {
		t.Errorf("%d reads of a MiB, want about as many as it can be doubled", reads)
	}
	if _, err := Parse(strings.NewReader(strings.Repeat(" ", 32<<20) + "{}")); err == nil {
		t.Error("an unknown report was taken")
	}
}

type readerFunc func(p []byte) (int, error)

// Read calls f.
func (f readerFunc) Read(p []byte) (int, error) { return f(p) }
