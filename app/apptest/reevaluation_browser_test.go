package apptest_test

import (
	"testing"

	"gatecrier/app/apptest"
	"gatecrier/models"
)

// The gate settings page updates the progress of the evaluation of all gates. The form neither
// moves nor loses input.
func TestReevaluationInTheBrowser(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	b := apptest.NewBrowser(t, p.URL)
	b.Open("/admin/settings/gate")
	b.Fill("#f-name", "admin")
	b.Fill("#f-password", apptest.Password)
	b.Press("form[action='/login'] button")
	b.WantText("All gates are up to date")
	b.CheckPage("sweep-none")

	// Another instance has newer settings, and evaluates.
	at := models.GateSweep{Run: 1, Version: 7}
	further := func(seen, changed int64, done bool) {
		t.Helper()
		from := at.BranchID
		at.BranchID, at.Seen, at.Changed, at.Done = seen, seen, changed, done
		if done {
			at.FinishedAt = p.Store.Now()
		}
		err := p.Store.Write(t.Context(), func(tx *models.Tx) error {
			ok, err := tx.SaveGateSweep(at, from)
			if !ok {
				t.Error("not saved")
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	err := p.Store.Write(t.Context(),
		func(tx *models.Tx) error { _, err := tx.BeginGateSweep(models.GateSweep{}, 7, 10_000); return err })
	if err != nil {
		t.Fatal(err)
	}
	further(4200, 1834, false)
	b.Open("/admin/settings/gate")
	b.WantText("4200 of 10 000 gates evaluated, 1834 changed")
	b.CheckPage("sweep")
	b.Open("/admin/settings/gate")
	b.Fill("[name=threshold_high]", "77")
	further(9000, 4000, false)
	b.WaitFor("it has come further, without a press", `document.querySelector("#sweep progress").value === 9000`)
	further(10_000, 4567, true)
	b.WaitFor("it is done", `["10\u202f000 gates evaluated, 4567 changed", "Done"].every(text =>
		document.querySelector("#sweep").innerText.includes(text))`)
	b.WaitFor("what was typed is still there", `document.querySelector("[name=threshold_high]").value === "77"`)
	b.WaitFor("it does not ask any more", `!document.querySelector("#sweep").hasAttribute("hx-get")`)
	if shift := b.LayoutShift(); shift >= 0.05 {
		t.Errorf("layout shift %.3f", shift)
	}
	b.CheckPage("sweep-done")
}
