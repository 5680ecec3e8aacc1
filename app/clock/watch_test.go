package clock

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"
)

// fixture is a watch with clocks that a test moves, and what it asked for.
type fixture struct {
	*Watch
	wall   time.Time
	passed time.Duration
	log    bytes.Buffer
	calls  []bool // of Repair, each with all
	err    error  // of Repair
	jumps  int
}

func newFixture() *fixture {
	f := &fixture{wall: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	f.Watch = New(Parts{
		Log:    slog.New(slog.NewTextHandler(&f.log, nil)),
		Now:    func() time.Time { return f.wall },
		Passed: func() time.Duration { return f.passed },
		Repair: func(_ context.Context, all bool) (map[string]int64, error) {
			f.calls = append(f.calls, all)
			return nil, f.err
		},
		Jumped: func() { f.jumps++ },
	})
	return f
}

// pass lets time pass, and sets the clock meanwhile.
func (f *fixture) pass(t *testing.T, d, set time.Duration) {
	t.Helper()
	f.wall, f.passed = f.wall.Add(d+set), f.passed+d
	if err := f.Check(t.Context()); !errors.Is(err, f.err) {
		t.Fatal(err)
	}
}

func (f *fixture) logged() int { return strings.Count(f.log.String(), "the clock was set") }

func TestWatch_JumpIsLoggedOnceAndRepairedAtOnce(t *testing.T) {
	for name, by := range map[string]time.Duration{
		"ahead": 24 * time.Hour, "back": -24 * time.Hour, "a little": -6 * time.Second,
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture()
			f.pass(t, tick, by)
			f.pass(t, tick, 0)
			f.pass(t, tick, 0)
			if f.logged() != 1 || f.jumps != 1 || len(f.calls) != 1 || !f.calls[0] {
				t.Errorf("%d jumps, repairs %v, log:\n%s", f.jumps, f.calls, f.log.String())
			}
		})
	}
}

func TestWatch_SlowDriftIsNoJump(t *testing.T) {
	f := newFixture()
	for range 9 {
		f.pass(t, tick, -tick)
	}
	if f.logged() != 0 || len(f.calls) != 0 {
		t.Errorf("repairs %v, log:\n%s", f.calls, f.log.String())
	}
}

func TestWatch_FailedRepairIsTriedAgain(t *testing.T) {
	f := newFixture()
	f.err = errors.New("database is locked")
	f.pass(t, tick, time.Hour)
	f.pass(t, tick, 0)
	if f.jumps != 0 || len(f.calls) != 2 {
		t.Errorf("%d jumps repaired by %v", f.jumps, f.calls)
	}
	f.err = nil
	f.pass(t, tick, 0)
	f.pass(t, tick, 0)
	if f.jumps != 1 || len(f.calls) != 3 || f.logged() != 1 {
		t.Errorf("%d jumps repaired by %v, log:\n%s", f.jumps, f.calls, f.log.String())
	}
}

func TestWatch_RepairsNowAndThen(t *testing.T) {
	f := newFixture()
	for range int(thorough / quick) {
		f.pass(t, quick, 0)
	}
	if n := len(f.calls); n != 60 || !f.calls[59] || f.calls[58] || f.logged() != 0 {
		t.Errorf("%d repairs: %v", n, f.calls)
	}
}
