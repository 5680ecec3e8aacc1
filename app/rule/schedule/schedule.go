// Package schedule decides when a match of a rule is sent: at once, after quiet hours, or with a
// digest. Its functions are pure: the time, the zone and the schedule are arguments.
package schedule

import (
	"time"

	"gatecrier/app/fault"
	"gatecrier/models"
)

// Every is how often a rule sends.
type Every string

// How often a rule sends. All but Now are digests.
const (
	Now    Every = "now"
	Hourly Every = "hourly"
	Daily  Every = "daily"
	Weekly Every = "weekly"
)

const day = 24 * 60 // minutes

// Quiet are the hours in which nothing is sent, in minutes after midnight. From is in them, To is
// not. They last over midnight if To is before From.
type Quiet struct{ From, To int }

// Schedule is when a rule sends.
type Schedule struct {
	Every   Every
	At      int          // of Daily and Weekly: minutes after midnight
	Weekday time.Weekday // of Weekly
	Quiet   *Quiet       // nil: none
	// Passes is the lowest severity that is sent at once, despite quiet hours and digests. nil: none.
	Passes *models.Severity
	Zone   *time.Location // of the rule's owner; nil: UTC
}

// Check returns the errors of the fields, by their names in the API.
func (s Schedule) Check() error {
	var fields fault.Fields
	switch s.Every {
	case Now, Hourly, Daily, Weekly:
	default:
		fields.Add("schedule", "Choose now, hourly, daily or weekly")
	}
	if (s.Every == Daily || s.Every == Weekly) && !inDay(s.At) {
		fields.Add("at_minute", "Enter a time from 00:00 to 23:59")
	}
	if s.Every == Weekly && (s.Weekday < time.Sunday || s.Weekday > time.Saturday) {
		fields.Add("weekday", "Choose a day of the week")
	}
	if q := s.Quiet; q != nil {
		if !inDay(q.From) {
			fields.Add("quiet_from", "Enter a time from 00:00 to 23:59")
		}
		if !inDay(q.To) {
			fields.Add("quiet_to", "Enter a time from 00:00 to 23:59")
		}
		if q.From == q.To {
			fields.Add("quiet_to", "Must differ from the start. To send nothing at all, disable the rule")
		}
	}
	if s.Passes != nil && (!s.Passes.Valid() || *s.Passes > models.Low) {
		fields.Add("quiet_passes", "Choose critical, high, medium or low")
	}
	return fields.Err()
}

func inDay(minute int) bool { return minute >= 0 && minute < day }

// State is what happens to a match.
type State string

// The states of a match.
const (
	Sent    State = "sent"
	Held    State = "held"    // by quiet hours
	Waiting State = "waiting" // for the digest
)

// Decide returns what happens at a time to a match whose event has a severity, or none, and the
// time until which it is held or waits. When the schedule or its zone changes, the same decision at
// that time moves what waits.
func (s Schedule) Decide(now time.Time, severity *models.Severity) (State, time.Time) {
	if s.Passes != nil && severity != nil && severity.Valid() && *severity <= *s.Passes {
		return Sent, time.Time{}
	}
	if s.Every != Now {
		due := s.Next(now)
		if end, quiet := s.QuietUntil(due); quiet {
			due = end
		}
		return Waiting, due
	}
	if end, quiet := s.QuietUntil(now); quiet {
		return Held, end
	}
	return Sent, time.Time{}
}

// Next returns the first time after t at which a digest is due, whatever the quiet hours: a full hour
// of the zone's clock, or the time of day. A time of day that the clock skips is due when the clock
// goes on; one that it shows twice is due the first time. Of Now, it is t.
func (s Schedule) Next(t time.Time) time.Time {
	switch s.Every {
	case Hourly:
		return s.nextHour(t)
	case Daily, Weekly:
	default:
		return t
	}
	today := t.In(s.zone())
	for days := -8; ; days++ {
		date := midnight(today, days)
		if s.Every == Weekly && date.Weekday() != s.Weekday {
			continue
		}
		if due := s.first(date, s.At); due.After(t) {
			return due
		}
	}
}

// QuietUntil returns when the quiet hours end that t is in. quiet is false outside of them.
func (s Schedule) QuietUntil(t time.Time) (end time.Time, quiet bool) {
	if s.Quiet == nil {
		return time.Time{}, false
	}
	for {
		next, in := s.quietAt(t)
		if !in {
			return end, quiet
		}
		end, quiet, t = next, true, next // the clock can skip the time between two nights
	}
}

// quietAt returns the end of the night that t is in.
func (s Schedule) quietAt(t time.Time) (end time.Time, quiet bool) {
	today := t.In(s.zone())
	for days := -2; days <= 1; days++ {
		date := midnight(today, days)
		from, to := s.first(date, s.Quiet.From), s.first(date, s.Quiet.To)
		if s.Quiet.To < s.Quiet.From {
			to = s.first(date.AddDate(0, 0, 1), s.Quiet.To)
		}
		if !t.Before(from) && t.Before(to) {
			return to, true
		}
	}
	return time.Time{}, false
}

func (s Schedule) zone() *time.Location {
	if s.Zone == nil {
		return time.UTC
	}
	return s.Zone
}

// midnight returns the date of a local time, moved by days, as a time in UTC: there, all dates and
// times of day exist.
func midnight(local time.Time, days int) time.Time {
	return time.Date(local.Year(), local.Month(), local.Day()+days, 0, 0, 0, 0, time.UTC)
}

// first returns when the clock first shows a time of day of a date, or when it goes on if it skips
// that time. It compares the clock with each period of equal offset: time.Date says nothing about
// which of two times it returns.
func (s Schedule) first(date time.Time, minute int) time.Time {
	wall := date.Add(time.Duration(minute) * time.Minute)
	at := wall.Add(-26 * time.Hour).In(s.zone()) // before it, in any zone
	for {
		start, end := at.ZoneBounds()
		_, offset := at.Zone()
		candidate := wall.Add(-time.Duration(offset) * time.Second)
		if !end.IsZero() && !candidate.Before(end) {
			at = end
			continue
		}
		if candidate.Before(start) {
			return start.UTC()
		}
		return candidate
	}
}

// nextHour returns the first time after t at which the clock shows a full hour.
func (s Schedule) nextHour(t time.Time) time.Time {
	const hour = 60 * 60
	at := t.In(s.zone())
	for {
		_, end := at.ZoneBounds()
		_, offset := at.Zone()
		clock := at.Unix() + int64(offset)
		next := at.Unix() + hour - (clock%hour+hour)%hour
		if end.IsZero() || next < end.Unix() {
			return time.Unix(next, 0).UTC()
		}
		if _, offset := end.Zone(); (end.Unix()+int64(offset))%hour == 0 {
			return end.UTC()
		}
		at = end
	}
}
