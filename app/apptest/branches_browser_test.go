package apptest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"gatecrier/app/apptest"
)

// A user compares branches, protects one, changes the default branch, and uses the badge.
func TestBranchesInTheBrowser(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{ClockBehind: 4 * time.Hour})
	c := p.Client("admin")
	s := newProduct(t, c, "Checkout", "")
	c.Must(http.StatusCreated, "POST", s.path+"/reports",
		grypeReport(grypeMatches("High", "CVE-2026-1001", "CVE-2026-1002"), grypeMatches("Medium", "CVE-2026-2001")))
	acceptRisk(t, p, s, "CVE-2026-1002")
	c.Must(http.StatusCreated, "POST", s.path+"/reports?branch=feature/pay-by-link",
		grypeReport(grypeMatches("High", "CVE-2026-1001", "CVE-2026-1002", "CVE-2026-3003"),
			grypeMatches("Critical", "CVE-2026-3001", "CVE-2026-3002", "CVE-2026-3004")))
	c.Must(http.StatusCreated, "POST", s.path+"/reports?branch=release/2026.10",
		grypeReport(grypeMatches("Low", "CVE-2026-4001")))
	p.Clock.Advance(2 * time.Hour)
	pay, release := findBranch(t, c, s, "feature/pay-by-link").ID("id"), findBranch(t, c, s, "release/2026.10").ID("id")
	at := func(id int64) string { return fmt.Sprintf("%s/branches/%d", s.path, id) }

	b := apptest.NewBrowser(t, p.URL)
	signInBrowser(b, "admin", apptest.Password)
	b.Open(s.path)
	b.Press(".gc-tabs a[href$='tab=branches']")
	b.WantText("feature/pay-by-link", "3 critical, 1 high", "1 low", "default",
		"deleted, unless they are protected")
	checkNoLayoutShift(t, b, "branches", s.path+"?tab=branches")
	b.TabThrough("branches")

	b.Press("form[action='" + at(release) + "/protect'] button")
	b.WantText("Branch release/2026.10 protected")
	b.CheckPage("branches-protected")
	b.Press("form[action='" + at(release) + "/unprotect'] button")
	b.WantText("unprotected", "30 days without a report")
	b.Open(s.path + "?tab=branches&q=nonsense")
	b.WantText("No branches match your search")
	b.CheckPage("branches-none")

	checkNoLayoutShift(t, b, "comparison", at(pay))
	b.WantText("Compared with the default branch main", "3 critical (threshold 0), 3 high (threshold 0)", "CVE-2026-3001",
		"CVE-2026-3003")
	b.TabThrough("comparison")
	b.Press(".gc-chips a[href$='severity=high']")
	b.WantText("CVE-2026-3003", "1 observation shown")
	b.Press(".gc-chips a[href*='list=known']")
	b.WantText("CVE-2026-1002", "risk accepted")
	b.CheckPage("comparison-known")
	checkNoLayoutShift(t, b, "comparison-nothing", at(release)+"?severity=critical")

	// Change the default branch, after a confirmation.
	b.Open(at(release))
	b.Press("a[href='" + at(release) + "/default']")
	b.WantText("Set release/2026.10 as the default branch?", "The gate changes from failed to passed",
		"“main” will no longer be the default branch. It will be deleted after 30 days without a report")
	b.CheckPage("branch-default-ask")
	b.Press("form[action$='/default'] button")
	b.WantText("release/2026.10 set as the default branch", "Passed")
	checkNoLayoutShift(t, b, "comparison-of-the-default", at(release))

	// The confirmation names what is lost with a branch.
	b.Open(at(pay))
	b.Press("a[href='" + at(pay) + "/delete']")
	b.WantText("Lost: 6 observations", "Lost: 1 source of reports: grype",
		"The next report for this branch name creates the branch again")
	b.CheckPage("branch-delete-ask")
	b.Press("form[action$='/delete'] button")
	b.WantText("Branch feature/pay-by-link deleted")
	b.Open(at(release) + "/delete")
	b.WantText("You cannot delete the default branch")
	b.CheckPage("branch-delete-default")

	badgeInTheBrowser(t, b, s)
}

func badgeInTheBrowser(t *testing.T, b *apptest.Browser, s productFixture) {
	t.Helper()
	b.Open(s.path + "?tab=settings")
	b.Press("form[action$='/badge'] button")
	b.WantText("Badge created", "[![Security gate](", "Regenerate URL")
	b.WaitFor("the picture is there",
		`[...document.querySelectorAll("img[src^='/badge/']")].some(i => i.complete && i.naturalWidth === 88)`)
	checkNoLayoutShift(t, b, "product-settings-badge", s.path+"?tab=settings")
	b.TabThrough("settings with a badge")
	src := func() string {
		text, err := apptest.Read(b,
			chromedp.Evaluate[string](`document.querySelector("img[src^='/badge/']")?.getAttribute("src") ?? ""`))
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	was := src()
	b.Press("a[href$='/badge/renew']")
	b.WantText("The current URL stops working immediately")
	b.CheckPage("badge-renew")
	b.Press("form[action$='/badge/renew'] button")
	if now := src(); !strings.HasPrefix(now, "/badge/") || now == was {
		t.Errorf("the address was %q, now %q", was, now)
	}
	b.Open(src()) // as a document of its own: the picture has no page around it
	b.Do(chromedp.EmulateViewport(300, 100))
	b.Screenshot("badge")
	b.Do(chromedp.EmulateViewport(1440, 900))
	b.Open(s.path + "/badge/remove")
	b.Press("form[action$='/badge/remove'] button")
	b.WantText("Badge removed", "No badge yet")
}
