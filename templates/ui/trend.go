package ui

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Point is a count that holds from a time on, until the next point.
type Point struct {
	From time.Time
	N    int64
}

// trend is a picture of 1000 by 100.
type trend struct {
	within, over string  // paths
	limit        float64 // its height; negative: none
	text         string
}

// trendOf lays points out over a span, scaled so that the highest, or the threshold, fills the
// height.
func trendOf(points []Point, limit, noLimit int64, from, to time.Time) trend {
	steps := stepsOf(points, from, to)
	most := int64(0)
	for _, s := range steps {
		most = max(most, s.n)
	}
	limited := limit < noLimit
	top := float64(max(most, 1))
	if limited {
		top = float64(max(most, limit, 1))
	}
	height := func(n int64) float64 { return 98 - 90*float64(n)/top }
	t := trend{limit: -1, text: trendText(steps, most, limit, limited)}
	if limited {
		t.limit = height(limit)
	}
	var within, over strings.Builder
	for _, s := range steps {
		below := s.n
		if limited && s.n > limit {
			below = limit
			box(&over, s, height(s.n), height(limit))
		}
		if below > 0 {
			box(&within, s, height(below), height(0))
		}
	}
	t.within, t.over = within.String(), over.String()
	return t
}

// box writes a step's rectangle as a part of a path.
func box(b *strings.Builder, s step, top, bottom float64) {
	fmt.Fprintf(b, "M%s %sH%sV%sH%sZ", px(s.x), px(top), px(s.end), px(bottom), px(s.x))
}

// step is a stretch of one count, from 0 to 1000.
type step struct {
	x, end float64
	n      int64
	at     time.Time
}

func stepsOf(points []Point, from, to time.Time) []step {
	span := to.Sub(from)
	if span <= 0 {
		return nil
	}
	place := func(t time.Time) float64 {
		return math.Max(0, math.Min(1000, 1000*float64(t.Sub(from))/float64(span)))
	}
	var list []step
	for i, p := range points {
		end := to
		if i+1 < len(points) {
			end = points[i+1].From
		}
		if s := (step{place(p.From), place(end), p.N, p.From}); s.end > s.x {
			list = append(list, s)
		}
	}
	return list
}

func trendText(steps []step, most, limit int64, limited bool) string {
	if len(steps) == 0 {
		return "no data yet"
	}
	last, since := Number(steps[len(steps)-1].n), steps[0].at.UTC().Format("2 Jan")
	text := fmt.Sprintf("%s now, at most %s since %s", last, Number(most), since)
	if limited {
		text += ", threshold " + Number(limit)
	}
	return text
}

// px writes a length with one decimal.
func px(v float64) string { return strconv.FormatFloat(math.Round(v*10)/10, 'f', -1, 64) }

// Hour is how many messages were created in an hour.
type Hour struct {
	At                       time.Time
	Delivered, Waiting, Dead int
}

func (h Hour) total() int { return h.Delivered + h.Waiting + h.Dead }

type hourBar struct {
	x, width float64 // percent
	title    string
	parts    []hourPart
}

type hourPart struct {
	class     string
	y, height float64 // pixels of 56
}

// hourBars stacks an hour's messages, failed ones at the bottom, where they are seen first.
func hourBars(hours []Hour) []hourBar {
	most := 1
	for _, h := range hours {
		most = max(most, h.total())
	}
	list := make([]hourBar, len(hours))
	for i, h := range hours {
		width := 100 / float64(len(hours))
		b := hourBar{
			x:     float64(i)*width + width*.1,
			width: width * .8,
			title: h.At.Format("2 Jan 15:04") + ": " + hourText(h),
		}
		y := 55.0
		for _, p := range []struct {
			class string
			n     int
		}{{"failed", h.Dead}, {"waiting", h.Waiting}, {"delivered", h.Delivered}} {
			if p.n == 0 {
				continue
			}
			height := math.Max(2, 50*float64(p.n)/float64(most))
			y -= height
			b.parts = append(b.parts, hourPart{p.class, y, height})
		}
		list[i] = b
	}
	return list
}

func hourText(h Hour) string {
	parts := []string{strconv.Itoa(h.Delivered) + " delivered"}
	if h.Waiting > 0 {
		parts = append(parts, strconv.Itoa(h.Waiting)+" in progress")
	}
	if h.Dead > 0 {
		parts = append(parts, strconv.Itoa(h.Dead)+" failed")
	}
	return strings.Join(parts, ", ")
}

// hoursText describes the picture in words.
func hoursText(hours []Hour) string {
	var sum, busiest Hour
	for _, h := range hours {
		sum.Delivered, sum.Waiting, sum.Dead = sum.Delivered+h.Delivered, sum.Waiting+h.Waiting, sum.Dead+h.Dead
		if h.total() > busiest.total() {
			busiest = h
		}
	}
	text := fmt.Sprintf("Messages in the last %d hours: %s", len(hours), hourText(sum))
	if busiest.total() > 0 {
		text += fmt.Sprintf("; most, %d, at %s", busiest.total(), busiest.At.Format("15:04"))
	}
	return text
}
