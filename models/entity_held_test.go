package models_test

import (
	"slices"
	"testing"
	"time"

	"gatecrier/models"
)

// Held deliveries are in no queue until they are released, then in their order, before newer ones.
func TestHeldDeliveries(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		product := w.product("shop", w.user("ann"))
		hook := w.connection(product, "hook")
		var old []int64
		for range 3 {
			old = append(old, w.delivery(hook, product).ID)
		}
		w.claim("gone", old[0])
		var held int64
		w.write(func(tx *models.Tx) error {
			if err := tx.SaveRestore(tx.Now().Add(-time.Hour)); err != nil {
				return err
			}
			for n := int64(2); n == 2; held += n {
				var err error
				if n, err = tx.HoldDeliveries(2, "why"); err != nil {
					return err
				}
			}
			return nil
		})
		if held != 3 || len(w.due()) != 0 {
			t.Errorf("%d are held, and %v are due", held, w.due())
		}
		restore, ok, err := w.s.Restore(t.Context())
		if err != nil || !ok || restore.EventID == 0 || restore.Decision != models.RestoreUndecided {
			t.Errorf("the restore: %+v, %v, %v", restore, ok, err)
		}
		newer := w.delivery(hook, product).ID
		if due := w.due(); !slices.Equal(due, []int64{newer}) {
			t.Errorf("due are %v, want the newer %d: a held one delays no other", due, newer)
		}
		targets, err := w.s.HeldTargets(t.Context())
		if err != nil || len(targets) != 1 || targets[0].Count != 3 || targets[0].Owner != "shop" ||
			targets[0].Oldest.IsZero() {
			t.Errorf("the preview is %+v, %v", targets, err)
		}
		w.write(func(tx *models.Tx) error {
			if n, err := tx.Requeue(old, 0, "by hand"); n != 0 || err != nil {
				t.Errorf("a resend takes %d held ones, %v", n, err)
			}
			for _, want := range []int{2, 1, 0} {
				if n, err := tx.ReleaseHeld(2); n != want || err != nil {
					t.Errorf("it releases %d, want %d: %v", n, want, err)
				}
			}
			return nil
		})
		if due := w.due(); !slices.Equal(due, old[:1]) {
			t.Errorf("due are %v, want the oldest, %d", due, old[0])
		}
	})
}

func TestDecideRestore_Once(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		decide := func(d models.RestoreDecision) (ok bool) {
			w.write(func(tx *models.Tx) (err error) {
				ok, err = tx.DecideRestore(d, "why", "ann")
				return err
			})
			return ok
		}
		if decide(models.RestoreSend) {
			t.Error("there is nothing to decide")
		}
		for range 2 { // the second restore asks again
			w.write(func(tx *models.Tx) error { return tx.SaveRestore(tx.Now()) })
			if !decide(models.RestoreCancel) || decide(models.RestoreSend) {
				t.Error("a decision is final")
			}
			restore, _, err := w.s.Restore(t.Context())
			if err != nil || restore.Decision != models.RestoreCancel || restore.DecidedBy != "ann" ||
				restore.Reason != "why" || restore.DecidedAt.IsZero() {
				t.Errorf("%+v, %v", restore, err)
			}
		}
	})
}
