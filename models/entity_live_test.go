package models_test

import (
	"testing"
	"time"

	"gatecrier/models"
)

// The mark of a product changes with its default branch and with each import of it, and with
// nothing else.
func TestProductMarks_FollowTheDefaultBranch(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		owner := w.user("ann")
		shop, other := w.product("Shop", owner), w.product("Other", owner)
		main, dev := w.branchOf(shop, "main"), w.branchOf(shop, "dev")
		source := models.Source{BranchID: main.ID, Scanner: "trivy", Format: "sarif", LastReportAt: noon}
		last := map[int64]string{}
		for _, step := range []struct {
			name    string
			change  func(tx *models.Tx) error
			changes bool
		}{
			{"a first report", func(tx *models.Tx) error { return tx.SaveSource(&source) }, true},
			{"nothing", func(*models.Tx) error { return nil }, false},
			{"another branch", func(tx *models.Tx) error {
				dev.Gate, dev.Since = models.GateFailed, noon.Add(time.Hour)
				return tx.SaveGate(dev)
			}, false},
			{"the gate", func(tx *models.Tx) error {
				main.Gate = models.GateFailed
				return tx.SaveGate(main)
			}, true},
			{"the counts", func(tx *models.Tx) error {
				main.CountedAt = noon.Add(time.Minute)
				return tx.SaveGate(main)
			}, true},
			{"stale", func(tx *models.Tx) error { return tx.SaveStale(main.ID, noon) }, true},
		} {
			w.write(step.change)
			marks, err := w.s.ProductMarks(t.Context(), []int64{shop, other})
			if err != nil || len(marks) != 2 {
				t.Fatalf("%s: %v, %v", step.name, marks, err)
			}
			if changed := marks[shop] != last[shop]; changed != step.changes {
				t.Errorf("%s: the mark changes: %v, want %v", step.name, changed, step.changes)
			}
			if last[other] != "" && marks[other] != last[other] {
				t.Errorf("%s: the mark of another product changes", step.name)
			}
			last = marks
		}
	})
}
