package jobs

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

// cronParser reads cron expressions of five fields, and nothing else.
var cronParser = cron.NewParser(cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow)

// BadSpec says what is wrong with a job's cron expression at a time, "" for
// nothing. The parser alone would take a time zone, or panic over one, and take
// a day that never comes.
func BadSpec(spec string, now time.Time) string {
	switch {
	case strings.Contains(spec, "TZ="):
		return "Times are in UTC: without TZ= or CRON_TZ="
	case strings.HasPrefix(spec, "@"):
		return "Five fields, like 17 3 * * *; no @every, @daily and the like"
	case len(strings.Fields(spec)) != 5:
		return "Five fields: minute, hour, day of the month, month, day of the week"
	}
	times, err := parse(spec)
	if err != nil {
		return "Not understood: " + err.Error()
	}
	if times.Next(now.UTC()).IsZero() {
		return "That never comes, or not within five years"
	}
	return ""
}

// parse reads an expression. Some that are wrong make the parser panic.
func parse(spec string) (times cron.Schedule, err error) {
	defer func() {
		if v := recover(); v != nil {
			times, err = nil, fmt.Errorf("%v", v)
		}
	}()
	return cronParser.Parse(spec)
}

// searchBack is how far the last due time is looked for, step by step.
var searchBack = []time.Duration{time.Hour, 24 * time.Hour, 31 * 24 * time.Hour, 366 * 24 * time.Hour}

// lastDue is the latest due time up to now, zero where there was none for a
// year.
func lastDue(times cron.Schedule, now time.Time) time.Time {
	for _, back := range searchBack {
		var last time.Time
		for at := times.Next(now.Add(-back)); !at.IsZero() && !at.After(now); at = times.Next(at) {
			last = at
		}
		if !last.IsZero() {
			return last
		}
	}
	return time.Time{}
}

// slotOf names a due time, in the order of time.
func slotOf(at time.Time) string { return at.UTC().Format("2006-01-02T15:04Z") }

// DescribeSpec say an expression, where that is simple; else "".
func DescribeSpec(spec string) string {
	f := strings.Fields(spec)
	if len(f) != 5 || f[2] != "*" || f[3] != "*" || f[4] != "*" {
		return ""
	}
	if every, ok := strings.CutPrefix(f[0], "*/"); ok && f[1] == "*" {
		return "Every " + every + " minutes"
	}
	minute, err := strconv.Atoi(f[0])
	if err != nil {
		return ""
	}
	if f[1] == "*" {
		return fmt.Sprintf("Every hour at :%02d", minute)
	}
	hour, err := strconv.Atoi(f[1])
	if err != nil {
		return ""
	}
	return fmt.Sprintf("Every day at %02d:%02d UTC", hour, minute)
}
