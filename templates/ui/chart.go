package ui

import (
	"fmt"
	"math"
	"strconv"
	"time"
)

// block is a stretch of a timeline, in percent of its width.
type block struct {
	Segment
	x, width float64
	title    string
	label    string // inside, if there is room
}

// blocks lays segments out over a span and cuts off what lies outside. Even a short failure stays
// visible.
func blocks(segments []Segment, from, to time.Time) []block {
	span := to.Sub(from)
	if span <= 0 {
		return nil
	}
	var list []block
	for _, s := range segments {
		start, end := s.From, s.To
		if start.Before(from) {
			start = from
		}
		if end.After(to) || end.IsZero() {
			end = to
		}
		if !end.After(start) {
			continue
		}
		list = append(list, newBlock(s, start, end, from, span))
	}
	return list
}

func newBlock(s Segment, start, end, from time.Time, span time.Duration) block {
	const least, gap = .9, .25
	b := block{Segment: s}
	b.x = 100 * float64(start.Sub(from)) / float64(span)
	b.width = 100*float64(end.Sub(start))/float64(span) - gap
	if b.width < least {
		b.width = least
		b.x = math.Min(b.x, 100-least)
	}
	b.title = Title(GateWord(s.State)) + " for " + Span(end.Sub(start)) + ", " + stretch(start, end)
	if s.State == "failed" && b.width > 8 {
		b.label = Span(end.Sub(start))
	}
	return b
}

func stretch(start, end time.Time) string {
	const short = "2 Jan 15:04"
	return start.UTC().Format(short) + " to " + end.UTC().Format(short) + " UTC"
}

// failedFor sums up how long a gate failed within a span.
func failedFor(segments []Segment, from, to time.Time) time.Duration {
	var sum time.Duration
	for _, s := range segments {
		start, end := s.From, s.To
		if start.Before(from) {
			start = from
		}
		if end.After(to) || end.IsZero() {
			end = to
		}
		if s.State == "failed" && end.After(start) {
			sum += end.Sub(start)
		}
	}
	return sum
}

// FailedText says how long a gate failed within a span: "failed 3 days of 30".
func FailedText(segments []Segment, from, to time.Time) string {
	days := int(to.Sub(from) / (24 * time.Hour))
	failed := failedFor(segments, from, to)
	switch {
	case failed == 0:
		return fmt.Sprintf("never failed in %d days", days)
	case failed < 36*time.Hour:
		return fmt.Sprintf("failed %s of %d days", Span(failed), days)
	}
	return fmt.Sprintf("failed %d of %d days", int(math.Round(failed.Hours()/24)), days)
}

// tick is a date under a timeline.
type tick struct{ x, anchor, text string }

// ticks returns dates at the thirds of a span, the last one being now.
func ticks(from, to time.Time) []tick {
	day := func(part time.Duration) string {
		return from.Add(to.Sub(from) * part / 3).UTC().Format("2 Jan")
	}
	return []tick{{"0", "start", day(0)}, {"33.3%", "middle", day(1)}, {"66.7%", "middle", day(2)}, {"100%", "end", "now"}}
}

// percent writes a share for an SVG attribute.
func percent(v float64) string { return strconv.FormatFloat(v, 'f', 2, 64) + "%" }

// logShare returns the length of a bar for a count: logarithmic, so that 1 and 5000 fit one column;
// 0 has none.
func logShare(n int64) float64 {
	if n <= 0 {
		return 0
	}
	return math.Min(100, 14+24*math.Log10(float64(n)))
}

// Room says how far a count is from its threshold.
func Room(n, limit, noLimit int64) string {
	switch {
	case limit >= noLimit:
		return ""
	case n > limit:
		return Number(n-limit) + " over"
	case n == limit:
		return "at threshold"
	}
	return Number(limit-n) + " below"
}

// share is one part of a bar, in percent.
type share struct {
	class    string
	x, width float64
}

// shares divides a bar. A part that is not zero stays visible.
func shares(failed, passed, none int) []share {
	const least, gap = 1.6, .4
	var list []share
	sum := 0.0
	for _, p := range []struct {
		class string
		n     int
	}{{"failed", failed}, {"passed", passed}, {"none", none}} {
		if p.n == 0 {
			continue
		}
		w := math.Max(least, 100*float64(p.n)/float64(failed+passed+none))
		list = append(list, share{class: p.class, width: w})
		sum += w
	}
	x := 0.0
	for i := range list {
		w := list[i].width * 100 / sum
		list[i].x, list[i].width = x, w-gap
		x += w
	}
	return list
}

// lineRole returns img for a picture, and group if parts of it are links.
func lineRole(segments []Segment) string {
	for _, s := range segments {
		if s.Href != "" {
			return "group"
		}
	}
	return "img"
}
