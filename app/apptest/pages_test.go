package apptest_test

import (
	"fmt"
	"net/http"
	"os"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"gatecrier/app/apptest"
)

// allPages are the pages that a signed-in administrator can open by URL, with one product, one
// delivery and one notification.
var allPages = []string{
	"/",
	"/inbox",
	"/inbox/1",
	"/products",
	"/products/new",
	"/products/1",
	"/products/1?tab=branches",
	"/products/1/branches/1",
	"/products/1?tab=history",
	"/products/1/compare",
	"/products/1?tab=deliveries",
	"/products/1?tab=targets",
	"/products/1?tab=members",
	"/products/1?tab=settings",
	"/products/1/upload",
	"/products/1/delete",
	"/deliveries",
	"/deliveries/1",
	"/api",
	"/api?group=targets",
	"/connections",
	"/connections?owner=system&trouble=1",
	"/connections/2",
	"/connections/2/delete",
	"/admin/health",
	"/admin/settings/general",
	"/admin/settings/gate",
	"/admin/settings/mail",
	"/admin/settings/reports",
	"/admin/settings/delivery",
	"/admin/settings/users",
	"/admin/users",
	"/admin/users/new",
	"/admin/users/1",
	"/admin/users/1/demote",
	"/profile",
	"/groups",
	"/groups/new",
	"/products/1?tab=tokens",
	"/authorization-groups",
	"/admin/audit",
	"/admin/audit?product=1",
	"/profile/password",
	"/login/forgot",
	"/no-such-page",
}

// pagesAt returns the pages to open at a width: all at 360 pixels, and outside of trials the first
// ones at others, because only the frame differs.
func pagesAt(width int64) []string {
	if width == 360 || os.Getenv(apptest.AllLooksEnv) != "" {
		return allPages
	}
	return allPages[:16]
}

// The first page that a user loads is small.
func TestFirstPage_TransferSize(t *testing.T) {
	t.Parallel()
	b := apptest.NewBrowser(t, apptest.Start(t, apptest.Options{}).URL)
	b.Open("/login")
	bytes := b.TransferSize()
	t.Logf("the first page: %d bytes", bytes)
	if bytes > 100_000 || bytes < 10_000 {
		t.Errorf("the first page took %d bytes, want at most 100,000", bytes)
	}
}

// Signing in, creating a product and changing its thresholds work with the keyboard alone; the
// focus is always visible, and never stuck. Pages do not move while they load.
func TestPages_ByKeyboardAlone(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	b := apptest.NewBrowser(t, p.URL)
	b.Do(chromedp.EmulateViewport(1440, 900))
	b.Open("/login")
	b.Tab("#f-name")
	b.Type("admin")
	b.Tab("#f-password")
	b.Type(apptest.Password)
	b.Enter()
	b.WantText("Welcome to Gatecrier")
	b.Open("/products/new")
	b.Tab("#f-name")
	b.Type("Shop")
	b.Enter()
	b.WantText("Shop", "Waiting for the first report")
	b.Open("/products/1?tab=settings")
	b.Tab("[name=gate_mode]:checked")
	b.Type(kb.ArrowDown) // the next choice
	b.Tab("form[action$='/settings'] button[type=submit]")
	b.Enter()
	b.WantText("Settings saved")

	addWebhookTarget(t, p)
	p.Client("admin").Must(http.StatusCreated, "POST", "/products/1/reports", apptest.Report(t, "grype-image.json"))
	apptest.Settle(t, p.Store)
	waitFor(t, b, "/inbox/1", "Open change")
	for _, width := range []int64{360, 1440} {
		b.Do(chromedp.EmulateViewport(width, 900))
		for _, path := range pagesAt(width) {
			b.Open(path)
			if shift := b.LayoutShift(); shift >= 0.05 {
				t.Errorf("%s at %d pixels: layout shift %.3f", path, width, shift)
			}
			b.TabThrough(fmt.Sprintf("%s at %d pixels", path, width))
		}
	}
	b.Open("/")
	b.Tab("a.gc-skip")
	b.Type(kb.Enter)
	openPalette(b)
	b.Type("Shop")
	b.WaitFor("a product", `document.querySelector("#palette-products-0")?.ariaSelected === "true"`)
	b.Enter()
	b.WaitFor("the product", `location.pathname === "/products/1"`)
}

func addWebhookTarget(t *testing.T, p *apptest.Program) {
	t.Helper()
	receiver := apptest.NewReceiver(t)
	p.Client("admin").
		Must(http.StatusCreated, "POST", "/products/1/targets",
			object{"module": "webhook", "name": "hook", "config": map[string]string{"url": receiver.URL}})
}
