package demo

import (
	"bytes"
	"testing"

	"gatecrier/app/ingest"
)

// Each embedded report can be parsed and has the requested number of findings, up to all of them.
func TestEmbeddedReports(t *testing.T) {
	for name := range findingsPaths {
		last := -1
		for n := range 20 {
			text, err := report(name, n)
			if err != nil {
				t.Fatal(err)
			}
			r, err := ingest.Parse(bytes.NewReader(text))
			if err != nil {
				t.Fatalf("%s with %d findings: %v", name, n, err)
			}
			if got := r.Findings.Len(); got != min(n, max(got, last)) || got < last {
				t.Errorf("%s: %d findings, want %d", name, got, n)
			}
			last = r.Findings.Len()
		}
		if last < 4 {
			t.Errorf("%s has %d findings", name, last)
		}
	}
	if _, err := report("none.json", 1); err == nil {
		t.Error("a report that is not there")
	}
}

// The sample products are consistent: a worse report has more findings than a fixed one, their
// reports exist, and their days are in order.
func TestSampleProducts(t *testing.T) {
	for _, thing := range sampleProducts {
		if thing.report == "" {
			continue
		}
		if _, ok := findingsPaths[thing.report]; !ok || thing.worse <= thing.fixed {
			t.Errorf("%s: report %q, worse %d, fixed %d", thing.name, thing.report, thing.worse, thing.fixed)
		}
		for i := range thing.days[1:] {
			if thing.days[i].ago <= thing.days[i+1].ago || thing.days[i].ago >= 90 {
				t.Errorf("%s: day %d is out of order", thing.name, i)
			}
		}
	}
}
