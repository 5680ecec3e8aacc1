package ingest

import (
	"testing"
	"time"
)

func TestDecideStale(t *testing.T) {
	now := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	ago := func(minutes int) time.Time { return now.Add(-time.Duration(minutes) * time.Minute) }
	never := time.Time{}
	for name, test := range map[string]struct {
		announced, last time.Time
		after           time.Duration
		want            staleChange
	}{
		"a report in time":                 {never, ago(59), time.Hour, staleUnchanged},
		"none for the time":                {never, ago(60), time.Hour, staleBegins},
		"announced already":                {ago(30), ago(90), time.Hour, staleUnchanged},
		"turned off":                       {never, ago(90), 0, staleUnchanged},
		"never a report":                   {never, never, time.Hour, staleUnchanged},
		"a report since it was announced":  {ago(30), ago(2), time.Hour, staleEnds},
		"a report before it was announced": {ago(30), ago(31), time.Hour, staleEnds},
		"the time has become longer":       {ago(30), ago(90), 2 * time.Hour, staleCleared},
		"turned off since":                 {ago(30), ago(90), 0, staleCleared},
		"turned off, and a report since":   {ago(30), ago(2), 0, staleCleared},
	} {
		if got := decideStale(test.announced, test.last, test.after, now); got != test.want {
			t.Errorf("%s: %d, want %d", name, got, test.want)
		}
	}
}
