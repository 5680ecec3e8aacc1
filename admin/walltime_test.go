package admin

import (
	"strings"
	"testing"
	"time"
)

func zoneNamed(t *testing.T, name string) *time.Location {
	t.Helper()
	zone, ok := loadZone(name)
	if !ok {
		t.Fatalf("the zone %s is missing", name)
	}
	return zone
}

// A typed time is the moment at which a clock in the zone shows it, on days when clocks change too.
func TestReadTime(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ zone, text, want, note, problem string }{
		{zone: "UTC", text: "2026-03-29T02:30", want: "2026-03-29T02:30:00Z"},
		{zone: "Asia/Kolkata", text: "2026-03-29T02:30", want: "2026-03-28T21:00:00Z"},
		{zone: "Asia/Kolkata", text: "2026-03-29T02:30:15", want: "2026-03-28T21:00:15Z"},
		{zone: "Asia/Kolkata", text: "2026-03-29T02:30:00+01:00", want: "2026-03-29T01:30:00Z"},
		{zone: "Asia/Kolkata", text: "tomorrow", problem: "Enter a date and time"},
		{zone: "Asia/Kolkata", text: "2026-02-30T10:00", problem: "Enter a date and time"},

		{zone: "Europe/Berlin", text: "2026-03-29T01:59", want: "2026-03-29T00:59:00Z"},
		{zone: "Europe/Berlin", text: "2026-03-29T02:00", problem: "clocks go from 02:00 to 03:00"},
		{
			zone: "Europe/Berlin", text: "2026-03-29T02:30",
			problem: "02:30 on 29 March 2026 does not exist in Europe/Berlin: clocks go from 02:00 to 03:00. " +
				"Enter a time before or after that",
		},
		{zone: "Europe/Berlin", text: "2026-03-29T03:00", want: "2026-03-29T01:00:00Z"},
		{zone: "Europe/Berlin", text: "2026-10-25T01:59", want: "2026-10-24T23:59:00Z"},
		{
			zone: "Europe/Berlin", text: "2026-10-25T02:30", want: "2026-10-25T00:30:00Z",
			note: "02:30 on 25 October 2026 occurs twice in Europe/Berlin: the first one (UTC+2) is used.",
		},
		{zone: "Europe/Berlin", text: "2026-10-25T03:00", want: "2026-10-25T02:00:00Z"},

		{zone: "America/New_York", text: "2026-03-08T02:30", problem: "clocks go from 02:00 to 03:00"},
		{zone: "America/New_York", text: "2026-03-08T03:00", want: "2026-03-08T07:00:00Z"},
		{zone: "America/New_York", text: "2026-11-01T01:30", want: "2026-11-01T05:30:00Z", note: "the first one (UTC-4)"},
		{zone: "America/New_York", text: "2026-11-01T02:00", want: "2026-11-01T07:00:00Z"},

		// Half an hour.
		{zone: "Australia/Lord_Howe", text: "2026-10-04T02:15", problem: "clocks go from 02:00 to 02:30"},
		{zone: "Australia/Lord_Howe", text: "2026-10-04T02:30", want: "2026-10-03T15:30:00Z"},
		{zone: "Australia/Lord_Howe", text: "2026-04-05T01:45", want: "2026-04-04T14:45:00Z", note: "the first one (UTC+11)"},
		{zone: "Australia/Lord_Howe", text: "2026-04-05T02:00", want: "2026-04-04T15:30:00Z"},
	} {
		got := readTime(test.text, zoneNamed(t, test.zone))
		at := ""
		if !got.At.IsZero() {
			at = got.At.UTC().Format(time.RFC3339)
		}
		if at != test.want || !hasPart(got.Note, test.note) || !hasPart(got.Problem, test.problem) {
			t.Errorf("%s in %s: %s, note %q, problem %q; want %+v", test.text, test.zone, at, got.Note, got.Problem, test)
		}
	}
}

// hasPart reports whether a text has a part; an empty part is an empty text.
func hasPart(text, part string) bool {
	return strings.Contains(text, part) && (part != "" || text == "")
}

// A day ends where the next one starts, after 23, 24, 25 or other numbers of hours.
func TestCalendarDay(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		zone, day, start string
		length           time.Duration
	}{
		{"Europe/Berlin", "2026-03-28", "2026-03-27T23:00:00Z", 24 * time.Hour},
		{"Europe/Berlin", "2026-03-29", "2026-03-28T23:00:00Z", 23 * time.Hour},
		{"Europe/Berlin", "2026-10-25", "2026-10-24T22:00:00Z", 25 * time.Hour},
		{"America/New_York", "2026-03-08", "2026-03-08T05:00:00Z", 23 * time.Hour},
		{"America/New_York", "2026-11-01", "2026-11-01T04:00:00Z", 25 * time.Hour},
		{"Asia/Kolkata", "2026-03-29", "2026-03-28T18:30:00Z", 24 * time.Hour},
		{"Australia/Lord_Howe", "2026-10-04", "2026-10-03T13:30:00Z", 23*time.Hour + 30*time.Minute},
		{"Australia/Lord_Howe", "2026-04-05", "2026-04-04T13:00:00Z", 24*time.Hour + 30*time.Minute},
		// Midnight does not exist, is repeated, or the day itself was left out.
		{"Africa/Cairo", "2024-04-26", "2024-04-25T22:00:00Z", 23 * time.Hour},
		{"Africa/Cairo", "2024-10-31", "2024-10-30T21:00:00Z", 25 * time.Hour},
		{"America/Havana", "2024-11-03", "2024-11-03T04:00:00Z", 25 * time.Hour},
		{"Pacific/Apia", "2011-12-30", "2011-12-30T10:00:00Z", 0},
	} {
		d, ok := readDay(test.day, zoneNamed(t, test.zone))
		start := d.start().UTC().Format(time.RFC3339)
		if length := d.end().Sub(d.start()); !ok || start != test.start || length != test.length {
			t.Errorf("%s in %s: from %s, %v; want %s, %v", test.day, test.zone, start, length, test.start, test.length)
		}
	}
	if _, ok := readDay("29 March", time.UTC); ok {
		t.Error("a text without a date is a day")
	}
}

func TestLoadZone_RefusesOtherTexts(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"", "Local", "local", "../etc/passwd", "Europe/Nowhere", strings.Repeat("a", 70), "Europe/Berlin\x00",
	} {
		if zone, ok := loadZone(name); ok {
			t.Errorf("%q is %v", name, zone)
		}
	}
}

func TestOffsetName(t *testing.T) {
	t.Parallel()
	for zone, want := range map[string]string{
		"UTC": "UTC", "Europe/Berlin": "UTC+2", "Asia/Kolkata": "UTC+5:30", "America/New_York": "UTC-4",
		"America/St_Johns": "UTC-2:30",
	} {
		if got := offsetName(time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC).In(zoneNamed(t, zone))); got != want {
			t.Errorf("%s: %s, want %s", zone, got, want)
		}
	}
}
