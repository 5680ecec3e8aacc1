package exception

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"gatecrier/models"
)

func (r *fixture) summarize() {
	r.t.Helper()
	r.flush()
	if err := r.Summarize(r.t.Context()); err != nil {
		r.t.Fatal(err)
	}
}

// storm reports different exceptions, numbered from an offset, and returns how many notified.
func (r *fixture) storm(offset, n int) (notified int) {
	r.t.Helper()
	for i := range n {
		e := taskError("m")
		e.Fingerprint = []string{fmt.Sprint(offset + i)}
		if r.report(e).Notified {
			notified++
		}
	}
	return notified
}

// At most a fixed number of notifications in an hour; one summary at its end replaces the rest, whichever
// instance writes it, also after a restart.
func TestQuota_OneSummaryReplacesTheRest(t *testing.T) {
	eachDatabase(t, func(t *testing.T, r *fixture) {
		r.maxPerHour = 3
		other := r.anotherInstance()
		if n := r.storm(0, 4) + other.storm(4, 4); n != 3 {
			t.Errorf("%d notified, want 3", n)
		}
		r.clock.Advance(59 * time.Minute)
		r.summarize()
		if n := len(r.notices()); n != 3 {
			t.Fatalf("%d notices before the end of the hour, want 3", n)
		}
		again := r.anotherInstance()
		for range 5 {
			again.storm(7, 1) // within its window: it is counted
		}
		again.flush()
		r.clock.Advance(time.Minute)
		var wg sync.WaitGroup
		for _, one := range []*fixture{r, other, again} {
			wg.Go(func() {
				if err := one.Summarize(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		list := r.notices()
		if len(list) != 4 || list[3].Name != "5 more exceptions (summary)" || list[3].Page != "/exceptions?product=none" {
			t.Fatalf("%d notices, the last %+v", len(list), list[len(list)-1])
		}
		want := "this one replaces 5 about 5 different exceptions, among them *shop.Error (6 occurrences), "
		if !strings.Contains(list[3].Message, want) || len(list[3].Items) != 5 {
			t.Errorf("the summary says %q", list[3].Message)
		}
		r.clock.Advance(2 * time.Hour)
		r.summarize()
		if n := len(r.notices()); n != 4 {
			t.Errorf("%d notices after a quiet hour, want 4", n)
		}
	})
}

// A group whose notification was left for a summary has not notified: its next notification says
// how often it occurred since the one before.
func TestQuota_KeepsCountsOfGroups(t *testing.T) {
	eachDatabase(t, func(t *testing.T, r *fixture) {
		r.maxPerHour = 1
		r.storm(0, 1)
		id := r.report(taskError("late")).Group
		if g := r.group(id); g.Notified != 0 || !g.NotifiedAt.IsZero() || g.Suppressed != 1 || g.Count != 1 {
			t.Errorf("%+v", g)
		}
		if again := r.report(taskError("late")); again.Notified || again.Suppressed != 2 {
			t.Errorf("within its window: %+v", again)
		}
		r.clock.Advance(61 * time.Minute)
		r.flush()
		if again := r.report(taskError("late")); !again.Notified {
			t.Errorf("in the next hour: %+v", again)
		}
		list := r.notices()
		if len(list) != 3 || list[1].Name != "1 more exception (summary)" {
			t.Fatalf("%d notices, the summary comes before the next hour's: %+v", len(list), list)
		}
		if !strings.Contains(list[2].Message, "(2 more)") {
			t.Errorf("the next notification says %q", list[2].Message)
		}
		if g := r.group(id); g.Notified != 1 || g.Suppressed != 2 || g.Count != 3 {
			t.Errorf("%+v", g)
		}
	})
}

// A resolved exception that returns while its owner's quota is used up is named first in the summary.
func TestQuota_NamesReturnedExceptionsFirst(t *testing.T) {
	eachDatabase(t, func(t *testing.T, r *fixture) {
		r.maxPerHour = 1
		id := r.report(taskError("resolved")).Group
		for range 2 {
			for range 3 {
				r.storm(1, 1)
			}
			r.flush()
		}
		r.write(func(tx *models.Tx) error { return tx.ResolveException(id, "ann") })
		r.clock.Advance(time.Minute)
		r.report(taskError("resolved"))
		r.flush() // finds that it was resolved
		if n := len(r.notices()); n != 1 {
			t.Errorf("%d notices, want 1", n)
		}
		r.clock.Advance(time.Hour)
		r.summarize()
		list := r.notices()
		if len(list) != 2 || len(list[1].Items) != 2 ||
			list[1].Items[0].More != "1 occurrence, again after it was resolved" {
			t.Errorf("%+v", list)
		}
	})
}

// A clock that jumps ahead and back neither loses a summary nor delays it by more than an hour.
func TestQuota_SurvivesJumpsOfTheClock(t *testing.T) {
	eachDatabase(t, func(t *testing.T, r *fixture) {
		r.maxPerHour = 1
		r.clock.Advance(24 * time.Hour)
		r.storm(0, 3)
		r.clock.Advance(-24 * time.Hour)
		r.summarize()
		if list := r.notices(); len(list) != 2 || r.storm(10, 2) != 1 {
			t.Errorf("%+v", list)
		}
		r.clock.Advance(25 * time.Hour)
		r.summarize()
		summaries := 0
		for _, n := range r.notices() {
			if strings.HasSuffix(n.Name, " (summary)") {
				summaries++
			}
		}
		if summaries != 2 {
			t.Errorf("%d summaries, want 2: %+v", summaries, r.notices())
		}
	})
}
