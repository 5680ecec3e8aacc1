package gate

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatecrier/app/event"
	"gatecrier/models"
)

// A transaction can run again, so the activated findings of an import must not change with it.
func TestEndedDuplicates_AddToCopies(t *testing.T) {
	finding := func(title, component string) event.Finding {
		return event.Finding{Title: title, Severity: models.High, Component: component}
	}
	var imported Activated
	imported.AddNew(finding("CVE-2", "lib 2"))
	ended := EndedDuplicates{active: []event.Finding{finding("CVE-1", "lib 1"), finding("CVE-2", "app 2")}}
	want := event.Failing{New: 1, Reopened: 2, Items: []event.Finding{
		changed(ended.active[0], event.ChangeReopened), changed(ended.active[1], event.ChangeReopened),
	}}
	for range 2 {
		got := ended.AddTo(imported).failing([]models.Severity{models.High}, models.Counting{})
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("together (-want +got):\n%s", diff)
		}
	}
	alone := event.Failing{New: 1, Items: []event.Finding{changed(finding("CVE-2", "lib 2"), event.ChangeNew)}}
	if diff := cmp.Diff(alone, imported.failing([]models.Severity{models.High}, models.Counting{})); diff != "" {
		t.Errorf("the import alone (-want +got):\n%s", diff)
	}
}

func changed(f event.Finding, c event.Change) event.Finding {
	f.Change = c
	return f
}
