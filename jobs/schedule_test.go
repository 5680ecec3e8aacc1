package jobs

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"log/slog"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"gatecrier/app/authz"
	"gatecrier/app/event"
	"gatecrier/app/exception"
	"gatecrier/app/fault"
	"gatecrier/app/settings"
	"gatecrier/models"
	"gatecrier/models/modelstest"
)

func TestMain(m *testing.M) { os.Exit(modelstest.Main(m)) }

// fixture is a database with a clock, and a job that counts its runs.
type fixture struct {
	t     *testing.T
	store *models.Store
	clock *modelstest.Clock
	job   Job
	ran   *atomic.Int64
}

func eachDatabase(t *testing.T, fn func(t *testing.T, r fixture)) {
	t.Helper()
	for name, open := range map[string]func(testing.TB, func() time.Time) *models.Store{
		"sqlite":   modelstest.SQLiteAt,
		"postgres": modelstest.PostgresAt,
	} {
		t.Run(name, func(t *testing.T) {
			clock := modelstest.NewClock(noon)
			r := fixture{t: t, store: open(t, clock.Now), clock: clock, ran: &atomic.Int64{}}
			r.job = Job{
				Name:  "count",
				Title: "Counting",
				Spec:  "17 * * * *",
				Run:   func(context.Context, *Work) error { r.ran.Add(1); return nil },
			}
			fn(t, r)
		})
	}
}

// start runs a schedule of the fixture's job and more jobs until stop is called.
func (r fixture) start(instance string, more ...Job) (s *Schedule, stop func()) {
	s = NewSchedule(Parts{
		Store:    r.store,
		Log:      slog.New(slog.NewTextHandler(io.Discard, nil)),
		Instance: instance,
		Exceptions: exception.New(
			r.store,
			event.NewLog(event.Subscription{Reader: event.ReaderNotify, Signal: event.NewSignal()}),
			func() exception.Policy {
				return exception.Policy{Grouping: exception.GroupSmart, Window: time.Hour, MaxPerHour: 20}
			},
			slog.New(slog.NewTextHandler(io.Discard, nil)),
		),
		Jobs: append([]Job{r.job}, more...),
		Keep: func() settings.Retention { return settings.Retention{} },
	})
	ctx, cancel := context.WithCancel(r.t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		s.Run(ctx)
	}()
	return s, func() {
		cancel()
		<-ended
	}
}

func (r fixture) advance(d time.Duration, all ...*Schedule) {
	r.clock.Advance(d)
	for _, s := range all {
		s.Wake()
	}
}

func (r fixture) until(what string, ok func() bool) {
	r.t.Helper()
	for deadline := time.Now().Add(15 * time.Second); !ok(); {
		if time.Now().After(deadline) {
			r.t.Fatalf("it did not happen: %s", what)
		}
		<-time.After(2 * time.Millisecond)
	}
}

func (r fixture) runs(job string) []models.JobRun {
	r.t.Helper()
	list, err := r.store.JobRuns(r.t.Context(), models.RunFilter{Job: job, Limit: 100})
	if err != nil {
		r.t.Fatal(err)
	}
	return list
}

// ended waits until a job has n runs and the newest has ended.
func (r fixture) ended(job string, n int) []models.JobRun {
	r.t.Helper()
	var list []models.JobRun
	r.until("runs have ended", func() bool {
		list = r.runs(job)
		return len(list) >= n && list[0].Result != models.RunRunning
	})
	return list
}

var ann = authz.Actor{User: models.User{Administrator: true}, Label: "ann"}

// One instance runs a job at each time. Of several missed times only the latest runs.
func TestEachTimeRunsOnOneInstance(t *testing.T) {
	eachDatabase(t, func(t *testing.T, r fixture) {
		one, stopOne := r.start("one")
		two, stopTwo := r.start("two")
		for n := range 3 {
			r.advance(time.Hour, one, two)
			r.ended("count", n+1)
		}
		r.advance(5*time.Hour, one, two)
		r.ended("count", 4)
		stopOne()
		stopTwo() // both have looked at the clock
		list := r.runs("count")
		if len(list) != 4 || r.ran.Load() != 4 {
			t.Fatalf("%d runs, %d times: %+v", len(list), r.ran.Load(), list)
		}
		for i, want := range []string{
			"2026-03-01T19:17Z",
			"2026-03-01T14:17Z",
			"2026-03-01T13:17Z",
			"2026-03-01T12:17Z",
		} {
			if got := list[i]; got.Slot != want || got.Result != models.RunOK || got.By != "" {
				t.Errorf("run %d: %+v, want %s", i, got, want)
			}
		}
	})
}

// New times are effective at once, and a job whose times stay keeps its next time.
func TestApplyIsEffectiveAtOnce(t *testing.T) {
	eachDatabase(t, func(t *testing.T, r fixture) {
		other := Job{Name: "other", Spec: "30 * * * *", Run: r.job.Run}
		s, stop := r.start("one", other)
		defer stop()
		next := s.Next("other")
		s.Apply(map[string]string{"count": "*/5 * * * *", "other": "30 * * * *"})
		if got := s.Next("count"); !got.Equal(noon.Add(5*time.Minute)) || !s.Next("other").Equal(next) {
			t.Errorf("next: %s and %s", got, s.Next("other"))
		}
		r.advance(5*time.Minute, s)
		r.ended("count", 1)
		s.Apply(map[string]string{"count": "no times"})
		if got := s.Next("count"); !got.Equal(noon.Add(10 * time.Minute)) {
			t.Errorf("times that are none: %s", got)
		}
		s.Apply(nil)
		if got := s.Next("count"); !got.Equal(noon.Add(17 * time.Minute)) {
			t.Errorf("by default: %s", got)
		}
	})
}

// A change of the times keeps a time that is already due.
func TestApplyKeepsADueTime(t *testing.T) {
	r := fixture{t: t, clock: modelstest.NewClock(noon), ran: &atomic.Int64{}}
	r.store = modelstest.SQLiteAt(t, r.clock.Now)
	s := NewSchedule(Parts{Store: r.store, Jobs: []Job{{Name: "count", Spec: "17 * * * *"}}})
	r.clock.Advance(18 * time.Minute)
	s.Apply(map[string]string{"count": "0 4 * * *"})
	if got := s.Next("count"); !got.Equal(noon.Add(17 * time.Minute)) {
		t.Errorf("next: %s", got)
	}
}

// After the clock was set back, a job runs at its next time by the right clock.
func TestSchedule_ClockIsSetBack(t *testing.T) {
	eachDatabase(t, func(t *testing.T, r fixture) {
		s, stop := r.start("one")
		defer stop()
		r.advance(24*time.Hour, s)
		r.ended("count", 1)
		r.advance(-24*time.Hour, s)
		r.until("its next time is today", func() bool { return s.Next("count").Equal(noon.Add(17 * time.Minute)) })
	})
}

// A job with MakeUp runs once for the times that were missed while nothing ran.
func TestMissedTimesAreMadeUp(t *testing.T) {
	eachDatabase(t, func(t *testing.T, r fixture) {
		matters := Job{Name: "matters", Spec: "7 2 * * *", MakeUp: true, Run: r.job.Run}
		_, first := r.start("one", matters)
		r.until("times are counted from now", func() bool {
			slot, err := r.store.LastSlot(t.Context(), "matters")
			return err == nil && slot == "2026-03-01T02:07Z"
		})
		first()
		if n := len(r.runs("matters")); n != 0 {
			t.Errorf("%d runs before the first", n)
		}
		r.clock.Advance(60 * time.Hour)
		for range 2 {
			_, stopOne := r.start("one", matters)
			_, stopTwo := r.start("two", matters)
			r.ended("matters", 1)
			stopOne()
			stopTwo()
		}
		if list := r.runs("matters"); len(list) != 1 || list[0].Slot != "2026-03-03T02:07Z" {
			t.Errorf("runs: %+v", list)
		}
		if n := len(r.runs("count")); n != 0 {
			t.Errorf("%d runs of what need not be made up", n)
		}
		matters.Spec = "0 1 * * *" // an earlier time, that of the day was not missed
		s, stop := r.start("one", matters)
		defer stop()
		if _, err := s.RunNow(t.Context(), ann, "count"); err != nil {
			t.Fatal(err)
		}
		r.ended("count", 1)
		if n := len(r.runs("matters")); n != 1 {
			t.Errorf("%d runs after a change of the times", n)
		}
	})
}

func TestRunNow(t *testing.T) {
	eachDatabase(t, func(t *testing.T, r fixture) {
		held, release := make(chan struct{}, 1), make(chan struct{})
		slow := Job{Name: "slow", Title: "Slowly", Spec: "1 * * * *", Run: func(ctx context.Context, w *Work) error {
			held <- struct{}{}
			<-release
			w.affected = 5
			return nil
		}}
		s, stop := r.start("one", slow)
		defer stop()
		ctx := t.Context()
		if _, err := s.RunNow(ctx, ann, "slow"); err != nil {
			t.Fatal(err)
		}
		<-held
		if _, err := s.RunNow(ctx, ann, "slow"); !fault.Is(err, fault.Conflict) {
			t.Errorf("while one is in progress: %v", err)
		}
		r.advance(time.Minute, s) // its time is passed over
		r.until("its time is taken", func() bool {
			slot, err := r.store.LastSlot(ctx, "slow")
			return err == nil && slot == "2026-03-01T12:01Z"
		})
		close(release)
		list := r.ended("slow", 1)
		if len(list) != 1 || list[0].By != "ann" || list[0].Affected != 5 || list[0].Result != models.RunOK {
			t.Errorf("runs: %+v", list)
		}
		if _, err := s.RunNow(ctx, ann, "slow"); err != nil {
			t.Error(err)
		}
		<-held
		changes, err := r.store.Audits(ctx, models.AuditFilter{Kind: "job", Limit: 10})
		if err != nil || len(changes) != 2 || changes[0].Actor != "ann" || changes[0].Name != "slow" ||
			changes[0].Action != "run" {
			t.Errorf("audit: %+v, %v", changes, err)
		}
		if _, err := s.RunNow(ctx, ann, "nonsense"); !fault.Is(err, fault.NotFound) {
			t.Errorf("no such job: %v", err)
		}
		if _, err := s.RunNow(ctx, authz.Actor{}, "slow"); !fault.Is(err, fault.Forbidden) {
			t.Errorf("another user: %v", err)
		}
	})
}

// Each run has its result, and runs that failed do not stop the schedule.
func TestRunResults(t *testing.T) {
	eachDatabase(t, func(t *testing.T, r fixture) {
		job := func(name string, fn func(ctx context.Context, w *Work) error) Job {
			return Job{Name: name, Spec: "30 * * * *", Run: fn}
		}
		stuck := make(chan struct{}, 1)
		s, stop := r.start("one",
			job("fails", func(_ context.Context, w *Work) error {
				w.affected = 3
				return errors.New("the disk is full\x00\xff" + strings.Repeat("é", maxMessage))
			}),
			job("panics", func(context.Context, *Work) error { panic("oh") }),
			job("writes", func(ctx context.Context, w *Work) error {
				return w.Repeat(ctx, func(*models.Tx, int) (int64, error) { return 0, errors.New("no room") })
			}),
			job("goes on", func(ctx context.Context, _ *Work) error {
				stuck <- struct{}{}
				<-ctx.Done()
				return ctx.Err()
			}))
		r.advance(time.Hour, s)
		for name, want := range map[string]string{
			"fails":  "the disk is full??é",
			"panics": "panic: oh",
			"writes": "no room",
		} {
			if got := r.ended(name, 1)[0]; got.Result != models.RunFailed || !strings.HasPrefix(got.Message, want) ||
				len(got.Message) > maxMessage+10 {
				t.Errorf("%s: %+v", name, got)
			}
		}
		<-stuck
		if got := r.ended("count", 1)[0]; got.Result != models.RunOK {
			t.Errorf("beside them: %+v", got)
		}
		stop()
		notified, err := r.store.EventWork(t.Context(), string(event.ReaderNotify), 10)
		if err != nil || len(notified) != 3 {
			t.Errorf("%d events are about failures, want 3, %v", len(notified), err)
		}
		for _, w := range notified {
			if n, err := event.Describe(w.Event); err != nil || w.Event.ProductID != 0 ||
				!strings.HasPrefix(n.Name, "Exception ") {
				t.Errorf("%s: %+v, %v", w.Event.Type, n, err)
			}
		}
		if got := r.runs("goes on")[0]; got.Result != models.RunStopped {
			t.Errorf("stopped: %+v", got)
		}
	})
}

// Retention deletes in batches, and others write in between.
func TestRetentionLetsOthersWrite(t *testing.T) {
	eachDatabase(t, func(t *testing.T, r fixture) {
		const rows = 8000
		report := func(n int) {
			t.Helper()
			err := r.store.Write(t.Context(), func(tx *models.Tx) error {
				for range n {
					e := models.Event{UUID: rand.Text(), Type: "t", At: tx.Now(), Payload: []byte("{}")}
					if err := tx.InsertEvent(&e); err != nil {
						return err
					}
					if err := tx.InsertNotification(models.Notification{EventID: e.ID, Type: "t", At: e.At}); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		for range rows / 500 {
			report(500)
		}
		r.clock.Advance(11 * 24 * time.Hour)
		report(3)
		left := func() (n int) {
			err := r.store.Write(t.Context(), func(tx *models.Tx) (err error) {
				n, err = tx.CountUnread(tx.Context(), models.Viewer{Administrator: true}, rows+10)
				return err
			})
			if err != nil {
				t.Error(err)
			}
			return n
		}
		referred := &Work{store: r.store, Keep: settings.Retention{Events: 10}}
		if err := forgetEvents(t.Context(), referred); err != nil || referred.affected != 0 {
			t.Errorf("%d events went that notifications refer to: %v", referred.affected, err)
		}
		w := &Work{store: r.store, Keep: settings.Retention{Notifications: 10, Events: 12}}
		done := make(chan error, 1)
		go func() { done <- forgetNotifications(t.Context(), w) }()
		between := 0
		for n := left(); n != 3; n = left() {
			if n < rows {
				between++
			}
		}
		if err := <-done; err != nil || between == 0 || w.affected != rows {
			t.Errorf("others wrote %d times in between, %d rows went: %v", between, w.affected, err)
		}
		w = &Work{store: r.store, Keep: settings.Retention{Events: 12}}
		if err := forgetEvents(t.Context(), w); err != nil || w.affected != 0 {
			t.Errorf("%d young events went: %v", w.affected, err)
		}
		w.Keep.Events = 10
		if err := forgetEvents(t.Context(), w); err != nil || w.affected != rows {
			t.Errorf("%d events went: %v", w.affected, err)
		}
		w = &Work{store: r.store}
		if err := forgetNotifications(t.Context(), w); err != nil || w.affected != 0 || w.message == "" {
			t.Errorf("kept forever: %d went, said %q: %v", w.affected, w.message, err)
		}
		w = &Work{store: r.store, Keep: settings.Retention{MaxNotifications: 2}}
		if err := forgetNotifications(t.Context(), w); err != nil || w.affected != 1 || w.message != "" || left() != 2 {
			t.Errorf("at most 2: %d went, said %q: %v", w.affected, w.message, err)
		}
	})
}

// Next returns the next due time of a job, zero if the job does not exist.
func (s *Schedule) Next(name string) time.Time {
	status, _ := s.status(name)
	return status.Next
}
