package exception

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"gatecrier/app/event"
	"gatecrier/models"
	"gatecrier/models/modelstest"
)

func TestMain(m *testing.M) { os.Exit(modelstest.Main(m)) }

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// rig is a service on a database with a clock.
type rig struct {
	*Service
	t      *testing.T
	clock  *modelstest.Clock
	window time.Duration
}

func each(t *testing.T, fn func(t *testing.T, r *rig)) {
	t.Helper()
	for name, open := range map[string]func(testing.TB, func() time.Time) *models.Store{"sqlite": modelstest.SQLiteAt, "postgres": modelstest.PostgresAt} {
		t.Run(name, func(t *testing.T) {
			clock := modelstest.NewClock(noon)
			r := &rig{t: t, clock: clock, window: time.Hour}
			r.Service = r.on(open(t, clock.Now))
			fn(t, r)
		})
	}
}

// on is a service of its own, as another instance has it, or one that was
// started again.
func (r *rig) on(store *models.Store) *Service {
	return New(
		store,
		event.NewLog(event.NewSignal()),
		func() Policy { return Policy{Grouping: GroupSmart, Window: r.window} },
		slog.New(slog.NewTextHandler(io.Discard, nil)),
	)
}

func (r *rig) another() *rig {
	other := *r
	other.Service = r.on(r.store)
	return &other
}

func oops(message string) Report {
	return Report{Kind: models.ExceptionTask, Class: "*shop.Error", Message: message, Function: "bill"}
}

func (r *rig) report(e Report) Result {
	r.t.Helper()
	result, err := r.Report(r.t.Context(), e)
	if err != nil {
		r.t.Fatal(err)
	}
	return result
}

func (r *rig) flush() {
	r.t.Helper()
	if err := r.Flush(r.t.Context()); err != nil {
		r.t.Fatal(err)
	}
}

// told are the payloads of the notices so far.
func (r *rig) told() []event.Notice {
	r.t.Helper()
	work, err := r.store.EventWork(r.t.Context(), string(event.ReaderNotify), 5000)
	if err != nil {
		r.t.Fatal(err)
	}
	var list []event.Notice
	for _, w := range work {
		n, err := event.Describe(w.Event)
		if err != nil {
			r.t.Fatal(err)
		}
		list = append(list, n)
	}
	return list
}

func (r *rig) group(id int64) models.ExceptionGroup {
	r.t.Helper()
	g, err := r.store.ExceptionGroup(r.t.Context(), models.SystemScope("a test"), id)
	if err != nil {
		r.t.Fatal(err)
	}
	return g
}

func (r *rig) write(fn func(tx *models.Tx) error) {
	r.t.Helper()
	if err := r.store.Write(r.t.Context(), fn); err != nil {
		r.t.Fatal(err)
	}
}

// A storm of one exception is one notice, and all others are counted.
func TestAStormIsOneNotice(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		const callers, all = 16, 16_000
		var wg sync.WaitGroup
		var group int64
		for c := range callers {
			wg.Go(func() {
				for range all / callers {
					result, err := r.Report(t.Context(), oops(fmt.Sprintf("order %d is lost", c)))
					if err != nil {
						t.Error(err)
						return
					}
					if result.Notified {
						group = result.Group
					}
				}
			})
		}
		flushed := make(chan struct{})
		go func() {
			defer close(flushed)
			for range 50 {
				if err := r.Flush(t.Context()); err != nil {
					t.Error(err)
				}
				runtime.Gosched()
			}
		}()
		wg.Wait()
		<-flushed
		r.flush()
		if n := len(r.told()); n != 1 {
			t.Errorf("%d notices", n)
		}
		if g := r.group(group); g.Suppressed != all-1 || g.Count != all || g.Held != all-1 || g.Notified != 1 {
			t.Errorf("%+v", g)
		}
		r.clock.Advance(time.Hour)
		if result := r.report(oops("order 5 is lost")); !result.Notified {
			t.Errorf("after the window: %+v", result)
		}
		told := r.told()
		if len(told) != 2 || !strings.Contains(told[1].Message, "+15999 since 2026-03-01 12:00 UTC") {
			t.Errorf("the next notice: %+v", told[len(told)-1])
		}
	})
}

// A window lasts as long as it was set, also over a day.
func TestWindowsAreWhole(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		for _, test := range []struct {
			window, after time.Duration
			told          bool
		}{
			{86400 * time.Second, 23*time.Hour + 59*time.Minute, false},
			{86400 * time.Second, 24*time.Hour + 5*time.Second, true},
			{90000 * time.Second, 24*time.Hour + 5*time.Second, false},
			{90000 * time.Second, 90001 * time.Second, true},
			{10 * time.Second, 11 * time.Second, true},
			{10 * time.Second, 9 * time.Second, false},
			{10 * time.Second, 10 * time.Second, true},
			{0, 0, true},
		} {
			name := fmt.Sprint(test.window, " after ", test.after)
			one := Report{Kind: models.ExceptionTask, Class: name, Function: "bill"}
			r.window = test.window
			r.report(one)
			r.clock.Advance(test.after)
			if got := r.report(one); got.Notified != test.told {
				t.Errorf("%s: told: %v", name, got.Notified)
			}
			if again := r.another().report(one); again.Notified && test.window > 0 { // by the database alone
				t.Errorf("%s: another instance: %+v", name, again)
			}
		}
	})
}

// What is counted, and what a window is, is in the database: over restarts, and
// for several instances.
func TestRestartsAndInstances(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		first := r.report(oops("a"))
		for range 10 {
			r.report(oops("a"))
		}
		r.flush()
		second := r.another() // it was started again
		if got := second.report(oops("a")); got.Notified || got.Suppressed != 11 || got.Group != first.Group {
			t.Errorf("%+v", got)
		}
		var wg sync.WaitGroup
		instances := []*rig{r.another(), r.another(), second}
		for _, instance := range instances {
			for range 8 {
				wg.Go(func() {
					for i := range 50 {
						if _, err := instance.Report(t.Context(), oops(fmt.Sprint("order ", i))); err != nil {
							t.Error(err)
						}
						if _, err := instance.Report(
							t.Context(), Report{Kind: models.ExceptionTask, Class: fmt.Sprint("C", i%10), Function: "bill"},
						); err != nil {
							t.Error(err)
						}
					}
				})
			}
		}
		wg.Wait()
		for _, instance := range instances {
			instance.flush()
		}
		if n := len(r.told()); n != 12 { // "a", "order <number>" and ten classes
			t.Errorf("%d notices, want 12", n)
		}
	})
}

// A resolved exception that returns is told of at once, whoever has its window
// in memory; a muted one is not.
func TestResolvedAndMuted(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		id := r.report(oops("a")).Group
		r.report(oops("a"))
		r.write(func(tx *models.Tx) error { return tx.ResolveException(id, "ann") })
		r.report(oops("a")) // this instance has not heard
		r.flush()
		told := r.told()
		if len(told) != 2 || !strings.Contains(told[1].Name, "again after it was resolved") {
			t.Fatalf("%+v", told)
		}
		if g := r.group(id); g.State != models.ExceptionOpen || g.RegressedAt.IsZero() || g.Count != 3 || g.Notified != 2 {
			t.Errorf("%+v", g)
		}
		r.write(func(tx *models.Tx) error { return tx.ResolveException(id, "ann") })
		r.Evict(id) // it has
		if got := r.report(oops("a")); !got.Notified {
			t.Errorf("%+v", got)
		}
		r.write(func(tx *models.Tx) error { return tx.MuteException(id, noon.Add(3*time.Hour)) })
		r.Evict(id)
		r.clock.Advance(2 * time.Hour)
		if got := r.report(oops("a")); got.Notified {
			t.Error("a muted one is told of")
		}
		r.clock.Advance(time.Hour)
		if got := r.report(oops("a")); !got.Notified {
			t.Error("after it was muted nobody is told")
		}
	})
}

// What is too much shares a group, which tells too; what is known stays itself.
func TestTooManyShareAGroup(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		known := r.report(oops("known"))
		distinct := 1500
		for i := range distinct {
			r.report(Report{Kind: models.ExceptionTask, Class: fmt.Sprintf("C%d", i), Function: "bill"})
		}
		if n := len(r.tracker.windows); n > maxNew+10 {
			t.Errorf("%d keys in memory", n)
		}
		if got := r.report(oops("known")); got.Group != known.Group {
			t.Errorf("what is known: %+v", got)
		}
		r.flush()
		told := r.told()
		if len(told) != maxNew+1 || told[maxNew].Name != "Other exceptions have occurred" {
			t.Fatalf("%d notices, the last %+v", len(told), told[len(told)-1])
		}
		list, err := r.store.ExceptionGroups(t.Context(), models.SystemScope("a test"), models.ExceptionFilter{Limit: 5000})
		if err != nil || len(list) != maxNew+1 {
			t.Errorf("%d groups, %v", len(list), err)
		}
		var count int64
		for _, g := range list {
			count += g.Count
		}
		if count != int64(distinct)+2 {
			t.Errorf("%d counted, want %d", count, distinct+2)
		}
		r.clock.Advance(time.Hour + time.Minute)
		if got := r.report(oops("brand new")); !got.Notified || r.group(got.Group).By != string(ByMessage) {
			t.Errorf("an hour later: %+v", got)
		}
	})
}

// What was merged counts for the group that it is in now.
func TestMerged(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		a, b := r.report(oops("a")).Group, r.report(oops("b")).Group
		r.report(oops("b")) // counted, and not stored
		r.write(func(tx *models.Tx) error { return tx.MergeExceptions(a, []int64{b}, "ann") })
		r.flush()
		if got := r.report(oops("b")); got.Group != a || got.Notified {
			t.Errorf("%+v", got)
		}
		r.flush()
		if g := r.group(a); g.Count != 4 || g.Suppressed != 2 {
			t.Errorf("%+v", g)
		}
		merges, err := r.store.ExceptionMerges(t.Context(), a, 10)
		if err != nil || len(merges) != 1 || merges[0].Message != "b" {
			t.Fatalf("%+v, %v", merges, err)
		}
		r.write(func(tx *models.Tx) error { return tx.SplitException(a, merges[0].Key) })
		r.Evict(a)
		if got := r.report(oops("b")); got.Group == a || !got.Notified {
			t.Errorf("split again: %+v", got)
		}
	})
}

// A claim that fails uses up no window.
func TestAFailedClaimIsAskedAgain(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		gone := oops("a")
		gone.ProductID = 4711 // there is none
		if _, err := r.Report(t.Context(), gone); err == nil {
			t.Fatal("it was taken")
		}
		if len(r.tracker.windows) != 0 {
			t.Error("a key is remembered that was not taken")
		}
	})
}
