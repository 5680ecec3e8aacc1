package gate

import (
	"fmt"
	"math/rand/v2"
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
		want.Items = append(want.Items, event.Finding{Title: title, Severity: models.Critical, Component: component})
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
		{
			Title:    "CVE-2",
			Severity: models.Critical,
		},
		{Title: "CVE-1", Severity: models.High},
		{Title: "CVE-3", Severity: models.High},
	}}
	if diff := cmp.Diff(want, f.failing([]models.Severity{models.High, models.Critical}, models.Counting{})); diff != "" {
		t.Errorf("failing (-want +got):\n%s", diff)
	}
}
