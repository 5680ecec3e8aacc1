package jobs

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

// cronParser parses cron expressions of exactly five fields.
var cronParser = cron.NewParser(cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow)

// BadSpec returns the reason why a cron expression is not allowed, "" if it is. The parser alone
// accepts a time zone, or panics because of one, and accepts a date that never comes.
func BadSpec(spec string, now time.Time) string {
	switch {
	case strings.Contains(spec, "TZ="):
		return "Remove TZ= or CRON_TZ=: times are in UTC"
	case strings.HasPrefix(spec, "@"):
		return "Enter five fields, such as 17 3 * * *; @every, @daily and the like are not supported"
	case len(strings.Fields(spec)) != 5:
		return "Enter five fields: minute, hour, day of the month, month, day of the week"
	}
	times, err := parse(spec)
	if err != nil {
		return badField(spec)
	}
	if times.Next(now.UTC()).IsZero() {
		return "This never runs: no month that it names has that day"
	}
	return ""
}

// specFields are the fields of a cron expression, and what each can be.
var specFields = []string{
	"The minute must be from 0 to 59", "The hour must be from 0 to 23", "The day of the month must be from 1 to 31",
	"The month must be from 1 to 12, or jan to dec",
	"The day of the week must be from 0 (Sunday) to 6, or sun to sat",
}

// badField returns what is wrong with the first field that the parser refuses.
func badField(spec string) string {
	for i, field := range strings.Fields(spec) {
		alone := []string{"*", "*", "*", "*", "*"}
		alone[i] = field
		if _, err := parse(strings.Join(alone, " ")); err != nil {
			return specFields[i] + ", or of the form *, 1-5, */5 or 1,15: not “" + field + "”"
		}
	}
	return "Enter five fields: minute, hour, day of the month, month, day of the week"
}

// NextRuns returns the next n times of a cron expression that BadSpec accepts, nil for another one.
func NextRuns(spec string, now time.Time, n int) []time.Time {
	if BadSpec(spec, now) != "" {
		return nil
	}
	times, err := parse(spec)
	if err != nil {
		return nil
	}
	var list []time.Time
	for at := times.Next(now.UTC()); len(list) < n && !at.IsZero(); at = times.Next(at) {
		list = append(list, at)
	}
	return list
}

// parse parses a cron expression. It returns a panic of the parser as an error.
func parse(spec string) (times cron.Schedule, err error) {
	defer func() {
		if v := recover(); v != nil {
			times, err = nil, fmt.Errorf("%v", v)
		}
	}()
	return cronParser.Parse(spec)
}

// searchBack are the times within which lastDue looks for the last due time, in turn.
var searchBack = []time.Duration{time.Hour, 24 * time.Hour, 31 * 24 * time.Hour, 366 * 24 * time.Hour}

// lastDue returns the latest due time up to now, zero if there was none within a year.
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

// slotOf returns the name of a due time. Names sort like their times.
func slotOf(at time.Time) string { return at.UTC().Format("2006-01-02T15:04Z") }

// DescribeSpec describes a simple cron expression in words. It returns "" for others.
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
