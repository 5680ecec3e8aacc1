package inbox

import (
	"time"

	"gatecrier/app/fault"
	"gatecrier/models"
)

// maxSnooze is the longest time for which a notification can be snoozed.
const maxSnooze = 366 * 24 * time.Hour

// The hours of the day at which snoozes end.
const (
	morning = 8
	evening = 18
)

// A SnoozeChoice is a time until which users often snooze, by its name.
type SnoozeChoice string

// The choices.
const (
	InAnHour    SnoozeChoice = "hour"
	ThisEvening SnoozeChoice = "evening"
	Tomorrow    SnoozeChoice = "tomorrow"
	NextWeek    SnoozeChoice = "week"
)

// SnoozeChoices returns the choices at a time, the soonest first: in the evening, there is none
// for this evening.
func SnoozeChoices(now time.Time) []SnoozeChoice {
	if now.Hour() >= evening-1 {
		return []SnoozeChoice{InAnHour, Tomorrow, NextWeek}
	}
	return []SnoozeChoice{InAnHour, ThisEvening, Tomorrow, NextWeek}
}

// Time returns the time of a choice, counted from now in the zone of now. Weeks start on Monday.
// It reports false for a text that is no choice.
func (c SnoozeChoice) Time(now time.Time) (time.Time, bool) {
	at := func(days, hour int) time.Time {
		return time.Date(now.Year(), now.Month(), now.Day()+days, hour, 0, 0, 0, now.Location())
	}
	switch c {
	case InAnHour:
		return now.Add(time.Hour), true
	case ThisEvening:
		if t := at(0, evening); t.After(now) {
			return t, true
		}
		return at(1, evening), true
	case Tomorrow:
		return at(1, morning), true
	case NextWeek:
		return at(7-(int(now.Weekday())+6)%7, morning), true
	}
	return time.Time{}, false
}

// checkMarking returns the error of a marking whose time is none to snooze until.
func (s *Service) checkMarking(m models.Marking) error {
	now := s.store.Now()
	switch {
	case m.As != models.MarkSnoozed:
		return nil
	case m.Until.IsZero():
		return fault.BadField("until", "Enter the time at which the notifications come back")
	case !m.Until.After(now):
		return fault.BadField("until", "Enter a time in the future")
	case m.Until.After(now.Add(maxSnooze)):
		return fault.BadField("until", "Enter a time within a year")
	}
	return nil
}
