package admin

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"gatecrier/app/product"
)

var (
	durationPattern = regexp.MustCompile(`^(\d{1,9})\s*([a-z]+)$`)
	durationUnits   = map[string]time.Duration{
		"s":       time.Second,
		"sec":     time.Second,
		"second":  time.Second,
		"seconds": time.Second,
		"m":       time.Minute,
		"min":     time.Minute,
		"minute":  time.Minute,
		"minutes": time.Minute,
		"h":       time.Hour,
		"hour":    time.Hour,
		"hours":   time.Hour,
		"d":       day,
		"day":     day,
		"days":    day,
		"w":       7 * day,
		"week":    7 * day,
		"weeks":   7 * day,
	}
)

// parseRetention reads a time such as "10 minutes", "2 h" or "never". An empty text means that the
// product has no time of its own. ok is false for a text that is no time.
func parseRetention(text string) (t product.TimeOverride, ok bool) {
	text = strings.ToLower(strings.TrimSpace(text))
	if text == "" {
		return t, true
	}
	seconds := int64(0)
	if parts := durationPattern.FindStringSubmatch(text); parts != nil {
		n, err := strconv.ParseInt(parts[1], 10, 64)
		unit, known := durationUnits[parts[2]]
		if err != nil || !known {
			return t, false
		}
		seconds = n * int64(unit/time.Second)
	} else if text != "0" && text != "never" && text != "at once" && text != "immediately" {
		return t, false
	}
	return product.TimeOverride{Seconds: &seconds}, true
}

// durationText writes a time as parseRetention reads it; zero is the word for no time.
func durationText(d time.Duration, zero string) string {
	for _, unit := range []struct {
		span      time.Duration
		one, many string
	}{{day, "day", "days"}, {time.Hour, "hour", "hours"}, {time.Minute, "minute", "minutes"}} {
		if d > 0 && d%unit.span == 0 {
			return plural(int(d/unit.span), unit.one, unit.many)
		}
	}
	if d == 0 {
		return zero
	}
	return plural(int(d/time.Second), "second", "seconds")
}

func overrideText(seconds *int64, zero string) string {
	if seconds == nil {
		return ""
	}
	return durationText(time.Duration(*seconds)*time.Second, zero)
}
