package apptest_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"gatecrier/app/apptest"
)

// A user finds out how a gate changed, who was notified, and which observations came and went.
func TestGateHistoryInTheBrowser(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	// Start at noon, so that the ends of days are where the test expects them.
	p.Clock.Advance(36*time.Hour - p.Clock.Now().UTC().Sub(p.Clock.Now().UTC().Truncate(24*time.Hour)))
	receiver, c := apptest.NewReceiver(t), p.Client("admin")
	c.Must(http.StatusOK, "PATCH", "/settings/users", object{"session_hours": 720})
	s := newProduct(t, c, "Shop", receiver.URL)
	pass := func(d time.Duration) {
		p.Clock.Advance(d)
		p.Wake()
	}
	b := apptest.NewBrowser(t, p.URL)
	signInBrowser(b, "admin", apptest.Password)
	checkNoLayoutShift(t, b, "history-empty", s.path+"?tab=history")
	checkNoLayoutShift(t, b, "compare-empty", s.path+"/compare")
	b.WantText("Compare two points in time", "No new observations")

	// The product's own times, one of them invalid.
	b.Open(s.path + "?tab=settings")
	b.Fill("[name=hold_seconds]", "soon")
	b.Fill("[name=stale_after]", "14 minutes")
	b.Press("form[action$='/settings'] button[type=submit]")
	b.WantText("Enter a time such as “1 hour”")
	b.Fill("[name=hold_seconds]", "10 min")
	b.Press("form[action$='/settings'] button[type=submit]")
	b.WantText("15 minutes (900 seconds) to 30 days")
	b.CheckPage("product-times-error")
	b.Fill("[name=stale_after]", "1 day")
	b.Press("form[action$='/settings'] button[type=submit]")
	b.WantText("Settings saved", "Now: 10 minutes (set for this product)", "Now: 1 day (set for this product)")
	checkNoLayoutShift(t, b, "product-times", s.path+"?tab=settings")

	setCritical(c, s, 0)
	pass(11 * time.Minute)
	receiver.Wait(t, 1)
	setCritical(c, s, 2)
	pass(3 * time.Minute)
	setCritical(c, s, 0)
	pass(26 * time.Hour)
	runStaleJob(t, p)
	c.Must(http.StatusCreated, "POST", s.path+"/reports?source=deps", apptest.Report(t, "grype-image.json"))
	pass(11 * time.Minute)
	apptest.Eventually(t, "it is announced", func() bool {
		return strings.Contains(strings.Join(historyWithHold(c, s), ","), "passed failed later")
	})
	c.Must(http.StatusCreated, "POST", s.path+"/reports?source=deps", apptest.Report(t, "grype-none.json"))
	pass(3 * time.Minute)

	checkNoLayoutShift(t, b, "history-waits", s.path+"?tab=history")
	b.WantText("Gate changes are notified after a hold time of 10 min", "unless the gate returns",
		"Not notified: the gate returned within 3 min", "Not notified: the gate returned to the last notified state",
		"Notified after a hold time of 11 min", "Evaluated against the global thresholds: critical 0, high 0",
		"A report of grype", "sent by admin",
		"Passed for 3 min; on hold, will be notified at", "CVE-2023-44981")
	b.Evaluate(`{
		const a = document.querySelector(".gc-past a[href*='change-']");
		if (!a) throw new Error("no part of the picture leads to its row");
		location.href = a.getAttribute("href");
	}`)
	b.WaitFor("a part of the picture leads to its row", `document.querySelector(".gc-changes > li:target") !== null`)

	// Compare two moments: by default, with the form, by severity.
	b.Open(s.path + "?tab=history")
	b.Press("a.btn[href$='/compare']")
	b.WantText("Compare two points in time", "Resolved", "35", "Failed", "Passed")
	checkNoLayoutShift(t, b, "compare", s.path+"/compare")
	b.Press(".gc-chips a[href*='severity=critical']")
	b.WantText("CVE-2023-44981")
	if text := b.Text(); strings.Contains(text, "CVE-2023-2828") {
		t.Error("Filter by severity to see others")
	}
	// Within the 26 hours, after the end of their first day, whatever the current time.
	day := p.Clock.Now().
		UTC().
		Add(-26*time.Hour - 20*time.Minute).
		Truncate(24 * time.Hour).
		Add(24*time.Hour + 30*time.Minute).
		Format("2006-01-02T15:04")
	checkNoLayoutShift(t, b, "compare-by-day", s.path+"/compare?from_at="+day)
	b.WantText("the counts as of the end of", "counts are stored once per day")
	b.Open(s.path + "/compare?from_at=" + p.Clock.Now().UTC().Add(time.Hour).Format("2006-01-02T15:04"))
	b.WantText("Must be before the other time")
	b.CheckPage("compare-wrong")
}

// A user sees on the product page, in the list and on the overview that a product gets no reports.
func TestStaleProductInTheBrowser(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	c := p.Client("admin")
	c.Must(http.StatusOK, "PATCH", "/settings/users", object{"session_hours": 720})
	s := newProduct(t, c, "Shop", "")
	c.Must(http.StatusOK, "PATCH", s.path, object{"stale_after": 86400})
	setCritical(c, s, 0)
	p.Clock.Advance(25 * time.Hour)
	runStaleJob(t, p)
	b := apptest.NewBrowser(t, p.URL)
	signInBrowser(b, "admin", apptest.Password)
	checkNoLayoutShift(t, b, "product-stale", s.path)
	b.WantText("Stale: no recent reports", "1 stale")
	checkNoLayoutShift(t, b, "overview-stale", "/")
	b.WantText("1 product is stale")
	checkNoLayoutShift(t, b, "products-stale", "/products?stale=1")
	b.WantText("Stale products only", "stale for")
	setCritical(c, s, 0)
	b.Open(s.path)
	if text := b.Text(); strings.Contains(text, "Stale: no recent reports") {
		t.Error("a report has come, and it is still stale")
	}
}
