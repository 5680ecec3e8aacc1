package jobs

import (
	"slices"
	"testing"
	"time"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func TestBadSpecs(t *testing.T) {
	for spec, bad := range map[string]bool{
		"17 * * * *":                     false,
		"*/5 8-18 * * 1-5":               false,
		"0 0 29 2 *":                     false, // comes in 2028
		"":                               true,
		"17 * * *":                       true,
		"17 * * * * *":                   true,
		"61 * * * *":                     true,
		"*/0 * * * *":                    true,
		"a b c d e":                      true,
		"0 0 31 2 *":                     true,
		"0 0 31 4,6,9,11 *":              true,
		"@every 1h":                      true,
		"@hourly":                        true,
		"@every 1s @every 1s 1":          true,
		"TZ=UTC":                         true,
		"TZ=UTC 17 3 * * *":              true,
		"CRON_TZ=Europe/Berlin 17 3 * *": true,
		"CRON_TZ=Nowhere 1 2 3 4 5":      true,
	} {
		if why := BadSpec(spec, noon); (why != "") != bad {
			t.Errorf("%q: %q", spec, why)
		}
	}
}

// A refused field is named with what it can be.
func TestBadSpec_NamesField(t *testing.T) {
	for spec, want := range map[string]string{
		"99 25 * * *": "The minute must be from 0 to 59, or of the form *, 1-5, */5 or 1,15: not “99”",
		"9 25 * * *":  "The hour must be from 0 to 23, or of the form *, 1-5, */5 or 1,15: not “25”",
		"9 5 * 13 *":  "The month must be from 1 to 12, or jan to dec, or of the form *, 1-5, */5 or 1,15: not “13”",
	} {
		if got := BadSpec(spec, noon); got != want {
			t.Errorf("%q: %q, want %q", spec, got, want)
		}
	}
}

func leapDay(year int) time.Time { return time.Date(year, time.February, 29, 0, 0, 0, 0, time.UTC) }

func TestNextRuns(t *testing.T) {
	at := func(month time.Month, day, hour, minute int) time.Time {
		return time.Date(2026, month, day, hour, minute, 0, 0, time.UTC)
	}
	for spec, want := range map[string][]time.Time{
		"17 * * * *":     {at(3, 1, 12, 17), at(3, 1, 13, 17), at(3, 1, 14, 17)},
		"0 6 * * 1":      {at(3, 2, 6, 0), at(3, 9, 6, 0), at(3, 16, 6, 0)},
		"0 0 31 * *":     {at(3, 31, 0, 0), at(5, 31, 0, 0), at(7, 31, 0, 0)},
		"0 0 29 2 *":     {leapDay(2028), leapDay(2032), leapDay(2036)},
		"0 0 31 2 *":     nil,
		"not a spec":     nil,
		"TZ=UTC 1 2 3 4": nil,
	} {
		if got := NextRuns(spec, noon, 3); !slices.Equal(got, want) {
			t.Errorf("%q: %v, want %v", spec, got, want)
		}
	}
}

func TestLastDue(t *testing.T) {
	for spec, want := range map[string]time.Time{
		"* * * * *":   noon,
		"17 * * * *":  noon.Add(-43 * time.Minute),
		"7 2 * * *":   noon.Add(-(9*time.Hour + 53*time.Minute)),
		"0 12 1 * *":  noon,
		"0 13 1 * *":  time.Date(2026, 2, 1, 13, 0, 0, 0, time.UTC),
		"0 0 24 12 *": time.Date(2025, 12, 24, 0, 0, 0, 0, time.UTC),
		"0 0 29 2 *":  {},
	} {
		times, err := parse(spec)
		if err != nil {
			t.Fatal(err)
		}
		if got := lastDue(times, noon); !got.Equal(want) {
			t.Errorf("%s: %s, want %s", spec, got, want)
		}
	}
}

func TestDescribeSpec(t *testing.T) {
	for spec, want := range map[string]string{
		"7 * * * *":   "Every hour at :07",
		"7 2 * * *":   "Every day at 02:07 UTC",
		"*/5 * * * *": "Every 5 minutes",
		"7 2 * * 1":   "",
		"*/7 2 * * *": "",
		"7 2,3 * * *": "",
	} {
		if got := DescribeSpec(spec); got != want {
			t.Errorf("%s: %q, want %q", spec, got, want)
		}
	}
}

// The default expressions are valid, and their jobs have all texts.
func TestDefaultSpecs(t *testing.T) {
	seen := map[string]bool{}
	for _, job := range All() {
		if why := BadSpec(job.Spec, noon); why != "" || DescribeSpec(job.Spec) == "" || job.Title == "" || job.About == "" ||
			seen[job.Name] {
			t.Errorf("%+v: %s", job, why)
		}
		seen[job.Name] = true
	}
}
