package gate

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatecrier/models"
)

func TestMomentOf(t *testing.T) {
	now := time.Date(2026, 5, 20, 12, 0, 0, 0, time.UTC)
	ago := func(hours int) time.Time { return now.Add(-time.Duration(hours) * time.Hour) }
	limits, newer := models.Counts{High: 3}, models.Counts{High: 1}
	b := models.Branch{
		Evaluated: true,
		CreatedAt: ago(500),
		CountedAt: ago(10),
		Breakdown: models.Breakdown{Counts: models.Counts{High: 2}},
		Gate:      models.GateFailed,
	}
	failed := models.GateChange{
		EventID: 7, From: models.GatePassed, To: models.GateFailed, At: ago(30), Counts: models.Counts{High: 9},
		Payload: []byte(`{"thresholds":{"high":3},"policy":"group"}`),
	}
	first := models.GateChange{EventID: 3, From: models.GateNone, To: models.GatePassed, At: ago(100)}
	day := models.DayCounts{Day: ago(36), Counts: models.Counts{High: 5}} // ends 12 hours ago
	policy := active(OwnerProduct, newer)
	known := func(last, next models.GateChange, d models.DayCounts) Known {
		return Known{Branch: b, Last: last, Next: next, Day: d, Policy: policy, Now: now}
	}
	none := models.GateChange{}
	young := known(none, none, models.DayCounts{})
	young.Branch.Evaluated = false
	for name, test := range map[string]struct {
		at   time.Time
		k    Known
		want Moment
	}{
		"now, by the policy of now": {
			now, known(failed, none, day),
			Moment{
				At: now, State: models.GateFailed, Counts: b.Counts, AsOf: now,
				Thresholds: &newer, Owner: OwnerProduct, Change: 7,
			},
		},
		"since the counts changed last they are exact": {
			ago(5), known(failed, none, day),
			Moment{
				At: ago(5), State: models.GateFailed, Counts: b.Counts, AsOf: ago(5),
				Thresholds: &limits, Owner: OwnerGroup, Change: 7,
			},
		},
		"the end of a day after the change": {
			ago(11), known(failed, none, day),
			Moment{
				At: ago(11), State: models.GateFailed, Counts: day.Counts, AsOf: ago(12), Daily: true,
				Thresholds: &limits, Owner: OwnerGroup, Change: 7,
			},
		},
		"the change after the end of a day": {
			ago(20), known(failed, none, models.DayCounts{Day: ago(80), Counts: day.Counts}),
			Moment{
				At: ago(20), State: models.GateFailed, Counts: failed.Counts, AsOf: ago(30),
				Thresholds: &limits, Owner: OwnerGroup, Change: 7,
			},
		},
		"a change's own moment is exact": {
			ago(30), known(failed, none, models.DayCounts{}),
			Moment{
				At: ago(30), State: models.GateFailed, Counts: failed.Counts, AsOf: ago(30),
				Thresholds: &limits, Owner: OwnerGroup, Change: 7,
			},
		},
		"before the first change": {
			ago(200), known(none, first, models.DayCounts{}),
			Moment{At: ago(200), State: models.GateNone, AsOf: ago(200)},
		},
		"before the product": {
			ago(900), known(none, first, models.DayCounts{}),
			Moment{At: ago(900), State: models.GateNone, AsOf: ago(900)},
		},
		"without an earlier change or day it is as now": {
			ago(200), known(none, failed, models.DayCounts{}),
			Moment{At: ago(200), State: models.GatePassed, Counts: b.Counts, AsOf: now},
		},
		"a branch without a report": {
			ago(1), young,
			Moment{At: ago(1), State: models.GateNone, AsOf: ago(1)},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, MomentOf(test.at, test.k)); diff != "" {
				t.Errorf("moment (-want +got):\n%s", diff)
			}
		})
	}
}
