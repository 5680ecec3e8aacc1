package apptest_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"gatecrier/app/apptest"
)

// openPalette opens the command palette by its key.
func openPalette(b *apptest.Browser) {
	b.Type("/")
	b.WaitFor("the search", `document.activeElement.id === "palette-q"`)
	b.Evaluate(`document.activeElement.value = ""`) // a driven browser types the key as well
}

// waitForOption waits until the first option of the palette has a text.
func waitForOption(b *apptest.Browser, text string) {
	b.WaitFor(text, `document.querySelector("#palette [aria-selected=true]")?.textContent.includes("`+text+`")`)
}

// A reader finds an observation that two of their products have, by the keyboard alone. They find
// nothing of a product that they cannot view.
func TestSearchInTheBrowser(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	sharedProducts(t, p, "reader")
	b := apptest.NewBrowser(t, p.URL)
	signInBrowser(b, "reader", apptest.Password)
	b.Open("/profile")
	b.Tab(`a[href="/products"]`)
	openPalette(b)
	b.Type("cve-000001")
	b.WaitFor("both", `document.querySelectorAll("#palette [id^=palette-observations-]").length === 2`)
	waitForOption(b, "CVE-000001")
	b.WantText("Bank, main: high, lib1 1", "Shop, main: high, lib1 1", "Shop: Security gate failed", "4 results")
	b.CheckPage("search")
	b.Type(kb.ArrowDown)
	waitForOption(b, "Shop")
	b.Type(kb.ArrowDown)
	waitForOption(b, "Bank")
	b.Type(kb.ArrowUp)
	waitForOption(b, "Shop")
	b.Type(kb.Escape)
	b.WaitFor("the focus where it was", `!document.querySelector("#palette").open &&
		document.activeElement.matches('a[href="/products"]')`)

	openPalette(b)
	b.Type("CVE-2031")
	b.WaitFor("no result", `document.querySelector("[data-palette-status]").textContent === "No results"`)
	b.CheckPage("search-nothing")
	b.Evaluate(`document.activeElement.value = ""`)
	b.Type("Vault")
	b.WaitFor("no result", `document.querySelector("[data-palette-status]").textContent === "No results" &&
		!document.querySelector("#palette-list a")`)
	b.Evaluate(`document.activeElement.value = ""`)
	b.Type("Ban")
	waitForOption(b, "Bank")
	b.Enter()
	b.WaitFor("the product", `location.pathname === "/products/2"`)

	// What was opened is offered again.
	b.Open("/inbox")
	openPalette(b)
	b.Evaluate(`document.activeElement.dispatchEvent(new Event("gc-open"))`)
	waitForOption(b, "Bank")
	b.WantText("Recently opened")
	b.CheckPage("search-recent")
}

// On a phone, the search opens by its button.
func TestSearchOnNarrowScreenInTheBrowser(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	sharedProducts(t, p, "reader")
	b := apptest.NewBrowser(t, p.URL)
	b.Do(chromedp.EmulateViewport(360, 740))
	signInBrowser(b, "admin", apptest.Password)
	b.Open("/")
	b.Do(chromedp.Click("[data-palette-open]"))
	b.WaitFor("the search", `document.activeElement.id === "palette-q"`)
	b.Type("retention")
	waitForOption(b, "etention")
	b.WaitFor("it fits", `document.querySelector("#palette").getBoundingClientRect().right <= 360 &&
		document.documentElement.scrollWidth <= 360`)
	b.Do(chromedp.Click("[data-palette-close]"))
	b.WaitFor("it is closed", `!document.querySelector("#palette").open`)
}

// Without a script the search is a page. It shows users and settings to administrators alone.
func TestSearchPage(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	sharedProducts(t, p, "reader")
	admin, reader := newPageClient(t, p, "admin"), newPageClient(t, p, "reader")
	for _, test := range []struct {
		query   string
		admin   []string
		private []string // what the reader does not get of that
	}{
		{"CVE-2031", []string{"CVE-2031-7", "Vault"}, []string{"CVE-2031-7", "Vault"}},
		{"reader", []string{"/admin/users/"}, []string{"/admin/users/"}},
		{"retention", []string{"/admin/settings/"}, []string{"/admin/settings/"}},
		{"shop", []string{"Shop", "/products/1"}, nil},
		{"Security gate", []string{"/inbox/"}, nil},
		{"create", []string{"Create user", "Create product"}, []string{"Create user"}},
	} {
		path := "/search?q=" + strings.ReplaceAll(test.query, " ", "+")
		page := contentOf(admin.must(http.StatusOK, "GET", path))
		for _, want := range test.admin {
			if !strings.Contains(page, want) {
				t.Errorf("%s: an administrator does not find %s:\n%s", test.query, want, page)
			}
		}
		page = contentOf(reader.must(http.StatusOK, "GET", path))
		for _, secret := range test.private {
			if strings.Contains(page, secret) {
				t.Errorf("%s: a reader finds %s", test.query, secret)
			}
		}
	}
}

// contentOf returns the content of a page, without its frame.
func contentOf(page string) string {
	_, rest, _ := strings.Cut(page, "<main")
	content, _, _ := strings.Cut(rest, "</main>")
	return content
}
