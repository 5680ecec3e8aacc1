package schedule_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"gatecrier/app/rule/schedule"
	"gatecrier/models"
)

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func instant(t *testing.T, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func minute(t *testing.T, clock string) int {
	t.Helper()
	var h, m int
	if _, err := fmt.Sscanf(clock, "%d:%d", &h, &m); err != nil {
		t.Fatal(err)
	}
	return h*60 + m
}

func TestNext(t *testing.T) {
	for _, test := range []struct{ zone, every, at, from, want string }{
		{"UTC", "hourly", "", "2026-05-01T10:00:00Z", "2026-05-01T11:00:00Z"},
		{"UTC", "hourly", "", "2026-05-01T10:59:59Z", "2026-05-01T11:00:00Z"},
		{"Asia/Kolkata", "hourly", "", "2026-05-01T10:00:00Z", "2026-05-01T10:30:00Z"},
		{"UTC", "daily", "08:00", "2026-05-01T07:59:59Z", "2026-05-01T08:00:00Z"},
		{"UTC", "daily", "08:00", "2026-05-01T08:00:00Z", "2026-05-02T08:00:00Z"},
		{"Asia/Kolkata", "daily", "08:00", "2026-05-01T08:00:00Z", "2026-05-02T02:30:00Z"},
		{"UTC", "Friday", "08:00", "2026-05-01T08:00:00Z", "2026-05-08T08:00:00Z"}, // 1 May 2026 is a Friday
		{"UTC", "Thursday", "08:00", "2026-05-01T08:00:00Z", "2026-05-07T08:00:00Z"},
		{"Pacific/Auckland", "Friday", "08:00", "2026-04-30T19:59:00Z", "2026-04-30T20:00:00Z"},
		// the clock skips 02:30: at 03:00
		{"Europe/Berlin", "daily", "02:30", "2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z"},
		{"Europe/Berlin", "daily", "02:30", "2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"},
		{"America/New_York", "daily", "02:00", "2026-03-08T00:00:00Z", "2026-03-08T07:00:00Z"},
		{"Australia/Lord_Howe", "daily", "02:15", "2026-10-03T12:00:00Z", "2026-10-03T15:30:00Z"},
		{"Africa/Cairo", "daily", "00:00", "2026-04-23T12:00:00Z", "2026-04-23T22:00:00Z"}, // midnight is skipped
		{"Europe/Berlin", "hourly", "", "2026-03-29T00:59:00Z", "2026-03-29T01:00:00Z"},
		{"Australia/Lord_Howe", "hourly", "", "2026-10-03T15:00:00Z", "2026-10-03T16:00:00Z"}, // 01:30, then 03:00
		// the clock shows 02:30 twice: the first time
		{"Europe/Berlin", "daily", "02:30", "2026-10-24T12:00:00Z", "2026-10-25T00:30:00Z"},
		{"Europe/Berlin", "daily", "02:30", "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"},
		{"Europe/Berlin", "daily", "02:30", "2026-10-25T01:00:00Z", "2026-10-26T01:30:00Z"},
		{"America/New_York", "Sunday", "01:00", "2026-11-01T05:30:00Z", "2026-11-08T06:00:00Z"},
		{"Australia/Lord_Howe", "daily", "01:45", "2026-04-04T12:00:00Z", "2026-04-04T14:45:00Z"},
		{"Europe/Berlin", "hourly", "", "2026-10-25T00:00:00Z", "2026-10-25T01:00:00Z"}, // each hour, also the second 02:00
		{"Europe/Berlin", "hourly", "", "2026-10-25T01:00:00Z", "2026-10-25T02:00:00Z"},
		// Samoa has no 30 December 2011
		{"Pacific/Apia", "daily", "09:00", "2011-12-29T20:00:00Z", "2011-12-30T10:00:00Z"},
		{"Pacific/Apia", "daily", "09:00", "2011-12-30T10:00:00Z", "2011-12-30T19:00:00Z"},
		{"Pacific/Apia", "Friday", "09:00", "2011-12-29T00:00:00Z", "2011-12-30T10:00:00Z"},
	} {
		s := schedule.Schedule{Every: schedule.Every(test.every), Zone: zone(t, test.zone)}
		if test.at != "" {
			s.At = minute(t, test.at)
		}
		for d := time.Sunday; d <= time.Saturday; d++ {
			if d.String() == test.every {
				s.Every, s.Weekday = schedule.Weekly, d
			}
		}
		if got := s.Next(instant(t, test.from)); !got.Equal(instant(t, test.want)) {
			t.Errorf("%s %s %s after %s: %s, want %s", test.zone, test.every, test.at, test.from, got.Format(time.RFC3339),
				test.want)
		}
	}
}

func TestQuietUntil(t *testing.T) {
	for _, test := range []struct{ zone, from, to, at, want string }{
		{"UTC", "12:00", "13:00", "2026-05-01T11:59:59Z", ""},
		{"UTC", "12:00", "13:00", "2026-05-01T12:00:00Z", "2026-05-01T13:00:00Z"},
		{"UTC", "12:00", "13:00", "2026-05-01T13:00:00Z", ""},
		{"UTC", "22:00", "07:00", "2026-05-01T22:00:00Z", "2026-05-02T07:00:00Z"},
		{"UTC", "22:00", "07:00", "2026-05-02T00:00:00Z", "2026-05-02T07:00:00Z"},
		{"UTC", "22:00", "07:00", "2026-05-02T07:00:00Z", ""},
		{"UTC", "22:00", "00:00", "2026-05-01T23:59:59Z", "2026-05-02T00:00:00Z"},
		{"UTC", "00:00", "23:59", "2026-05-01T23:58:00Z", "2026-05-01T23:59:00Z"},
		{"Asia/Kolkata", "22:00", "07:00", "2026-05-01T17:00:00Z", "2026-05-02T01:30:00Z"},
		// a night of seven hours, one of nine
		{"Europe/Berlin", "22:00", "06:00", "2026-03-28T21:00:00Z", "2026-03-29T04:00:00Z"},
		{"Europe/Berlin", "22:00", "06:00", "2026-10-24T20:00:00Z", "2026-10-25T05:00:00Z"},
		// its end is skipped, or shown twice
		{"Europe/Berlin", "22:00", "02:30", "2026-03-29T00:30:00Z", "2026-03-29T01:00:00Z"},
		{"Europe/Berlin", "22:00", "02:30", "2026-10-25T00:15:00Z", "2026-10-25T00:30:00Z"},
		{"Europe/Berlin", "22:00", "02:30", "2026-10-25T01:15:00Z", ""},
		// its start is shown twice: from the first, without a break
		{"Europe/Berlin", "02:30", "06:00", "2026-10-25T00:30:00Z", "2026-10-25T05:00:00Z"},
		{"Europe/Berlin", "02:30", "06:00", "2026-10-25T01:10:00Z", "2026-10-25T05:00:00Z"},
		// all of it is skipped
		{"Europe/Berlin", "02:10", "02:50", "2026-03-29T00:59:00Z", ""},
		{"Europe/Berlin", "02:10", "02:50", "2026-03-29T01:00:00Z", ""},
		// the hours between two nights are skipped
		{"Europe/Berlin", "02:40", "02:20", "2026-03-28T12:00:00Z", "2026-03-30T00:20:00Z"},
		{"Pacific/Apia", "22:00", "07:00", "2011-12-30T09:00:00Z", "2011-12-30T17:00:00Z"},
	} {
		s := schedule.Schedule{
			Every: schedule.Now, Zone: zone(t, test.zone), Quiet: &schedule.Quiet{From: minute(t, test.from), To: minute(t,
				test.to)},
		}
		end, quiet := s.QuietUntil(instant(t, test.at))
		if quiet != (test.want != "") || quiet && !end.Equal(instant(t, test.want)) {
			t.Errorf("%s %s to %s at %s: %v, %s, want %q", test.zone, test.from, test.to, test.at, quiet,
				end.Format(time.RFC3339), test.want)
		}
	}
}

func TestDecide(t *testing.T) {
	high, critical, low := models.High, models.Critical, models.Low
	night := &schedule.Quiet{From: 22 * 60, To: 7 * 60}
	for _, test := range []struct {
		name     string
		schedule schedule.Schedule
		at       string
		severity *models.Severity
		want     string
	}{
		{"at once", schedule.Schedule{Every: schedule.Now, Quiet: night}, "2026-05-01T12:00:00Z", &low, "sent"},
		{
			"at night",
			schedule.Schedule{Every: schedule.Now, Quiet: night},
			"2026-05-01T23:00:00Z", &critical,
			"held 2026-05-02T07:00:00Z",
		},
		{
			"passes",
			schedule.Schedule{Every: schedule.Now, Quiet: night, Passes: &high},
			"2026-05-01T23:00:00Z", &high,
			"sent",
		},
		{
			"worse passes",
			schedule.Schedule{Every: schedule.Now, Quiet: night, Passes: &high},
			"2026-05-01T23:00:00Z",
			&critical, "sent",
		},
		{
			"less does not",
			schedule.Schedule{Every: schedule.Now, Quiet: night, Passes: &high},
			"2026-05-01T23:00:00Z",
			&low, "held 2026-05-02T07:00:00Z",
		},
		{
			"none does not",
			schedule.Schedule{Every: schedule.Now, Quiet: night, Passes: &high},
			"2026-05-01T23:00:00Z", nil,
			"held 2026-05-02T07:00:00Z",
		},
		{
			"digest",
			schedule.Schedule{Every: schedule.Daily, At: 8 * 60, Quiet: night},
			"2026-05-01T23:00:00Z", &critical,
			"waiting 2026-05-02T08:00:00Z",
		},
		{
			"passes a digest",
			schedule.Schedule{Every: schedule.Daily, At: 8 * 60, Passes: &critical},
			"2026-05-01T12:00:00Z", &critical, "sent",
		},
		{
			"digest at night",
			schedule.Schedule{Every: schedule.Daily, At: 23 * 60, Quiet: night},
			"2026-05-01T12:00:00Z",
			nil, "waiting 2026-05-02T07:00:00Z",
		},
		{
			"hourly at night",
			schedule.Schedule{Every: schedule.Hourly, Quiet: night},
			"2026-05-01T22:10:00Z", nil,
			"waiting 2026-05-02T07:00:00Z",
		},
		{
			"hourly before",
			schedule.Schedule{Every: schedule.Hourly, Quiet: night},
			"2026-05-01T20:10:00Z", nil,
			"waiting 2026-05-01T21:00:00Z",
		},
		{
			"hourly into the night",
			schedule.Schedule{Every: schedule.Hourly, Quiet: night},
			"2026-05-01T21:10:00Z", nil,
			"waiting 2026-05-02T07:00:00Z",
		},
	} {
		state, until := test.schedule.Decide(instant(t, test.at), test.severity)
		got := string(state)
		if !until.IsZero() {
			got += " " + until.Format(time.RFC3339)
		}
		if got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
	}
}

func TestCheckNamesFields(t *testing.T) {
	unknown, low := models.Unknown, models.Low
	for _, test := range []struct {
		schedule schedule.Schedule
		want     string
	}{
		{schedule.Schedule{Every: schedule.Now, At: -1, Weekday: 9}, ""},
		{
			schedule.Schedule{Every: schedule.Weekly, At: 1439, Weekday: 6, Quiet: &schedule.Quiet{From: 1439}, Passes: &low},
			"",
		},
		{schedule.Schedule{Every: "often"}, "schedule: Choose now"},
		{schedule.Schedule{Every: schedule.Daily, At: 1440}, "at_minute: Enter a time"},
		{schedule.Schedule{Every: schedule.Weekly, At: 1, Weekday: 7}, "weekday: Choose a day"},
		{schedule.Schedule{Every: schedule.Now, Quiet: &schedule.Quiet{From: -1, To: 5}}, "quiet_from: Enter a time"},
		{schedule.Schedule{Every: schedule.Now, Quiet: &schedule.Quiet{From: 5, To: 1440}}, "quiet_to: Enter a time"},
		{schedule.Schedule{Every: schedule.Now, Quiet: &schedule.Quiet{From: 5, To: 5}}, "quiet_to: Must differ"},
		{schedule.Schedule{Every: schedule.Now, Passes: &unknown}, "quiet_passes: Choose critical"},
	} {
		err := test.schedule.Check()
		if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%+v: %v, want %q", test.schedule, err, test.want)
		}
	}
}

// A calendar has what the clock of a zone shows, minute by minute: a plain reference.
type calendar struct {
	start time.Time
	walls []int64 // the clock's date and time, as minutes since 1970 in UTC
}

func newCalendar(z *time.Location, start time.Time, days int) calendar {
	c := calendar{start: start, walls: make([]int64, days*24*60)}
	for i := range c.walls {
		_, offset := c.at(i).In(z).Zone()
		c.walls[i] = (c.at(i).Unix() + int64(offset)) / 60
	}
	return c
}

func (c calendar) at(i int) time.Time { return c.start.Add(time.Duration(i) * time.Minute) }

// first returns the first minute at which the clock shows a time or a later one.
func (c calendar) first(wall int64) int {
	for i, w := range c.walls {
		if w >= wall {
			return i
		}
	}
	return len(c.walls)
}

// firsts returns the first minute of a time of day on each date, and the dates.
func (c calendar) firsts(minute int) (minutes []int, dates []int64) {
	for date := c.walls[0]/1440 + 1; date <= c.walls[len(c.walls)-1]/1440; date++ {
		minutes, dates = append(minutes, c.first(date*1440+int64(minute))), append(dates, date)
	}
	return minutes, dates
}

// next returns for each minute when the digest is due.
func (c calendar) next(s schedule.Schedule) []int {
	due := make([]bool, len(c.walls)+1)
	switch s.Every {
	case schedule.Now:
	case schedule.Hourly:
		for i, w := range c.walls {
			due[i] = w%60 == 0
		}
	case schedule.Daily, schedule.Weekly:
		minutes, dates := c.firsts(s.At)
		for i, m := range minutes {
			weekday := time.Unix(dates[i]*24*60*60, 0).UTC().Weekday()
			due[m] = due[m] || s.Every == schedule.Daily || weekday == s.Weekday
		}
	}
	next, coming := make([]int, len(c.walls)), len(c.walls)
	for i := len(c.walls) - 1; i >= 0; i-- {
		next[i] = coming
		if due[i] {
			coming = i
		}
	}
	return next
}

// quiet returns for each minute whether it is quiet.
func (c calendar) quiet(q *schedule.Quiet) []bool {
	quiet := make([]bool, len(c.walls))
	if q == nil {
		return quiet
	}
	from, _ := c.firsts(q.From)
	to, _ := c.firsts(q.To)
	if q.To < q.From {
		to = to[1:]
	}
	for d := range min(len(from), len(to)) {
		for i := from[d]; i < to[d]; i++ {
			quiet[i] = true
		}
	}
	return quiet
}

// The zones and days: each has a change of its clock in the middle, apart from those without any.
var changes = []struct{ zone, day string }{
	{"UTC", "2026-03-01"},
	{"Asia/Kolkata", "2026-05-01"},
	{"Asia/Kathmandu", "2026-05-01"}, // +05:45
	{"Europe/Berlin", "2026-03-29"},
	{"Europe/Berlin", "2026-10-25"},
	{"America/New_York", "2026-03-08"},
	{"America/New_York", "2026-11-01"},
	{"Australia/Lord_Howe", "2026-04-05"},
	{"Australia/Lord_Howe", "2026-10-04"}, // by half an hour
	{"Pacific/Apia", "2011-12-30"},        // without this day
	{"Pacific/Apia", "2020-09-27"},
	{"Africa/Cairo", "2026-04-24"},
	{"Africa/Cairo", "2026-10-30"}, // at midnight
	{"America/Sao_Paulo", "2018-11-04"},
	{"America/Sao_Paulo", "2018-02-18"}, // at midnight, back to the day before
	{"Africa/Casablanca", "2026-02-15"},
	{"Pacific/Chatham", "2026-04-05"},
	{"America/Caracas", "2016-05-01"},
	{"Asia/Pyongyang", "2018-05-05"},
	{"Antarctica/Troll", "2026-03-29"},
	{"America/Nuuk", "2023-03-26"}, // by two hours
}

func TestSchedulesAgreeWithTheClock(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 11))
	for _, change := range changes {
		z := zone(t, change.zone)
		const before, after = 3, 13 // days: what the reference needs, also for the next week
		c := newCalendar(z, instant(t, change.day+"T00:00:00Z").AddDate(0, 0, -before), before+after)
		for range 8 {
			s := schedule.Schedule{
				Every: []schedule.Every{schedule.Now, schedule.Hourly, schedule.Daily, schedule.Weekly}[r.IntN(4)],
				At:    clock(r), Weekday: time.Weekday(r.IntN(7)), Zone: z,
			}
			if r.IntN(3) > 0 {
				s.Quiet = &schedule.Quiet{From: clock(r), To: clock(r)}
			}
			if s.Quiet != nil && s.Quiet.From == s.Quiet.To {
				s.Quiet.To = (s.Quiet.To + 1) % 1440
			}
			next, quiet := c.next(s), c.quiet(s.Quiet)
			end := func(i int) int {
				for i < len(quiet) && quiet[i] {
					i++
				}
				return i
			}
			for i := before*1440 - 14*60; i < before*1440+26*60; i++ {
				wantState, want := schedule.Sent, 0
				switch {
				case s.Every != schedule.Now:
					wantState, want = schedule.Waiting, end(next[i])
				case quiet[i]:
					wantState, want = schedule.Held, end(i)
				}
				at := c.at(i).Add(time.Duration(r.IntN(60)) * time.Second)
				state, until := s.Decide(at, nil)
				if state != wantState || state != schedule.Sent && !until.Equal(c.at(want)) {
					t.Fatalf("%s, %+v %+v at %s: %s %s, want %s %s", change.zone, s, s.Quiet, at.In(z), state, until.In(z),
						wantState, c.at(want).In(z))
				}
			}
		}
	}
}

// clock returns a time of day, mostly one near those that clocks skip or show twice.
func clock(r *rand.Rand) int {
	if r.IntN(3) == 0 {
		return r.IntN(1440)
	}
	return (23*60 + r.IntN(5*60)) % 1440
}
