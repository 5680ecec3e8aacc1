package apptest_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"gatecrier/app/apptest"
)

// checkNoLayoutShift opens and checks a page, and fails the test if it moves while it loads.
func checkNoLayoutShift(t *testing.T, b *apptest.Browser, name, path string) {
	t.Helper()
	b.Open(path)
	if shift := b.LayoutShift(); shift >= 0.05 {
		t.Errorf("%s: layout shift %.3f", path, shift)
	}
	b.CheckPage(name)
}

// A user organizes products: creates a group, gives roles, creates tokens, and reads the audit.
func TestGroupsAndRolesInTheBrowser(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{ClockBehind: 4 * time.Hour})
	receiver := apptest.NewReceiver(t)
	for _, name := range []string{"olga", "mei", "jonas"} {
		p.User(name)
	}
	c := p.Client("admin")
	b := apptest.NewBrowser(t, p.URL)
	signInBrowser(b, "admin", apptest.Password)
	checkNoLayoutShift(t, b, "groups-empty", "/groups")
	checkNoLayoutShift(t, b, "authorization-groups-empty", "/authorization-groups")

	createGroup(t, b, receiver.URL+"/hook")
	// An authorization group.
	b.Open("/authorization-groups")
	b.Fill("#f-name", "Security team")
	b.Press("form[action='/authorization-groups'] button")
	b.WantText("No members yet")
	b.Fill("#f-user", "nobody")
	b.Press("form[action$='/members'] button")
	b.WantText("This user does not exist")
	b.Fill("#f-user", "olga")
	b.Do(chromedp.Click("#f-manager"))
	b.Press("form[action$='/members'] button")
	b.WantText("olga is now a manager")

	// Products and roles.
	for _, name := range []string{"Checkout", "Billing API"} {
		s := newProduct(t, c, name, "")
		c.Must(http.StatusOK, "PATCH", s.path, object{"gate_mode": "own", "thresholds": object{"critical": 5, "high": 50}})
		c.Must(http.StatusOK, "PUT", s.path+"/counts", object{"scanner": "trivy", "counts": criticalCounts(2)})
	}
	p.Clock.Advance(2 * time.Hour)
	b.Open("/products/1?tab=settings")
	b.Do(chromedp.SetValue("#move-group", "1"))
	b.Press("form[action$='/move'] button")
	b.WantText("Move Checkout to Payments?", "the gate uses the thresholds of “Payments”: critical 1, high 0")
	b.CheckPage("product-move")
	b.Press("form[action$='/move'] button")
	b.WantText("Product Checkout moved", "Failed", "The group overrides this setting")
	b.CheckPage("product-settings-in-group")
	receiver.Wait(t, 1)
	c.Must(http.StatusOK, "PATCH", "/products/2", object{"group_id": 1, "email_to": "billing@example.org"})

	addMembersAndToken(b)
	checkGroupPages(t, b)
	b.Do(chromedp.Click("button[popovertarget=me]"))
	b.Press("form[action='/logout'] button")

	// A manager without administrator rights, and the view of a reader.
	signInBrowser(b, "olga", apptest.Password)
	checkNoLayoutShift(t, b, "authorization-group-manager", "/authorization-groups/1")
	b.Fill("#f-user", "mei")
	b.Press("form[aria-label='Add member'] button")
	b.WantText("mei added as a member")
	checkNoLayoutShift(t, b, "product-members-reader", "/products/1?tab=members")
	checkNoLayoutShift(t, b, "group-members-reader", "/groups/1?tab=members")
}

// createGroup creates a group with a target and thresholds, one of them wrong first.
func createGroup(t *testing.T, b *apptest.Browser, url string) {
	b.Press("a[href='/admin/audit']")
	b.WantText("Who changed")
	b.Open("/groups")
	b.Press("a.btn[href='/groups/new']")
	b.CheckPage("group-new")
	b.Fill("#f-name", "Payments")
	b.Fill("#f-description", "All that moves money")
	b.Press("form[action='/groups'] button")
	b.WantText("Product group created", "No products in this group yet")
	b.CheckPage("group-empty")
	checkNoLayoutShift(t, b, "group-targets-empty", "/groups/1?tab=targets")
	b.Fill("#target-webhook-name", "Release bot")
	b.Fill("#target-webhook-url", url)
	b.Press("form[action$='/targets'] button[type=submit]")
	b.WantText("whsec_", "is not used by any product")
	b.CheckPage("group-target-secret")

	// A group's thresholds, one of them invalid.
	b.Open("/groups/1?tab=settings")
	b.Do(chromedp.Click("[name=gate_mode][value=own]"))
	b.Fill("[name=threshold_critical]", "1000000")
	b.Evaluate(`document.querySelectorAll("form").forEach(f => f.noValidate = true)`)
	b.Press("form[action$='/settings'] button[type=submit]")
	b.WantText("Enter a number from 0 to 999999")
	b.CheckPage("group-settings-error")
	b.Fill("[name=threshold_critical]", "1")
	b.Press("form[action$='/settings'] button[type=submit]")
	b.WantText("Group settings saved", "group thresholds: critical 1, high 0")
}

// addMembersAndToken gives users and an authorization group roles, and creates a product token.
func addMembersAndToken(b *apptest.Browser) {
	b.Open("/groups/1?tab=members")
	b.Fill("#members-name", "jonas")
	b.Do(chromedp.SetValue("#members-role", "maintainer"))
	b.Press("form[aria-label='Add member'] button")
	b.WantText("jonas is now maintainer")
	b.Do(chromedp.Click("details:has(#authorization-groups-name) > summary"))
	b.Fill("#authorization-groups-name", "security TEAM")
	b.Press("form[aria-label='Add authorization group'] button")
	b.WantText("Security team")
	b.Do(chromedp.Click(".gc-sure summary"))
	b.CheckPage("group-members")
	b.Open("/products/1?tab=members")
	b.Fill("#members-name", "jon")
	b.Press("form[aria-label='Add member'] button")
	b.WantText("This user does not exist")
	b.CheckPage("product-members-error")
	b.Fill("#members-name", "mei")
	b.Press("form[aria-label='Add member'] button")
	b.WantText("mei is now reader")

	b.Open("/products/1?tab=tokens")
	b.CheckPage("product-tokens-empty")
	b.Fill("#token-name", "pipeline")
	b.Fill("#token-password", apptest.Password)
	b.Press("form[aria-label='New token'] button")
	b.WantText("it is shown only once", "gatecrier push --url")
	b.CheckPage("product-token-secret")
}

// checkGroupPages looks at each page of groups, roles and audits.
func checkGroupPages(t *testing.T, b *apptest.Browser) {
	for _, page := range []struct{ name, path string }{
		{"groups", "/groups"},
		{"group", "/groups/1"},
		{"group-targets", "/groups/1?tab=targets"},
		{"group-settings", "/groups/1?tab=settings"},
		{"group-delete", "/groups/1/delete"},
		{"products-in-group", "/products?group=1"},
		{"product-new-in-group", "/products/new?group=1"},
		{"product-targets-inherited", "/products/1?tab=targets"},
		{"product-members-all", "/products/1?tab=members"},
		{"product-tokens", "/products/1?tab=tokens"},
		{"authorization-groups", "/authorization-groups"},
		{"authorization-group", "/authorization-groups/1"},
		{"authorization-group-delete", "/authorization-groups/1/delete"},
		{"audit", "/admin/audit"},
		{"audit-product", "/admin/audit?product=1&kind=member"},
		{"audit-none", "/admin/audit?q=nonsense"},
	} {
		checkNoLayoutShift(t, b, page.name, page.path)
	}
}
