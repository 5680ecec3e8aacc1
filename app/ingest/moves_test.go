package ingest

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatecrier/models"
)

// moves are pairs of reports of one source. All observations of the first are waived; each pair is
// tried with its keys in reversed order too.
type moves map[string]struct {
	before, after string
	want          Tally
	waivers       int // that are left
}

func (m moves) check(t *testing.T) {
	for name, test := range m {
		t.Run(name, func(t *testing.T) {
			for _, after := range []string{test.after, string(reverseKeys(t, []byte(test.after)))} {
				tally, waivers := moveWaived(t, mustParse(t, test.before), mustParse(t, after))
				if diff := cmp.Diff(test.want, tally); diff != "" || waivers != test.waivers {
					t.Errorf("%d waivers, want %d; tally (-want +got):\n%s\nof %s", waivers, test.waivers, diff, after)
				}
			}
		})
	}
}

// moveWaived compares a report with the waived observations of the one before. It returns the tally
// and how many waivers are left.
func moveWaived(t *testing.T, before, after Report) (tally Tally, waivers int) {
	t.Helper()
	var list []models.Observation
	for f := range before.Findings.All() {
		o := earlier(int64(len(list)+1), f, models.StatusOpen)
		o.Status, o.Assessed.Status = models.StatusRiskAccepted, models.StatusRiskAccepted
		list = append(list, o)
	}
	d, err := compare(after, said(list...), time.Unix(1, 0))
	if err != nil {
		t.Fatal(err)
	}
	if active := int64(d.tally.New + len(d.unsure)); d.counts.Counts.Total() != active {
		t.Errorf("%d observations are active, want %d", d.counts.Counts.Total(), active)
	}
	return d.tally, len(list) - len(d.resolve) - len(d.unsure)
}

// The files are pairs of reports of the same finding.
func TestSequences_KeepFinding(t *testing.T) {
	for _, name := range []string{"seq-tag", "seq-ids"} {
		read := func(n string) Report {
			return mustParse(t, string(readSample(t, filepath.Join("intake", name+"-"+n+".json"))))
		}
		tally, waivers := moveWaived(t, read("1"), read("2"))
		if diff := cmp.Diff(Tally{Updated: 1}, tally); diff != "" || waivers != 1 {
			t.Errorf("%s: %d waivers, tally (-want +got):\n%s", name, waivers, diff)
		}
	}
}

// The same report again changes nothing.
func TestCompare_SameReport(t *testing.T) {
	for name := range expectations(t) {
		report := mustParse(t, string(readSample(t, name)))
		tally, waivers := moveWaived(t, report, mustParse(t, string(readSample(t, name))))
		if n := report.Findings.Len(); tally != (Tally{Updated: n}) || waivers != n {
			t.Errorf("%s: %d findings, tally %+v, %d waivers", name, n, tally, waivers)
		}
	}
}

// Two images of a product are two subjects, whatever their tags.
func TestSequences_TwoImages(t *testing.T) {
	for name, want := range map[string]string{
		"seq-img-1.json": "shop.example/till", "seq-img-2.json": "shop.example/shop",
		"seq-tag-1.json": "shop.example/till (container image)", "seq-tag-2.json": "shop.example/till (container image)",
	} {
		if got := mustParse(t, string(readSample(t, filepath.Join("intake", name)))).Subject; got != want {
			t.Errorf("%s: subject %q, want %q", name, got, want)
		}
	}
}
