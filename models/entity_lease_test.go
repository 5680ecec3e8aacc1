package models_test

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatecrier/models"
)

func (w world) expired() bool {
	w.t.Helper()
	has, err := w.s.HasExpiredLease(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	return has
}

func (w world) returnExpired() int64 {
	w.t.Helper()
	var n int64
	w.write(func(tx *models.Tx) (err error) { n, err = tx.ReturnExpired(tx.Now()); return err })
	return n
}

// A lease that has ended makes a delivery due again: the same message, with its attempts. It
// adds an attempt that might have arrived, which does not count as one of those that a message
// has.
func TestExpiredLease(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		product := w.product("ours", w.user("ann"))
		activated, tried := w.delivery(w.connection(product, "a"), product), w.delivery(w.connection(product, "b"), product)
		w.claim("one", tried.ID)
		w.settle(tried, "one", models.DeliveryRetrying, &models.Attempt{At: noon, Result: "retry"})
		w.clock.Advance(time.Hour)
		w.claim("one", activated.ID, tried.ID)

		w.clock.Advance(lease - time.Microsecond)
		if n := w.returnExpired(); n != 0 || w.expired() {
			t.Errorf("%d leases ended a microsecond early", n)
		}
		w.clock.Advance(time.Microsecond)
		if !w.expired() {
			t.Error("no lease has ended")
		}
		if n := w.returnExpired(); n != 2 || w.expired() {
			t.Errorf("%d leases ended, want 2; left: %v", n, w.expired())
		}
		for was, want := range map[*models.Delivery]models.DeliveryState{
			&activated: models.DeliveryPending,
			&tried:     models.DeliveryRetrying,
		} {
			d := w.stored(was.ID)
			if d.UUID != was.UUID || d.State != want || d.NextAt != w.s.Now() || d.Claim != "" || !d.LockedUntil.IsZero() ||
				d.Reason == "" {
				t.Errorf("want it %s: %+v", want, d)
			}
		}
		if a, b := w.stored(activated.ID).Attempts, w.stored(tried.ID).Attempts; a != 1 || b != 2 {
			t.Errorf("attempts %d and %d, want 1 and 2", a, b)
		}
		if a, b := w.stored(activated.ID).Spent, w.stored(tried.ID).Spent; a != 0 || b != 1 {
			t.Errorf("of those that they have they spent %d and %d, want 0 and 1", a, b)
		}
		again := w.claim("two", w.due()...)
		if len(again) != 2 || again[0].Claim != "two" {
			t.Errorf("claimed again: %+v", again)
		}
	})
}

// Only the holder of the claim settles. The attempt of one that has lost it is saved.
func TestSettleByOwnClaim(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		product := w.product("ours", w.user("ann"))
		d := w.delivery(w.connection(product, "a"), product)
		attempt := func(reason string) *models.Attempt {
			return &models.Attempt{
				At:       w.s.Now(),
				Duration: time.Second,
				Result:   "retry",
				Status:   500,
				Reason:   reason,
				Answer:   "oh",
				Private:  true,
			}
		}
		if w.settle(d, "", models.DeliveryDead, nil) || w.settle(d, "one", models.DeliveryDead, nil) {
			t.Error("settled without a claim")
		}
		w.claim("one", d.ID)
		w.clock.Advance(lease)
		w.returnExpired()
		w.claim("two", d.ID)
		was := w.stored(d.ID)
		if w.settle(d, "one", models.DeliveryDead, attempt("late")) {
			t.Error("settled by a claim that was lost")
		}
		if diff := cmp.Diff(was, w.stored(d.ID)); diff != "" {
			t.Errorf("a lost claim changed it: %s", diff)
		}
		if !w.settle(d, "two", models.DeliveryDelivered, attempt("own")) {
			t.Error("not settled by its own claim")
		}
		if w.settle(d, "two", models.DeliveryDead, nil) {
			t.Error("settled twice")
		}
		got := w.stored(d.ID)
		if got.State != models.DeliveryDelivered || got.Attempts != 1 || got.FinishedAt != w.s.Now() || got.Claim != "" ||
			!got.LockedUntil.IsZero() ||
			!got.NextAt.IsZero() {
			t.Errorf("settled as %+v", got)
		}
		list, err := w.s.AttemptsOf(t.Context(), got)
		lost := models.Attempt{
			Number: 1,
			At:     w.s.Now(),
			Result: models.ResultLost,
			Reason: "The program stopped while it was sending this",
		}
		want := []models.Attempt{lost, *attempt("late"), *attempt("own")}
		want[1].Number, want[2].Number = 2, 3
		if diff := cmp.Diff(want, list); err != nil || diff != "" {
			t.Errorf("attempts, %v: %s", err, diff)
		}
	})
}

// A lease of work belongs to one holder until it ends.
func TestTakeLease(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		take := func(holder string) bool {
			t.Helper()
			var mine bool
			w.write(func(tx *models.Tx) (err error) {
				mine, err = tx.TakeLease("route", holder, tx.Now().Add(lease))
				return err
			})
			return mine
		}
		want := func(what string, one, two bool) {
			t.Helper()
			if a, b := take("one"), take("two"); a != one || b != two {
				t.Errorf("%s: one %v, two %v", what, a, b)
			}
		}
		want("the first", true, false)
		w.clock.Advance(lease)
		want("it goes on", true, false)
		w.clock.Advance(lease + time.Microsecond)
		if !take("two") {
			t.Error("a lease never ends")
		}
		want("the other's now", false, true)
		w.write(func(tx *models.Tx) error { return tx.DropLease("route", "one") })
		want("dropped by who does not have it", false, true)
		w.write(func(tx *models.Tx) error { return tx.DropLease("route", "two") })
		want("dropped", true, false)
		w.write(func(tx *models.Tx) error { return tx.DropLeases() })
		if !take("two") {
			t.Error("all were dropped, and it is held")
		}
	})
}

// Only one instance gets a slot of a job.
func TestTakeSlot(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		take := func(slot, instance string) (mine bool) {
			t.Helper()
			w.write(func(tx *models.Tx) (err error) { mine, err = tx.TakeSlot("sweep", slot, instance); return err })
			return mine
		}
		last := func(want string) {
			t.Helper()
			if slot, err := w.s.LastSlot(t.Context(), "sweep"); err != nil || slot != want {
				t.Errorf("the last is %q, want %q: %v", slot, want, err)
			}
		}
		last("")
		if !take("01", "one") || take("01", "two") || take("01", "one") || !take("02", "two") || !take("03", "one") {
			t.Error("a slot was given twice, or not at all")
		}
		last("03")
		forget := func(before string, limit int, want int64) {
			t.Helper()
			var n int64
			w.write(func(tx *models.Tx) (err error) { n, err = tx.DeleteOldSlots("sweep", before, limit); return err })
			if n != want {
				t.Errorf("%d slots went before %s, want %d", n, before, want)
			}
		}
		forget("01", 10, 0)
		forget("99", 1, 1)
		forget("99", 10, 1)
		last("03") // which is never forgotten
	})
}

// Only one run of a job is in progress; one that died is replaced when its lease has ended, and
// can no longer finish.
func TestJobRuns(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		start := func(job string) (run models.JobRun, may bool) {
			t.Helper()
			w.write(func(tx *models.Tx) (err error) {
				run = models.JobRun{Job: job, Instance: "one", By: "ann", LeaseUntil: tx.Now().Add(time.Minute)}
				may, err = tx.StartRun(&run)
				return err
			})
			return run, may
		}
		finish := func(run models.JobRun, result models.RunResult) {
			run.Result, run.Message, run.Affected = result, "said", 7
			w.write(func(tx *models.Tx) error { return tx.FinishRun(run) })
		}
		keep := func(run models.JobRun) (counts bool) {
			w.write(func(tx *models.Tx) (err error) {
				counts, err = tx.KeepRun(run.ID, tx.Now().Add(time.Minute))
				return err
			})
			return counts
		}
		runs := func(after string, want ...models.RunResult) []models.JobRun {
			t.Helper()
			list, err := w.s.JobRuns(t.Context(), models.RunFilter{Job: "sweep", Place: models.Place{Key: after}, Limit: 10})
			var got []models.RunResult
			for _, run := range list {
				got = append(got, run.Result)
			}
			if err != nil || !slices.Equal(got, want) {
				t.Errorf("runs %v, want %v: %v", got, want, err)
			}
			return list
		}
		first, may := start("sweep")
		if _, again := start("sweep"); !may || again {
			t.Error("two at once, or none")
		}
		if _, other := start("other"); !other {
			t.Error("another job has to wait")
		}
		w.clock.Advance(50 * time.Second)
		if !keep(first) {
			t.Error("it does not count")
		}
		w.clock.Advance(50 * time.Second)
		finish(first, models.RunOK)
		second, _ := start("sweep")
		w.clock.Advance(61 * time.Second)
		list := runs("", models.RunLost, models.RunOK)
		if got := list[1]; got.Took() != 100*time.Second || got.Message != "said" || got.Affected != 7 || got.By != "ann" {
			t.Errorf("the first: %+v", got)
		}
		if _, may := start("sweep"); !may {
			t.Error("one that died is in the way")
		}
		finish(second, models.RunOK)
		if keep(second) {
			t.Error("it counts again")
		}
		runs("", models.RunRunning, models.RunLost, models.RunOK)
		runs(strconv.FormatInt(second.ID, 10), models.RunOK)
		w.write(func(tx *models.Tx) error { return tx.MarkRunsLost() })
		runs("", models.RunLost, models.RunLost, models.RunOK)
	})
}
