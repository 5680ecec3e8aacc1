package admin

import (
	"testing"
	"time"
)

func TestParseRetention(t *testing.T) {
	for text, want := range map[string]int64{
		"10 minutes": 600, "10min": 600, " 2 H ": 7200, "1 day": 86400, "1 week": 604800, "90 s": 90,
		"0": 0, "never": 0, "At once": 0, "Immediately": 0,
	} {
		term, ok := parseRetention(text)
		if !ok || term.Seconds == nil || *term.Seconds != want {
			t.Errorf("%q: %v, %v", text, term.Seconds, ok)
		}
	}
	for _, text := range []string{"soon", "10", "-1 day", "1.5 h", "10 fortnights", "99999999999 days"} {
		if term, ok := parseRetention(text); ok {
			t.Errorf("%q is taken as %d", text, *term.Seconds)
		}
	}
	if term, ok := parseRetention(" "); !ok || term.Seconds != nil {
		t.Error("an empty text is none of one's own")
	}
	for want, d := range map[string]time.Duration{
		"1 day":      24 * time.Hour,
		"36 hours":   36 * time.Hour,
		"15 minutes": 15 * time.Minute,
		"90 seconds": 90 * time.Second,
		"never":      0,
	} {
		got := durationText(d, "never")
		if term, ok := parseRetention(got); got != want || !ok || *term.Seconds != int64(d/time.Second) {
			t.Errorf("%s is written as %q", d, got)
		}
	}
}
