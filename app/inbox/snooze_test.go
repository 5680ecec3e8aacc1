package inbox_test

import (
	"slices"
	"testing"
	"time"

	"gatecrier/app/inbox"
)

// The choices are times of the user's zone, also where the clocks change.
func TestSnoozeChoices(t *testing.T) {
	t.Parallel()
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	const format = "2006-01-02 15:04 -0700"
	for _, test := range []struct {
		now  string
		want map[inbox.SnoozeChoice]string
	}{
		{"2026-03-28 09:30 +0100", map[inbox.SnoozeChoice]string{ // a Saturday: the clocks change on Sunday
			inbox.InAnHour: "2026-03-28 10:30 +0100", inbox.ThisEvening: "2026-03-28 18:00 +0100",
			inbox.Tomorrow: "2026-03-29 08:00 +0200", inbox.NextWeek: "2026-03-30 08:00 +0200",
		}},
		{"2026-11-30 17:00 +0100", map[inbox.SnoozeChoice]string{ // a Monday
			inbox.InAnHour: "2026-11-30 18:00 +0100",
			inbox.Tomorrow: "2026-12-01 08:00 +0100", inbox.NextWeek: "2026-12-07 08:00 +0100",
		}},
		{"2026-12-06 00:10 +0100", map[inbox.SnoozeChoice]string{ // a Sunday
			inbox.InAnHour: "2026-12-06 01:10 +0100", inbox.ThisEvening: "2026-12-06 18:00 +0100",
			inbox.Tomorrow: "2026-12-07 08:00 +0100", inbox.NextWeek: "2026-12-07 08:00 +0100",
		}},
	} {
		now, err := time.ParseInLocation(format, test.now, berlin)
		if err != nil {
			t.Fatal(err)
		}
		now = now.In(berlin)
		choices := inbox.SnoozeChoices(now)
		if len(choices) != len(test.want) {
			t.Errorf("%s: %v", test.now, choices)
		}
		for choice, want := range test.want {
			at, ok := choice.Time(now)
			if got := at.Format(format); !ok || got != want || !slices.Contains(choices, choice) {
				t.Errorf("%s: %s is %s, want %s", test.now, choice, got, want)
			}
		}
	}
	if _, ok := inbox.SnoozeChoice("never").Time(time.Now()); ok {
		t.Error("an unknown choice has a time")
	}
}
