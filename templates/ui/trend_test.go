package ui

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/a-h/templ"
)

var (
	noonOfTrend = time.Date(2026, 5, 31, 12, 0, 0, 0, time.UTC)
	monthBefore = noonOfTrend.AddDate(0, 0, -30)
)

func TestTrend(t *testing.T) {
	day := func(n int) time.Time { return noonOfTrend.AddDate(0, 0, -n) }
	tests := map[string]struct {
		points       []Point
		limit        int64
		within, over string
		at           float64
		text         string
	}{
		"no points": {nil, 0, "", "", 98, "no data yet"},
		"within a threshold": {
			[]Point{{day(15), 5}},
			10,
			"M500 53H1000V98H500Z",
			"",
			8,
			"5 now, at most 5 since 16 May, threshold 10",
		},
		"over it, since long": {
			[]Point{{day(60), 4}},
			2,
			"M0 53H1000V98H0Z",
			"M0 8H1000V53H0Z",
			53,
			"4 now, at most 4 since 1 Apr, threshold 2",
		},
		"no threshold": {
			[]Point{{day(30), 3}, {day(15), 0}},
			99999,
			"M0 8H500V98H0Z",
			"",
			-1,
			"0 now, at most 3 since 1 May",
		},
		"before the span": {
			[]Point{{day(90), 3}, {day(45), 1}},
			99999,
			"M0 8H1000V98H0Z",
			"",
			-1,
			"1 now, at most 1 since 16 Apr",
		},
		"a threshold of 0, none": {[]Point{{day(30), 0}}, 0, "", "", 98, "0 now, at most 0 since 1 May, threshold 0"},
	}
	for name, test := range tests {
		got := trendOf(test.points, test.limit, 99999, monthBefore, noonOfTrend)
		if got.within != test.within || got.over != test.over || got.limit != test.at || got.text != test.text {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if got := trendOf([]Point{{monthBefore, 1}}, 0, 99999, noonOfTrend, noonOfTrend); got.within != "" {
		t.Errorf("a span of nothing: %+v", got)
	}
}

func TestHours(t *testing.T) {
	hours := make([]Hour, 24)
	for i := range hours {
		hours[i].At = noonOfTrend.Add(time.Duration(i-24) * time.Hour)
	}
	hours[3].Delivered, hours[7] = 4, Hour{At: hours[7].At, Delivered: 1, Waiting: 2, Dead: 1}
	bars := hourBars(hours)
	if len(bars[0].parts) != 0 || len(bars[3].parts) != 1 || bars[3].parts[0] != (hourPart{"delivered", 5, 50}) {
		t.Errorf("bars: %+v, %+v", bars[0], bars[3])
	}
	last := 55.0
	for _, p := range bars[7].parts {
		if p.y+p.height != last {
			t.Errorf("a gap in the bar: %+v", bars[7])
		}
		last = p.y
	}
	want := "Messages in the last 24 hours: 5 delivered, 2 in progress, 1 failed; most, 4, at 15:00"
	if got := hoursText(hours); got != want {
		t.Errorf("in words: %s, want %s", got, want)
	}
}

// What is drawn is XML that says what it is, whatever it is given.
func TestPicturesAreWellFormed(t *testing.T) {
	for name, picture := range map[string]templ.Component{
		"trend": Trend(`"><script>`, []Point{{monthBefore, 1 << 40}}, 0, 99999, monthBefore, noonOfTrend),
		"empty": Trend("critical", nil, 0, 99999, monthBefore, noonOfTrend),
		"hours": Hours([]Hour{{At: noonOfTrend, Dead: 1 << 30}}),
	} {
		var b bytes.Buffer
		if err := picture.Render(t.Context(), &b); err != nil {
			t.Fatal(err)
		}
		text := b.String()
		dec := xml.NewDecoder(&b)
		for {
			if _, err := dec.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("%s: %v in %s", name, err, text)
			}
		}
		if strings.Contains(text, "NaN") || strings.Contains(text, "Inf") || !strings.Contains(text, `role="img"`) ||
			!strings.Contains(text, "aria-label=") {
			t.Errorf("%s: %s", name, text)
		}
	}
}

func TestBeats(t *testing.T) {
	at := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	day := make([]Beat, 24)
	for i := range day {
		day[i].At = at.Add(time.Duration(i) * time.Hour)
	}
	if got := sparkText(day); got != "None in the last 24 hours" || sparkPath(day) != "" {
		t.Errorf("nothing: %s, %q", got, sparkPath(day))
	}
	day[3].N, day[20].N = 1, 5000
	if got := sparkText(day); got != "5001 in the last 24 hours; most, 5000, at 5 May 08:00" {
		t.Error(got)
	}
	bars := sparkBars(day)
	if bars[3].height != 6 || bars[20].height != 96 || bars[4].height != 0 {
		t.Errorf("one of 5000 can be seen, and the most fills the picture: %+v", bars)
	}
	if week := sparkText(append(make([]Beat, 144), day...)); !strings.Contains(week, "in the last 7 days") {
		t.Error(week)
	}
}
