package models_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatecrier/models"
)

// The first change after a day stores the counts at the end of that day.
func TestTrend(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		product := w.product("Shop", w.user("ann"))
		recount := func(critical int64) {
			t.Helper()
			err := w.s.Write(t.Context(), func(tx *models.Tx) error {
				g, err := tx.GateOf(product, "")
				if err != nil {
					return err
				}
				if err := tx.Recount(&g.Branch, models.Breakdown{Counts: models.Counts{Critical: critical}}); err != nil {
					return err
				}
				g.Branch.Evaluated = true
				return tx.SaveGate(g.Branch)
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		trend := func(since time.Time) []models.DayCounts {
			t.Helper()
			b, err := w.s.BranchByName(t.Context(), all, product, "")
			if err != nil {
				t.Fatal(err)
			}
			list, err := w.s.Trend(t.Context(), b, since)
			if err != nil {
				t.Fatal(err)
			}
			return list
		}
		start := w.s.Now().Truncate(24 * time.Hour)
		if got := trend(start); got != nil {
			t.Errorf("before the first report: %v", got)
		}
		recount(1)
		recount(2)
		w.clock.Advance(24 * time.Hour)
		recount(2) // no change
		w.clock.Advance(24 * time.Hour)
		recount(5)
		recount(3)
		w.clock.Advance(72 * time.Hour)
		recount(0)
		day := func(n int, critical int64) models.DayCounts {
			return models.DayCounts{Day: start.AddDate(0, 0, n), Counts: models.Counts{Critical: critical}}
		}
		if diff := cmp.Diff([]models.DayCounts{day(0, 2), day(2, 3), day(5, 0)}, trend(start)); diff != "" {
			t.Errorf("all (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]models.DayCounts{day(2, 3), day(5, 0)}, trend(start.AddDate(0, 0, 4))); diff != "" {
			t.Errorf("with what held at the beginning (-want +got):\n%s", diff)
		}
		if err := w.deleteProduct(product); err != nil {
			t.Fatal(err)
		}
		var n int
		if err := w.s.Get(t.Context(), "SELECT count(*) FROM branch_days", nil, &n); err != nil || n != 0 {
			t.Errorf("%d days are left of a deleted product, %v", n, err)
		}
	})
}
