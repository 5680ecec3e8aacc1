package apptest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"gatecrier/app/apptest"
	"gatecrier/models"
)

// writeDrift writes rows that no use case would write.
func writeDrift(t *testing.T, s *models.Store, fn func(tx *models.Tx) error) {
	t.Helper()
	if err := s.Write(t.Context(), fn); err != nil {
		t.Fatal(err)
	}
}

// defaultBranch returns a product's default branch.
func defaultBranch(t *testing.T, s *models.Store, id int64) models.Branch {
	t.Helper()
	row, err := s.Product(t.Context(), apptest.AllProducts(), id)
	if err != nil {
		t.Fatal(err)
	}
	return row.Default
}

// The hourly job repairs drift of counts, sums and states, reports it, and notifies once of a gate
// that it changes.
func TestReconcile_RepairsDrift(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		receiver := apptest.NewReceiver(t)
		c := p.Client("admin")
		put := func(s productFixture, critical int) {
			t.Helper()
			c.Must(http.StatusOK, "PUT", s.path+"/counts", object{"scanner": "bare", "counts": criticalCounts(critical)})
		}
		report := func(s productFixture) models.Source {
			t.Helper()
			c.Must(http.StatusCreated, "POST", s.path+"/reports", apptest.Report(t, "grype-image.json"))
			list, err := p.Store.Sources(t.Context(), apptest.AllProducts(), s.id)
			if err != nil || len(list) != 1 {
				t.Fatal(list, err)
			}
			return list[0].Source
		}
		worst := func(s productFixture) int64 {
			t.Helper()
			return c.Must(http.StatusOK, "GET", s.path+"/observations?severity=critical", nil).ID("items.0.id")
		}

		rows := newProduct(t, c, "Rows", "")
		sums := newProduct(t, c, "Sums", receiver.URL)
		state := newProduct(t, c, "State", "")
		fine := newProduct(t, c, "Fine", "")
		busy, never := newProduct(t, c, "Busy", ""), newProduct(t, c, "Never evaluated", "")
		was := report(rows)
		put(sums, 0)
		receiver.Wait(t, 1)
		put(state, 1)
		report(fine)
		atWork := report(busy)
		gone, busyGone := worst(rows), worst(busy)
		writeDrift(t, p.Store, func(tx *models.Tx) error {
			if err := tx.DeleteObservation(gone); err != nil {
				return err
			}
			if err := tx.BeginStaging(&atWork, 1); err != nil {
				return err
			}
			return tx.DeleteObservation(busyGone)
		})
		writeDrift(t, p.Store, func(tx *models.Tx) error {
			list, err := tx.Sources(tx.Context(), apptest.AllProducts(), sums.id)
			if err != nil {
				return err
			}
			by := models.Breakdown{Counts: models.Counts{Critical: 2}}
			return tx.ShiftSource(list[0].ID, by) // of bare counts: the source is right
		})
		writeDrift(t, p.Store, func(tx *models.Tx) error {
			b := defaultBranch(t, p.Store, state.id)
			b.Gate, b.Why = models.GatePassed, "by mistake"
			return tx.SaveGate(b)
		})

		job := runJob(t, c, "reconcile_gates")
		const want = "3 repaired: Rows (main): 0 critical instead of 1; " +
			"Sums (main): 2 critical instead of 0, failed instead of passed; " +
			"State (main): failed instead of passed"
		if got := fmt.Sprint(job.Get("last.message")); job.ID("last.rows") != 3 || got != want {
			t.Errorf("%d rows: %s", job.ID("last.rows"), got)
		}
		if got := defaultBranch(t, p.Store, rows.id); got.Counts != was.Counts.Minus(models.Counts{Critical: 1}) {
			t.Errorf("%+v, want one critical less than %+v", got.Counts, was.Counts)
		}
		if got := defaultBranch(t, p.Store, never.id); got.Evaluated || got.Gate != models.GateNone {
			t.Errorf("what was never evaluated: %+v", got)
		}
		m := receiver.Wait(t, 2)
		if text := string(m.Body); !strings.Contains(text, `"kind":"reconcile","text":"the hourly reconciliation"`) ||
			!strings.Contains(text, `"to":"failed"`) {
			t.Errorf("the message does not say why: %s", text)
		}
		if n := strings.Count(p.Logged(), `msg="repair drift"`); n != 3 {
			t.Errorf("%d lines of the log", n)
		}

		checkStagedDrift(t, p, c, atWork)
		if n := len(receiver.Messages()); n != 2 {
			t.Errorf("%d messages, want one of the first report and one of what was mended", n)
		}
		if got := c.Must(http.StatusOK, "GET", fine.path+"/gate/history", nil); got.Get("items.1") != nil {
			t.Errorf("what had not drifted: %s", got.Text)
		}
	})
}

// checkStagedDrift checks that nothing drifts any more, except the source with a staged import, which
// the job repairs after the import.
func checkStagedDrift(t *testing.T, p *apptest.Program, c *apptest.Client, atWork models.Source) {
	if job := runJob(t, c, "reconcile_gates"); job.ID("last.rows") != 0 || job.Get("last.message") != "" {
		t.Errorf("again: %v", job.JSON)
	}
	writeDrift(t, p.Store, func(tx *models.Tx) error {
		for done := false; !done; {
			var err error
			if done, err = tx.SettleSome(atWork.ID, 10); err != nil {
				return err
			}
		}
		return nil
	})
	if job := runJob(t, c, "reconcile_gates"); job.ID("last.rows") != 1 ||
		job.Get("last.message") != "1 repaired: Busy (main): 0 critical instead of 1" {
		t.Errorf("what had to wait: %v", job.JSON)
	}
}

// Without drift, the job writes nothing.
func TestReconcile_WritesNothingWithoutDrift(t *testing.T) {
	t.Parallel()
	w := newRandomWalk(t, "", 1)
	for i := range 200 {
		w.doStep(i)
	}
	if err := w.app.Sweeper.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	before := w.app.Store.Stats().Commits
	repairs, err := w.app.Reconciler.Reconcile(t.Context())
	if err != nil || repairs.String() != "" {
		t.Errorf("repairs %q, %v", repairs, err)
	}
	if n := w.app.Store.Stats().Commits - before; n != 0 {
		t.Errorf("%d commits", n)
	}
}
