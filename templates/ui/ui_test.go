package ui

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var now = time.Date(2026, 11, 20, 14, 32, 0, 0, time.UTC)

func TestRelative(t *testing.T) {
	const day = 24 * time.Hour
	for want, d := range map[string]time.Duration{
		"just now": 59 * time.Second, "1 min ago": 60 * time.Second, "99 min ago": 99 * time.Minute,
		"1 h ago":  100 * time.Minute,
		"35 h ago": 35 * time.Hour, "1 day ago": 36 * time.Hour, "59 days ago": 59 * day, "2 months ago": 60 * day,
		"2 years ago": 731 * day,
		"in 3 s":      -3 * time.Second, "in 1 s": -time.Millisecond, "in 8 min": -8 * time.Minute,
	} {
		if got := Relative(now.Add(-d), now); got != want {
			t.Errorf("%v: got %q, want %q", d, got, want)
		}
	}
	if got := Relative(time.Time{}, now); got != "never" {
		t.Errorf("zero: got %q", got)
	}
}

func TestElapsed(t *testing.T) {
	for want, d := range map[string]time.Duration{
		"<1 ms": time.Microsecond, "184 ms": 184 * time.Millisecond, "1.2 s": 1200 * time.Millisecond,
		"2 min": 2 * time.Minute,
	} {
		if got := Elapsed(d); got != want {
			t.Errorf("%v: got %q, want %q", d, got, want)
		}
	}
}

func TestNumber(t *testing.T) {
	for want, n := range map[string]int64{"0": 0, "9999": 9999, "12 345": 12345, "1 234 567": 1234567, "-12 345": -12345} {
		if got := strings.ReplaceAll(Number(n), "\u202f", " "); got != want {
			t.Errorf("%d: got %q, want %q", n, got, want)
		}
	}
}

func TestInitials(t *testing.T) {
	for name, want := range map[string]string{
		"Ilse Quillmark": "IQ", "admin": "A", "a b c": "AC", "": "?", "<>": "?", "決済 x": "決X",
	} {
		if got := Initials(name); got != want {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
	}
}

func TestTitle(t *testing.T) {
	for word, want := range map[string]string{"failed": "Failed", "": "", "éa": "Éa", "ſx": "Sx"} {
		if got := Title(word); got != want {
			t.Errorf("%q: got %q, want %q", word, got, want)
		}
	}
}

func TestParts(t *testing.T) {
	got := Parts("2 critical (threshold 0), 18 high (threshold 3), 1 new: 5 low things")
	want := []Part{
		{"", false},
		{"2 critical", true},
		{" (threshold 0), ", false},
		{"18 high", true},
		{" (threshold 3), 1 new: 5 low things", false},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestBlocksStayInside(t *testing.T) {
	from := now.Add(-30 * 24 * time.Hour)
	segments := []Segment{
		{State: "passed", From: from.Add(-time.Hour), To: now.Add(-24 * time.Hour)}, // begins before
		{State: "failed", From: now.Add(-time.Second)},                              // still lasts, and is short
		{State: "failed", From: from.Add(-48 * time.Hour), To: from},                // over before
		{State: "strange", From: now.Add(-24 * time.Hour), To: now.Add(-time.Second)},
	}
	list := blocks(segments, from, now)
	if len(list) != 3 {
		t.Fatalf("got %d blocks, want 3", len(list))
	}
	for _, b := range list {
		if b.x < 0 || b.width < .9 || b.x+b.width > 100.001 {
			t.Errorf("%s: x %.2f, width %.2f", b.title, b.x, b.width)
		}
	}
	if !strings.HasPrefix(list[2].title, "Not evaluated for 23 h") {
		t.Errorf("an unknown state is not evaluated: %q", list[2].title)
	}
	if blocks(segments, now, now) != nil {
		t.Error("an empty span has blocks")
	}
}

func TestFailedText(t *testing.T) {
	from := now.Add(-30 * 24 * time.Hour)
	for want, segments := range map[string][]Segment{
		"never failed in 30 days":  {{State: "passed", From: from}},
		"failed 31 min of 30 days": {{State: "failed", From: now.Add(-31 * time.Minute)}},
		"failed 4 of 30 days":      {{State: "failed", From: from.Add(-time.Hour), To: from.Add(4 * 24 * time.Hour)}},
	} {
		if got := FailedText(segments, from, now); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestSharesFitTheBar(t *testing.T) {
	for _, c := range [][3]int{{0, 0, 0}, {1, 0, 0}, {1, 5000, 1}, {0, 10000, 1}, {4, 49, 5}} {
		for _, s := range shares(c[0], c[1], c[2]) {
			if s.x < 0 || s.width <= 0 || s.x+s.width > 100 {
				t.Errorf("%v: %+v", c, s)
			}
		}
	}
}
