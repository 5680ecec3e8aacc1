package admin

import (
	"fmt"
	"strings"
	"time"
)

// localTime is the format of a datetime-local field.
const localTime = "2006-01-02T15:04"

// A wallTime is a moment as a clock on the wall shows it: without a zone.
type wallTime struct{ time.Time } // in UTC

// instants returns the moments at which a clock in a zone shows w, the first one first: none for a
// time that is left out when clocks go forward, two for one that is repeated when they go back.
func (w wallTime) instants(zone *time.Location) []time.Time {
	before, after := w.offsets(zone)
	var list []time.Time
	for _, offset := range []time.Duration{max(before, after), min(before, after)} {
		at := w.Add(-offset).In(zone)
		if offsetOf(at) == offset && (len(list) == 0 || !list[0].Equal(at)) {
			list = append(list, at)
		}
	}
	return list
}

// offsets returns the offsets of a zone before and after a change that is near w. They are equal
// if there is none.
func (w wallTime) offsets(zone *time.Location) (before, after time.Duration) {
	const near = 24 * time.Hour // more than any offset
	return offsetOf(w.Add(-near).In(zone)), offsetOf(w.Add(near).In(zone))
}

// gap returns the change of the clocks that leaves w out.
func (w wallTime) gap(zone *time.Location) time.Time {
	before, _ := w.offsets(zone)
	change, _ := w.Add(-before).In(zone).ZoneBounds()
	return change
}

// first returns the first moment that is not before w on a clock in a zone.
func (w wallTime) first(zone *time.Location) time.Time {
	if list := w.instants(zone); len(list) > 0 {
		return list[0]
	}
	return w.gap(zone)
}

func offsetOf(at time.Time) time.Duration {
	_, seconds := at.Zone()
	return time.Duration(seconds) * time.Second
}

// A typedTime is a date and time of a form.
type typedTime struct {
	At      time.Time
	Note    string // what the form says beside it: which of two moments was taken
	Problem string // why there is none
}

// readTime reads a date and time in a zone. RFC 3339 is read too, for links and scripts.
func readTime(text string, zone *time.Location) typedTime {
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return typedTime{At: at}
	}
	at, err := time.Parse(localTime, text)
	if err != nil {
		at, err = time.Parse(localTime+":05", text)
	}
	if err != nil {
		return typedTime{Problem: "Enter a date and time"}
	}
	w := wallTime{at}
	list := w.instants(zone)
	switch len(list) {
	case 0:
		before, _ := w.offsets(zone)
		change := w.gap(zone)
		return typedTime{Problem: fmt.Sprintf(
			"%s does not exist in %s: clocks go from %s to %s. Enter a time before or after that",
			w.Format("15:04 on 2 January 2006"), zone, change.UTC().Add(before).Format("15:04"), change.Format("15:04"))}
	case 1:
		return typedTime{At: list[0]}
	}
	return typedTime{At: list[0], Note: fmt.Sprintf("%s occurs twice in %s: the first one (%s) is used.",
		w.Format("15:04 on 2 January 2006"), zone, offsetName(list[0]))}
}

// A calendarDay is a day in a zone. It has 23 or 25 hours if the clocks change on it.
type calendarDay struct {
	midnight wallTime
	zone     *time.Location
}

// readDay reads a date. It reports whether the text is one.
func readDay(text string, zone *time.Location) (calendarDay, bool) {
	at, err := time.Parse(time.DateOnly, text)
	return calendarDay{wallTime{at}, zone}, err == nil
}

// start returns the first moment of the day.
func (d calendarDay) start() time.Time { return d.midnight.first(d.zone) }

// end returns the first moment of the next day.
func (d calendarDay) end() time.Time { return wallTime{d.midnight.AddDate(0, 0, 1)}.first(d.zone) }

// offsetName returns how far a time is from UTC: "UTC+5:30".
func offsetName(at time.Time) string {
	minutes := int(offsetOf(at) / time.Minute)
	if minutes == 0 {
		return "UTC"
	}
	sign := '+'
	if minutes < 0 {
		sign, minutes = '-', -minutes
	}
	name := fmt.Sprintf("UTC%c%d", sign, minutes/60)
	if minutes%60 != 0 {
		name += fmt.Sprintf(":%02d", minutes%60)
	}
	return name
}

// loadZone returns a zone by its IANA name. It reports false for any other text.
func loadZone(name string) (*time.Location, bool) {
	const maxName = 60
	if name == "" || len(name) > maxName || strings.EqualFold(name, "local") {
		return nil, false
	}
	zone, err := time.LoadLocation(name)
	return zone, err == nil
}
