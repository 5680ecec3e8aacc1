package ui

import (
	"fmt"
	"strconv"
	"time"
)

// Relative says when something was or will be, seen from now: "31 min ago",
// "in 8 min". A zero time is "never".
func Relative(at, now time.Time) string {
	if at.IsZero() {
		return "never"
	}
	d := now.Sub(at)
	switch {
	case d < 0:
		return "in " + Span(-d)
	case d < time.Minute:
		return "just now"
	}
	return Span(d) + " ago"
}

// Span returns a length of time in its largest unit: "8 min", "3 days".
func Span(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d < time.Minute:
		return strconv.Itoa(max(1, int(d.Round(time.Second)/time.Second))) + " s"
	case d < 100*time.Minute:
		return strconv.Itoa(int(d/time.Minute)) + " min"
	case d < 36*time.Hour:
		return strconv.Itoa(int(d/time.Hour)) + " h"
	case d < 60*day:
		return plural(int(d/day), "day")
	case d < 2*365*day:
		return plural(int(d/(30*day)), "month")
	}
	return plural(int(d/(365*day)), "year")
}

// Elapsed returns how long something took: "184 ms", "1.2 s".
func Elapsed(d time.Duration) string {
	switch {
	case d < time.Millisecond:
		return "<1 ms"
	case d < time.Second:
		return strconv.Itoa(int(d/time.Millisecond)) + " ms"
	case d < time.Minute:
		return strconv.FormatFloat(d.Seconds(), 'f', 1, 64) + " s"
	}
	return Span(d)
}

// Absolute returns a time in full, in UTC.
func Absolute(at time.Time) string { return at.UTC().Format("Mon 2 Jan 2006, 15:04 UTC") }

func plural(n int, unit string) string {
	if n == 1 {
		return "1 " + unit
	}
	return fmt.Sprintf("%d %ss", n, unit)
}

// Plural returns a number with its noun: "1 gate", "4 gates".
func Plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return Number(int64(n)) + " " + many
}

// Number writes a number with thin spaces between thousands, as in 12 345.
func Number(n int64) string {
	s := strconv.FormatInt(n, 10)
	if n < 0 {
		return "-" + Number(-n)
	}
	if len(s) <= 4 {
		return s
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "\u202f" + s[i:]
	}
	return s
}
