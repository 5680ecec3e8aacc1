package apptest_test

import (
	"net/http"
	"testing"

	"gatecrier/app/apptest"
	"gatecrier/models"
)

// The tab of the observations shows the progress of an assessment of many observations. When it ends,
// the list shows the result, and what was typed in the filter stays.
func TestAssessmentInPartsInTheBrowser(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	c := p.Client("admin")
	s := newProduct(t, c, "Checkout", "")
	report := findingsReport("CVE-2031-1 High", "CVE-2031-2 Low", "CVE-2031-3 Low")
	c.Must(http.StatusCreated, "POST", s.path+"/reports", report)
	branch := defaultBranch(t, p.Store, s.id)
	sources, err := p.Store.AllSources(t.Context(), branch.ID)
	if err != nil || len(sources) != 1 {
		t.Fatalf("sources: %+v, %v", sources, err)
	}
	rows := make([]models.AssessmentRunRow, 2)
	for i, title := range []string{"CVE-2031-1", "CVE-2031-2"} {
		rows[i] = models.AssessmentRunRow{ObservationID: s.observation(t, c, title).ID("id"), BranchID: branch.ID}
	}
	run := models.AssessmentRun{ProductID: s.id, Input: models.AssessmentInput{
		Action: models.ActionAssess, Status: models.StatusNotAffected, Comment: "The feature is off", Actor: "ann",
	}}
	write := func(fn func(tx *models.Tx) error) {
		t.Helper()
		if err := p.Store.Write(t.Context(), fn); err != nil {
			t.Fatal(err)
		}
	}
	write(func(tx *models.Tx) error { // a large import of the source keeps the assessment back
		if err := tx.BeginStaging(&sources[0], 1); err != nil {
			return err
		}
		return tx.BeginAssessmentRun(&run, rows)
	})

	b := apptest.NewBrowser(t, p.URL)
	signInBrowser(b, "admin", apptest.Password)
	b.Open(s.path)
	b.WantText("Assessment in progress", "0 of 2 observations assessed", "CVE-2031-1", "CVE-2031-2", "CVE-2031-3")
	b.CheckPage("assessments")
	b.Fill("#find-q", "typed meanwhile")
	write(func(tx *models.Tx) error {
		for done := false; !done; {
			var err error
			if done, err = tx.SettleSome(sources[0].ID, 10); err != nil {
				return err
			}
		}
		return nil
	})
	b.WaitFor("the progress is gone", `!document.querySelector("#assessments")`)
	b.WaitFor("the list has what is left", `
		["CVE-2031-1", "CVE-2031-2", "CVE-2031-3"].filter(text =>
			document.querySelector("#observations").innerText.includes(text)).join() === "CVE-2031-3"`)
	b.WaitFor("what was typed is still there", `document.querySelector("#find-q").value === "typed meanwhile"`)
	b.Evaluate(`document.querySelector("#observations input[name=id]").click()`)
	b.WaitFor("rows can be selected", `document.querySelector("[data-select-count]").textContent === "1 selected"`)
	b.WaitFor("it does not ask any more", `!document.querySelector("#observations").hasAttribute("hx-get")`)
	b.CheckPage("assessments-done")
}
