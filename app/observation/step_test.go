package observation

import (
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatecrier/app/authz"
	"gatecrier/app/event"
	"gatecrier/app/fault"
	"gatecrier/app/gate"
	"gatecrier/models"
)

// A change is counted by source, also if a source's counts stay equal: an import must
// compare with that source again too.
func TestChange_Compare(t *testing.T) {
	row := func(id, source int64, severity models.Severity, status models.Status) models.Observation {
		return models.Observation{ID: id, SourceID: source, Title: string(rune('a' + id)), Severity: severity, Status: status}
	}
	c := change{
		before: []models.Observation{
			row(1, 7, models.High, models.StatusOpen),
			row(2, 7, models.Low, models.StatusFalsePositive),
			row(3, 8, models.Low, models.StatusOpen),
			row(4, 9, models.High, models.StatusOpen),
			row(5, 7, models.None, models.StatusInReview),
		},
		after: []models.Observation{
			row(1, 7, models.High, models.StatusNotAffected),
			row(2, 7, models.Low, models.StatusAffected),
			row(3, 8, models.Critical, models.StatusOpen),
			row(4, 9, models.High, models.StatusInReview),
			row(6, 7, models.Unknown, models.StatusOpen),
		},
	}
	sources, activated := c.compare()
	want := map[int64]models.Breakdown{
		7: {Counts: models.Counts{High: -1, Low: 1, None: -1, Unknown: 1}},
		8: {Counts: models.Counts{Low: -1, Critical: 1}},
		9: {},
	}
	if diff := cmp.Diff(want, sources); diff != "" {
		t.Errorf("by source (-want +got):\n%s", diff)
	}
	var active gate.Activated
	active.AddReopened(event.FindingOf(c.after[1]))
	active.AddKnown(event.FindingOf(c.after[2]), &c.before[2])
	active.AddNew(event.FindingOf(c.after[4]))
	if diff := cmp.Diff(active, activated, cmp.Exporter(func(reflect.Type) bool { return true })); diff != "" {
		t.Errorf("activated (-want +got):\n%s", diff)
	}
}

// A waiver's end has the precision of the database. A waiver of less than noticeTime counts
// as announced.
func TestAssessment_WaiverEnd(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for span, want := range map[time.Duration]struct{ taken, noticed bool }{
		0: {}, 999 * time.Nanosecond: {}, time.Microsecond: {true, true}, noticeTime - time.Microsecond: {true, true},
		noticeTime: {true, false}, maxWaiver: {true, false}, maxWaiver + time.Microsecond: {},
	} {
		a := Assessment{Status: models.StatusRiskAccepted, Comment: " why ", Until: now.Add(span)}
		err := a.check(now)
		if (err == nil) != want.taken || err != nil && fault.FieldsOf(err)[0].Name != "waiver_until" {
			t.Errorf("%v: %v", span, err)
		}
		if j := a.input(now, authz.Actor{Label: "ann"}); err == nil &&
			(j.Noticed != want.noticed || j.Comment != "why" || !j.Until.Equal(now.Add(span).Truncate(time.Microsecond))) {
			t.Errorf("%v: %+v", span, j)
		}
	}
}
