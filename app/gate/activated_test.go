package gate

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatecrier/app/event"
	"gatecrier/models"
)

func TestActivated_NamesTheWorst(t *testing.T) {
	var findings []event.Finding
	for i := range 200 {
		findings = append(findings, event.Finding{
			Title:     fmt.Sprintf("CVE-%02d", i%20),
			Severity:  models.Severities()[i%4],
			Component: fmt.Sprintf("c%d", i/4),
		})
	}
	rand.Shuffle(len(findings), func(i, j int) { findings[i], findings[j] = findings[j], findings[i] })
	var f Activated
	for _, e := range findings {
		f.AddNew(e)
	}
	got := f.failing([]models.Severity{models.High, models.Critical}, models.Counting{})
	want := event.Failing{New: 100}
	for _, title := range []string{"CVE-00", "CVE-04", "CVE-08", "CVE-12", "CVE-16"} {
		var component string
		for _, e := range findings {
			if e.Title == title && (component == "" || e.Component < component) {
				component = e.Component
			}
		}
		want.Items = append(want.Items, event.Finding{
			Title: title, Severity: models.Critical, Component: component, Change: event.ChangeNew,
		})
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("failing (-want +got):\n%s", diff)
	}
	if got := f.failing([]models.Severity{models.Low}, models.Counting{}); got.New != 50 || len(got.Items) != 5 ||
		got.Items[0].Title != "CVE-03" {
		t.Errorf("low ones: %+v", got)
	}
	if got := (Activated{}).failing(models.Severities(), models.Counting{}); got.New != 0 || got.Items == nil {
		t.Errorf("nothing activated: %+v", got)
	}
}

func TestActivated_CountsNewAndReopenedApart(t *testing.T) {
	var f Activated
	f.AddNew(event.Finding{Title: "CVE-1", Severity: models.High})
	f.AddReopened(event.Finding{Title: "CVE-2", Severity: models.Critical})
	f.AddReopened(event.Finding{Title: "CVE-3", Severity: models.High})
	f.AddReopened(event.Finding{Title: "CVE-4", Severity: models.Low})
	want := event.Failing{New: 1, Reopened: 2, Items: []event.Finding{
		{Title: "CVE-2", Severity: models.Critical, Change: event.ChangeReopened},
		{Title: "CVE-1", Severity: models.High, Change: event.ChangeNew},
		{Title: "CVE-3", Severity: models.High, Change: event.ChangeReopened},
	}}
	if diff := cmp.Diff(want, f.failing([]models.Severity{models.High, models.Critical}, models.Counting{})); diff != "" {
		t.Errorf("failing (-want +got):\n%s", diff)
	}
}

// The policy decides which of the activated findings a gate fails by, and as what they count.
func TestActivated_FailingByCounting(t *testing.T) {
	was := func(s models.Severity, f models.Flags) *models.Observation {
		return &models.Observation{Severity: s, KEV: f.KEV, Unfixed: f.Unfixed, Status: models.StatusOpen}
	}
	kev, unfixed := models.Flags{KEV: true}, models.Flags{Unfixed: true}
	var f Activated
	f.AddNew(event.Finding{Title: "new", Severity: models.High})
	f.AddNew(event.Finding{Title: "new unfixed", Severity: models.High, Unfixed: true})
	f.AddNew(event.Finding{Title: "new kev", Severity: models.Low, KEV: true})
	f.AddNew(event.Finding{Title: "new kev unfixed", Severity: models.Low, KEV: true, Unfixed: true})
	f.AddKnown(event.Finding{Title: "now fixed", Severity: models.High}, was(models.High, unfixed))
	f.AddKnown(event.Finding{Title: "now unfixed", Severity: models.High, Unfixed: true}, was(models.High, models.Flags{}))
	f.AddKnown(event.Finding{Title: "now exploited", Severity: models.High, KEV: true}, was(models.High, models.Flags{}))
	f.AddKnown(event.Finding{Title: "worse", Severity: models.High, KEV: true}, was(models.Low, kev))
	f.AddKnown(event.Finding{Title: "same", Severity: models.High}, was(models.High, models.Flags{}))
	f.AddKnown(event.Finding{Title: "back", Severity: models.High}, &models.Observation{
		Severity: models.High, Status: models.StatusResolved,
	})
	for _, test := range []struct {
		c             models.Counting
		over          models.Severity
		new, reopened int
		want          string
	}{
		{models.Counting{}, models.High, 2, 2, "back, new, new unfixed, worse"},
		{models.Counting{}, models.Critical, 0, 0, ""},
		{models.Counting{OnlyFixable: true}, models.High, 1, 3, "back, new, now fixed, worse"},
		{models.Counting{OnlyFixable: true}, models.Low, 1, 0, "new kev"},
		{models.Counting{KEVAsCritical: true}, models.Critical, 2, 1, "new kev, new kev unfixed, now exploited"},
		{models.Counting{KEVAsCritical: true}, models.High, 2, 1, "back, new, new unfixed"},
		{models.Counting{OnlyFixable: true, KEVAsCritical: true}, models.Critical, 1, 1, "new kev, now exploited"},
		{models.Counting{OnlyFixable: true, KEVAsCritical: true}, models.High, 1, 2, "back, new, now fixed"},
	} {
		got := f.failing([]models.Severity{test.over}, test.c)
		var titles []string
		for _, e := range got.Items {
			titles = append(titles, e.Title)
			if e.Severity != test.over {
				t.Errorf("%+v: %s is named as %s, not %s", test.c, e.Title, e.Severity, test.over)
			}
		}
		if text := strings.Join(titles, ", "); got.New != test.new || got.Reopened != test.reopened || text != test.want {
			t.Errorf("%+v, %s: %d new, %d reopened: %s; want %+v", test.c, test.over, got.New, got.Reopened, text, test)
		}
	}
}
