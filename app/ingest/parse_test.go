package ingest

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatecrier/app/fault"
	"gatecrier/models"
)

func TestParseRealReports(t *testing.T) {
	text, err := os.ReadFile("testdata/expected.json")
	if err != nil {
		t.Fatal(err)
	}
	var expected map[string]struct {
		Format   string
		Active   models.Counts
		Inactive int
	}
	if err := json.Unmarshal(text, &expected); err != nil {
		t.Fatal(err)
	}
	if len(expected) < 3 {
		t.Fatalf("%d reports are too few", len(expected))
	}
	for name, want := range expected {
		t.Run(name, func(t *testing.T) {
			file, err := os.ReadFile(filepath.Join("testdata", name))
			if err != nil {
				t.Fatal(err)
			}
			report, err := Parse(bytes.NewReader(file))
			if err != nil {
				t.Fatal(err)
			}
			counts, inactive := tally(report)
			if report.Format != want.Format || report.Tool != "grype" || inactive != want.Inactive {
				t.Errorf("format %q, tool %q, %d inactive; want %q, grype, %d", report.Format, report.Tool, inactive, want.Format, want.Inactive)
			}
			if diff := cmp.Diff(want.Active, counts); diff != "" {
				t.Errorf("active observations (-want +got):\n%s", diff)
			}
		})
	}
}

func tally(r Report) (counts models.Counts, inactive int) {
	for _, f := range r.Findings {
		if f.Status.Active() {
			counts.Add(f.Severity, 1)
		} else {
			inactive++
		}
	}
	return counts, inactive
}

func TestParseRefusesWithThePlace(t *testing.T) {
	tests := map[string]struct{ text, message string }{
		"nothing":                   {"", "the document ends too early"},
		"a list":                    {"[]", `expected "{"`},
		"cut short":                 {`{"matches": [{"vulnerability": {"id": "CVE-1"}}, {"vuln`, "in matches[1]"},
		"a match of another type":   {`{"matches": [7]}`, "in matches[0]"},
		"matches of another type":   {`{"matches": "none"}`, "in matches"},
		"something after the end":   {`{"matches": []} {}`, "something follows"},
		"bad UTF-8":                 {"{\"matches\": [], \"x\": \"\xff\"}", "not UTF-8"},
		"markup":                    {"<xml/>", "invalid character"},
		"another kind of document":  {`{"hello": "world"}`, "no report of a known format"},
		"an object in place of all": {`{"matches": {}}`, "in matches"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := Parse(strings.NewReader(test.text))
			var f *fault.Error
			if !errors.As(err, &f) || f.Kind != fault.Invalid || len(f.Fields) != 1 {
				t.Fatalf("error %v, want an invalid field", err)
			}
			if !strings.Contains(f.Fields[0].Message, test.message) {
				t.Errorf("message %q, want %q in it", f.Fields[0].Message, test.message)
			}
		})
	}
}

func TestParseTooLarge(t *testing.T) {
	body := http.MaxBytesReader(httptest.NewRecorder(), readCloser{strings.NewReader(`{"x": "` + strings.Repeat("a", 100) + `"}`)}, 50)
	if _, err := Parse(body); !fault.Is(err, fault.TooLarge) {
		t.Errorf("error %v, want one of size", err)
	}
}

type readCloser struct{ *strings.Reader }

func (readCloser) Close() error { return nil }

func TestRepeatedIdentityIsOneFinding(t *testing.T) {
	match := func(severity string) string {
		return `{"vulnerability": {"id": "CVE-1", "severity": "` + severity + `"}, "artifact": {"name": "a", "version": "1", "type": "deb"}}`
	}
	report, err := Parse(strings.NewReader(`{"matches": [` + match("low") + "," + match("CRITICAL") + "," + match("medium") + `]}`))
	if err != nil {
		t.Fatal(err)
	}
	counts, _ := tally(report)
	if diff := cmp.Diff(models.Counts{Critical: 1}, counts); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
}

func TestTextsAreBoundedAndClean(t *testing.T) {
	report, err := Parse(strings.NewReader(`{"matches": [{"vulnerability": {"id": "A\u0000B` + strings.Repeat("ä", 300) + `"}, "artifact": {}}]}`))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range report.Findings {
		if len(f.Title) > maxTitle || strings.Contains(f.Title, "\x00") || !strings.HasPrefix(f.Title, "ABä") || !strings.HasSuffix(f.Title, "…") {
			t.Errorf("title %q", f.Title)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"matches": [{"vulnerability": {"id": "CVE-1", "severity": "High"}, "artifact": {"name": "a"}}], "descriptor": {"name": "grype"}}`))
	f.Add([]byte(`{"descriptor": 7, "matches": []}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		report, err := Parse(bytes.NewReader(text))
		if err != nil && !fault.Is(err, fault.Invalid) {
			t.Errorf("error of another kind: %v", err)
		}
		if err == nil && report.Format == "" {
			t.Error("a report without a format")
		}
	})
}
