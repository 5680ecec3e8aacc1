package admin

import (
	"slices"
	"testing"
	"time"

	"gatecrier/models"
)

// A change that was not announced says why, by its neighbors.
func TestUnannouncedReasons(t *testing.T) {
	const passed, failed, none = models.GatePassed, models.GateFailed, models.GateNone
	at := func(minute int) time.Time { return time.Date(2026, 5, 4, 12, minute, 0, 0, time.UTC) }
	change := func(id, announced int64, from, to models.GateState, minute int) models.GateChange {
		return models.GateChange{EventID: id, Announced: announced, From: from, To: to, At: at(minute)}
	}
	const back = "Not notified: the gate returned to the last notified state"
	for name, test := range map[string]struct {
		changes []models.GateChange // newest first
		held    models.Held
		want    []string
	}{
		"it returned": {
			[]models.GateChange{
				change(3, 0, failed, passed, 9),
				change(2, 0, passed, failed, 6),
				change(1, 1, none, passed, 0),
			},
			models.Held{},
			[]string{back, "Not notified: the gate returned within 3 min", ""},
		},
		"it went on": {
			[]models.GateChange{
				change(3, 4, failed, none, 9),
				change(2, 0, passed, failed, 6),
				change(1, 1, none, passed, 0),
			},
			models.Held{},
			[]string{"", "Not notified: the gate changed again within 3 min", ""},
		},
		"it waits": {
			[]models.GateChange{change(2, 0, passed, failed, 6), change(1, 1, none, passed, 0)},
			models.Held{EventID: 2, Until: at(16)},
			[]string{"", ""},
		},
		"a detour": {
			[]models.GateChange{
				change(4, 0, none, passed, 9),
				change(3, 0, failed, none, 8),
				change(2, 0, passed, failed, 6),
				change(1, 1, none, passed, 0),
			},
			models.Held{},
			[]string{
				back, "Not notified: the gate returned within 1 min", "Not notified: the gate changed again within 2 min",
				"",
			},
		},
	} {
		if got := unannouncedReasons(test.changes, test.held); !slices.Equal(got, test.want) {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}
