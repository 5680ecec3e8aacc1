package exception

import (
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"gatecrier/models"
)

// A storm of one exception makes one notification. All further occurrences are counted.
func TestStormNotifiesOnce(t *testing.T) {
	eachDatabase(t, func(t *testing.T, r *fixture) {
		const callers, all = 16, 16_000
		var wg sync.WaitGroup
		var group int64
		for c := range callers {
			wg.Go(func() {
				for range all / callers {
					result, err := r.Report(t.Context(), taskError(fmt.Sprintf("order %d is lost", c)))
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
		if n := len(r.notices()); n != 1 {
			t.Errorf("%d notices", n)
		}
		if g := r.group(group); g.Suppressed != all-1 || g.Count != all || g.SuppressedSince != all-1 || g.Notified != 1 {
			t.Errorf("%+v", g)
		}
		r.clock.Advance(time.Hour)
		if result := r.report(taskError("order 5 is lost")); !result.Notified {
			t.Errorf("after the window: %+v", result)
		}
		notices := r.notices()
		if len(notices) != 2 || !strings.Contains(notices[1].Message, "(15999 more since 2026-03-01 12:00 UTC") {
			t.Errorf("the next notice: %+v", notices[len(notices)-1])
		}
	})
}

// A window lasts as long as it was set, also over a day.
func TestWindowLastsItsFullTime(t *testing.T) {
	eachDatabase(t, func(t *testing.T, r *fixture) {
		for _, test := range []struct {
			window, after time.Duration
			notified      bool
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
			if got := r.report(one); got.Notified != test.notified {
				t.Errorf("%s: notified: %v", name, got.Notified)
			}
			if again := r.anotherInstance().report(one); again.Notified && test.window > 0 { // with nothing in memory
				t.Errorf("%s: another instance: %+v", name, again)
			}
		}
	})
}

// The database holds counts and windows, across restarts and for several instances.
func TestWindowsHoldAcrossRestartsAndInstances(t *testing.T) {
	eachDatabase(t, func(t *testing.T, r *fixture) {
		first := r.report(taskError("a"))
		for range 10 {
			r.report(taskError("a"))
		}
		r.flush()
		second := r.anotherInstance() // after a restart
		if got := second.report(taskError("a")); got.Notified || got.Suppressed != 11 || got.Group != first.Group {
			t.Errorf("%+v", got)
		}
		var wg sync.WaitGroup
		instances := []*fixture{r.anotherInstance(), r.anotherInstance(), second}
		for _, instance := range instances {
			for range 8 {
				wg.Go(func() {
					for i := range 50 {
						if _, err := instance.Report(t.Context(), taskError(fmt.Sprint("order ", i))); err != nil {
							t.Error(err)
						}
						other := Report{Kind: models.ExceptionTask, Class: fmt.Sprint("C", i%10), Function: "bill"}
						if _, err := instance.Report(t.Context(), other); err != nil {
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
		if n := len(r.notices()); n != 12 { // "a", "order <number>" and ten classes
			t.Errorf("%d notices, want 12", n)
		}
	})
}

// A resolved group that occurs again notifies at once, whichever instance has its window
// in memory. A muted group does not.
func TestResolvedGroupNotifiesAtOnce(t *testing.T) {
	eachDatabase(t, func(t *testing.T, r *fixture) {
		id := r.report(taskError("a")).Group
		r.report(taskError("a"))
		r.write(func(tx *models.Tx) error { return tx.ResolveException(id, "ann") })
		r.report(taskError("a")) // this instance does not know of it
		r.flush()
		notices := r.notices()
		if len(notices) != 2 || !strings.Contains(notices[1].Name, "again after it was resolved") {
			t.Fatalf("%+v", notices)
		}
		if g := r.group(id); g.State != models.ExceptionOpen || g.RegressedAt.IsZero() || g.Count != 3 || g.Notified != 2 {
			t.Errorf("%+v", g)
		}
		r.write(func(tx *models.Tx) error { return tx.ResolveException(id, "ann") })
		r.Evict(id) // now it does
		if got := r.report(taskError("a")); !got.Notified {
			t.Errorf("%+v", got)
		}
		r.write(func(tx *models.Tx) error { return tx.MuteException(id, noon.Add(3*time.Hour)) })
		r.Evict(id)
		r.clock.Advance(2 * time.Hour)
		if got := r.report(taskError("a")); got.Notified {
			t.Error("a muted group notifies")
		}
		r.clock.Advance(time.Hour)
		if got := r.report(taskError("a")); !got.Notified {
			t.Error("no notification after the mute")
		}
	})
}

// New groups beyond the bound share one, which notifies too. Known groups stay as they are.
func TestNewGroupsBeyondMaxShareOne(t *testing.T) {
	eachDatabase(t, func(t *testing.T, r *fixture) {
		known := r.report(taskError("known"))
		distinct := 1500
		for i := range distinct {
			r.report(Report{Kind: models.ExceptionTask, Class: fmt.Sprintf("C%d", i), Function: "bill"})
		}
		if n := len(r.tracker.windows); n > maxNew+10 {
			t.Errorf("%d keys in memory", n)
		}
		if got := r.report(taskError("known")); got.Group != known.Group {
			t.Errorf("a known group: %+v", got)
		}
		r.flush()
		notices := r.notices()
		if len(notices) != maxNew+1 || notices[maxNew].Name != "Several other exceptions" {
			t.Fatalf("%d notices, the last %+v", len(notices), notices[len(notices)-1])
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
		if got := r.report(taskError("brand new")); !got.Notified || r.group(got.Group).By != string(ByMessage) {
			t.Errorf("an hour later: %+v", got)
		}
	})
}

// A merged key counts for the group that it belongs to now.
func TestMergedKeyCountsForItsGroup(t *testing.T) {
	eachDatabase(t, func(t *testing.T, r *fixture) {
		a, b := r.report(taskError("a")).Group, r.report(taskError("b")).Group
		r.report(taskError("b")) // counted, and not stored
		r.write(func(tx *models.Tx) error { return tx.MergeExceptions(a, []int64{b}, "ann") })
		r.flush()
		if got := r.report(taskError("b")); got.Group != a || got.Notified {
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
		if got := r.report(taskError("b")); got.Group == a || !got.Notified {
			t.Errorf("split again: %+v", got)
		}
	})
}

// A failed claim starts no window.
func TestFailedClaimKeepsNoWindow(t *testing.T) {
	eachDatabase(t, func(t *testing.T, r *fixture) {
		gone := taskError("a")
		gone.ProductID = 4711 // there is none
		if _, err := r.Report(t.Context(), gone); err == nil {
			t.Fatal("it was taken")
		}
		if len(r.tracker.windows) != 0 {
			t.Error("a key is remembered that was not taken")
		}
	})
}
