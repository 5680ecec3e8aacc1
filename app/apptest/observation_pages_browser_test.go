package apptest_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"gatecrier/app/apptest"
	"gatecrier/app/authz"
	"gatecrier/app/observation"
	"gatecrier/models"
)

// TestObservationFiltersInTheBrowser searches and filters by hand.
func TestObservationFiltersInTheBrowser(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{ClockBehind: 4 * time.Hour})
	c := p.Client("admin")
	s := newProduct(t, c, "Shop", "")
	b := apptest.NewBrowser(t, p.URL)
	signInBrowser(b, "admin", apptest.Password)
	checkNoLayoutShift(t, b, "observations-none", "/products/1")
	b.WantText("Send the first report", "No observations (findings) yet")
	c.Must(http.StatusCreated, "POST", s.path+"/reports", largeReport(64, mixedSeverity))
	c.Must(http.StatusCreated, "POST", s.path+"/reports?scanner=other", largeReport(1, sameSeverity("Critical")))
	c.Must(http.StatusCreated, "POST", s.path+"/reports?branch=feature", largeReport(3, sameSeverity("Low")))
	p.Clock.Advance(2 * time.Hour)

	// Search and filters are in the URL, and combine.
	checkNoLayoutShift(t, b, "observations", "/products/1")
	b.WantText("50 of 65 observations", "fails the gate", "Assess all 65 matching…")
	b.Press("nav[aria-label='Filter by severity'] a[href*='severity=high']")
	b.WantText("7 observations")
	b.Fill("#find-q", "LIB5")
	b.Press(".gc-filter button")
	b.WantText("CVE-000005", "1 observation shown")
	const found = "/products/1?severity=high&q=LIB5&branch=&status=&scanner=&assessed=&kev=&fix=&cwe="
	if b.Path() != found {
		t.Errorf("the URL is %s", b.Path())
	}
	b.Press("nav[aria-label='Show'] a[href*='active=false']")
	b.WantText("No observations match")
	b.CheckPage("observations-nothing")
	b.Press(".gc-filter a.btn")
	b.WantText("50 of 65 observations")
	b.Press("a[rel=next]")
	b.WantText("51–65 of 65 observations", "First", "Previous")
	b.Open("/products/1")
	b.Do(chromedp.SetValue("#find-branch", "feature"))
	b.Press(".gc-filter button")
	b.WantText("3 observations")
}

// A user assesses some observations with the keyboard alone, and all of a filter while another user
// assesses too.
func TestBulkAssessmentInTheBrowser(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{ClockBehind: 4 * time.Hour})
	c := p.Client("admin")
	s := newProduct(t, c, "Shop", "")
	c.Must(http.StatusCreated, "POST", s.path+"/reports", largeReport(64, mixedSeverity))
	b := apptest.NewBrowser(t, p.URL)
	signInBrowser(b, "admin", apptest.Password)

	// Assess seven with the keyboard alone.
	b.Open("/products/1?severity=high")
	b.TabThrough("the list of observations")
	b.Open("/products/1?severity=high")
	b.Tab("#all")
	b.Type(" ")
	b.WaitFor("they are counted", `document.querySelector("[data-select-count]").textContent === "7 selected"`)
	b.CheckPage("observations-selected")
	b.Open("/products/1?severity=high")
	b.Tab("#all")
	b.Type(" ")
	b.Tab(".gc-bulk button")
	b.Enter()
	b.WantText("Assess 7 observations", "Individually selected", "CVE-000001")
	if shift := b.LayoutShift(); shift >= 0.05 {
		t.Errorf("the form moves: %.3f", shift)
	}
	b.CheckPage("assess")
	b.Tab("#assess-status")
	b.Type("risk")
	b.WaitFor("its day can be chosen", `document.querySelector("#assess-until").checkVisibility() &&
		!document.querySelector("#assess-same").checkVisibility()`)
	b.Tab("button[type=submit].btn-primary")
	b.Enter()
	b.WantText("Enter the reason for accepting the risk")
	b.Tab("#assess-status")
	b.Type("false")
	b.WaitFor("it is chosen", `document.querySelector("#assess-status").value === "false_positive"`)
	b.Tab("#assess-comment")
	b.Type("dead code")
	b.Tab("button[type=submit].btn-primary")
	b.Enter()
	b.WantText("7 observations assessed: the gate remains failed", "No observations match")

	// All of a filter, while another user assesses.
	b.Open("/products/1?severity=medium")
	b.Press("a[href*='all=56']")
	b.WantText("Assess 56 observations", "All matching observations on main: active, medium", "and 48 more")
	admin := authz.UserActor(models.User{ID: 1, Name: "admin", Administrator: true})
	rows, err := p.Store.Observations(t.Context(), apptest.AllProducts(),
		models.ObservationFilter{ProductID: s.id, Text: "lib63", Limit: 1})
	if err != nil || len(rows) != 1 {
		t.Fatalf("%d rows: %v", len(rows), err)
	}
	waiver := observation.Assessment{Status: models.StatusNotAffected}
	_, _, err = p.Observations.Assess(t.Context(), admin, rows[0].ID, waiver)
	if err != nil {
		t.Fatal(err)
	}
	b.Do(chromedp.SetValue("#assess-status", "not_security"))
	b.Press(".gc-assess button[type=submit]")
	b.WantText("There are 55 observations now, not 56", "No changes were made", "Assess 55 observations")
	b.CheckPage("assess-conflict")
	b.Press(".gc-assess button[type=submit]")
	b.WantText("55 observations assessed: the gate remains failed")
	b.Open("/products/1?assessed=true&active=all&severity=high")
	b.WantText("7 observations", "false positive", "by admin")
	b.CheckPage("observations-assessed")
}

// TestObservationInTheBrowser calls one a duplicate, accepts a risk for a time,
// takes that back, and enters one by hand.
func TestObservationInTheBrowser(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{ClockBehind: 4 * time.Hour})
	receiver := apptest.NewReceiver(t)
	c := p.Client("admin")
	s := newProduct(t, c, "Shop", receiver.URL)
	c.Must(http.StatusCreated, "POST", s.path+"/reports", largeReport(1, sameSeverity("Critical")))
	c.Must(http.StatusCreated, "POST", s.path+"/reports?scanner=other", largeReport(1, sameSeverity("Critical")))
	b := apptest.NewBrowser(t, p.URL)
	signInBrowser(b, "admin", apptest.Password)

	// One of the two is a duplicate of the other.
	checkNoLayoutShift(t, b, "observation", "/products/1/observations/2")
	b.WantText("CVE-000000", "other", "The gate fails because of it", "Found in a report")
	b.TabThrough("the page of an observation")
	b.Press("a[href$='/observations/2/duplicate']")
	b.Press("form[action$='/duplicate'] .btn-primary")
	b.WantText("Choose an observation, or enter its ID")
	b.CheckPage("duplicate")
	b.Do(chromedp.Click("#same-1"))
	b.Press("form[action$='/duplicate'] .btn-primary")
	b.WantText("Observation marked as duplicate: the gate remains failed", "Duplicate of", "duplicate of observation 1")
	b.CheckPage("observation-duplicate")
	b.Press("#same + *, section[aria-labelledby=same] a[href$='/observations/1']")
	b.WantText("Duplicates of this observation", "CVE-000000")

	// The risk of that one is accepted for a time.
	b.Do(chromedp.SetValue("#assess-status", "risk_accepted"))
	b.Do(chromedp.SetValue("#assess-severity", "high"))
	b.Press(".gc-assess button[type=submit]")
	b.WantText("Enter the reason for accepting the risk")
	b.CheckPage("observation-wrong")
	b.Fill("#assess-comment", "Behind the firewall until the rewrite")
	b.Press(".gc-assess button[type=submit]")
	b.WantText("Observation assessed: the gate changed from failed to passed", "risk accepted",
		"Behind the firewall until the rewrite", "(in 30 days)", p.Clock.Now().UTC().AddDate(0, 0, 30).Format("2 Jan 2006"))
	b.CheckPage("observation-waived")
	b.TabThrough("the page of a waiver")
	receiver.Wait(t, 2)
	b.Open("/products/1?status=risk_accepted")
	b.WantText("by admin until", "reported critical")
	b.CheckPage("observations-waived")
	b.Open("/products/1/observations/1")
	b.Press(".card-footer button.btn-sm")
	b.WantText("Assessment reset: the gate changed from passed to failed", "none", "admin reset the assessment")
	b.CheckPage("observation-history")
	receiver.Wait(t, 3)
	b.Do(chromedp.SetValue("#assess-status", "resolved"))
	b.Press(".gc-assess button[type=submit]")
	b.WantText("from failed to passed")

	// Its duplicate counts again when the scanner no longer reports it.
	c.Must(http.StatusCreated, "POST", s.path+"/reports", largeReport(0, nil))
	b.Open("/products/1/observations/2")
	b.WantText("The gate fails because of it", "No longer a duplicate", "Counts again: its original is resolved")
	b.CheckPage("observation-counts-again")
}

// TestManualObservationInTheBrowser enters one that no scanner finds, edits
// and deletes it; who only reads is offered nothing of all that.
func TestManualObservationInTheBrowser(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{ClockBehind: 4 * time.Hour})
	c := p.Client("admin")
	s := newProduct(t, c, "Shop", "")
	c.Must(http.StatusCreated, "POST", s.path+"/reports", largeReport(1, sameSeverity("Low")))
	b := apptest.NewBrowser(t, p.URL)
	signInBrowser(b, "admin", apptest.Password)
	b.Open("/products/1")
	b.Press("a[href='/products/1/observations/new']")
	b.CheckPage("manual-new")
	b.TabThrough("the form of an observation")
	b.Evaluate(`document.querySelectorAll("form").forEach(f => f.noValidate = true)`)
	b.Fill("[name=url]", "nowhere")
	b.Press("form[action$='/observations'] .btn-primary")
	b.WantText("Choose a severity")
	b.Fill("[name=title]", "Default password of the console")
	b.Do(chromedp.SetValue("[name=severity]", "critical"))
	b.Press("form[action$='/observations'] .btn-primary")
	b.WantText("An address that begins with")
	b.CheckPage("manual-wrong")
	b.Fill("[name=url]", "https://example.org/advisory")
	b.Press("form[action$='/observations'] .btn-primary")
	b.WantText("Observation added: the gate changed from passed to failed", "added manually")
	b.CheckPage("manual")
	b.Press("a[href$='/edit']")
	b.Fill("[name=component]", "console 3")
	b.CheckPage("manual-edit")
	b.Press("form[action$='/edit'] .btn-primary")
	b.WantText("Observation saved", "console 3", "admin edited the observation", "Changed: component")
	checkEditConflict(t, p, b)
	b.Press("a[href$='/delete']")
	b.WantText("main has 1 active critical, and 0 without it", "changes from failed to passed")
	b.CheckPage("manual-delete")
	b.Press("main .btn-danger")
	b.WantText("deleted: the gate changed from failed to passed")

	// A reader sees no actions.
	p.User("rita")
	c.Must(http.StatusCreated, "POST", s.path+"/members", object{"user": "rita", "role": "reader"})
	rita := apptest.NewBrowser(t, p.URL)
	signInBrowser(rita, "rita", apptest.Password)
	checkNoLayoutShift(t, rita, "observations-reader", "/products/1?active=all")
	checkNoLayoutShift(t, rita, "observation-reader", "/products/1/observations/1")
	rita.Type(kb.Tab)
	for _, path := range []string{"/products/1?active=all", "/products/1/observations/1"} {
		rita.Open(path)
		rita.WaitFor("no form changes anything",
			`document.querySelectorAll("main form[method=post], main [type=checkbox]").length === 0`)
	}
}

// checkEditConflict edits an observation while another user does: the form shows what that user has
// changed, keeps the input, and saves it when asked again.
func checkEditConflict(t *testing.T, p *apptest.Program, b *apptest.Browser) {
	t.Helper()
	b.Press("a[href$='/edit']")
	b.Fill("[name=location]", "/console/login")
	p.User("ann")
	c := p.Client("admin")
	c.Must(http.StatusCreated, "POST", "/products/1/members", object{"user": "ann", "role": "writer"})
	p.Client("ann").Must(http.StatusOK, "PATCH", "/observations/2",
		object{"title": "Default password", "severity": "high", "fix": "Ask for another one"})
	b.Press("form[action$='/edit'] .btn-primary")
	b.WantText("In the meantime, ann changed title, severity, fix", "Look at both, then save again",
		"ann changed this to “Default password”", "ann changed this to “high”",
		"ann changed this to “Ask for another one”")
	b.WaitFor("the input is kept", `document.querySelector("[name=location]").value === "/console/login" &&
		document.querySelector("[name=title]").value === "Default password of the console" &&
		document.querySelector("[name=severity]").value === "critical"`)
	b.CheckPage("manual-conflict")
	b.TabThrough("the form with a conflict")
	b.Press("form[action$='/edit'] .btn-primary")
	b.WantText("Observation saved", "/console/login", "Default password of the console", "ann edited the observation")
}
