package apptest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"gatecrier/app/apptest"
	"gatecrier/static"
)

// The browser's tab shows unread notifications: a dot on the icon, and their number in the title.
func TestUnreadInTheTab(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	admin := p.Client("admin")
	shop := newProduct(t, admin, "Shop", "")
	b := apptest.NewBrowser(t, p.URL)
	signInBrowser(b, "admin", apptest.Password)
	tab := func(title, icon string) string {
		return fmt.Sprintf(`document.title === %q && document.querySelector("link[rel=icon]").getAttribute("href") === %q`,
			title, static.URL("icon/"+icon))
	}
	b.Open("/products")
	b.WaitFor("nothing is unread", tab("Products · Gatecrier", "icon.svg"))
	admin.Must(http.StatusOK, "PUT", shop.path+"/counts", object{"scanner": "x", "counts": criticalCounts(1)})
	b.WaitFor("one is unread", tab("(1) Products · Gatecrier", "unread.svg"))
	admin.Must(http.StatusOK, "PUT", shop.path+"/counts", object{"scanner": "x", "counts": criticalCounts(0)})
	b.WaitFor("two are", tab("(2) Products · Gatecrier", "unread.svg"))
	b.Open("/inbox")
	b.WaitFor("the title has the number once", tab("(2) Inbox · Gatecrier", "unread.svg"))
	ids := itemIDs(admin.Do("GET", "/notifications", nil))
	admin.Must(http.StatusOK, "POST", "/notifications/viewed", object{"ids": ids})
	b.WaitFor("nothing is unread any more", tab("Inbox · Gatecrier", "icon.svg"))
}

// The manifest and its icons are served with their types, without a session.
func TestManifest_NamesIconsThatExist(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	client, at := newHTTPClient(t), static.URL("icon/manifest.webmanifest")
	_, text := getNoRedirect(t, client, p.URL+at)
	var manifest struct {
		Name  string
		Icons []struct{ Src, Type string }
	}
	err := json.Unmarshal([]byte(text), &manifest)
	if err != nil || manifest.Name != "Gatecrier" || len(manifest.Icons) == 0 {
		t.Fatalf("%v: %s", err, text)
	}
	_, page := getNoRedirect(t, client, p.URL+"/login")
	for _, want := range []string{`rel="manifest" href="` + at, `rel="apple-touch-icon" href="` + static.URL("icon/icon-180.png")} {
		if !strings.Contains(page, want) {
			t.Errorf("the page has no %s", want)
		}
	}
	for _, icon := range manifest.Icons {
		res, err := client.Get(p.URL + at[:strings.LastIndex(at, "/")+1] + icon.Src) //nolint:noctx // a test
		if err != nil {
			t.Fatal(err)
		}
		if err := res.Body.Close(); err != nil {
			t.Fatal(err)
		}
		if got := res.Header.Get("Content-Type"); res.StatusCode != http.StatusOK || got != icon.Type {
			t.Errorf("%s: %d, %s, want %s", icon.Src, res.StatusCode, got, icon.Type)
		}
	}
}

// Paper shows the content alone: no navigation, no buttons, dark ink, and the address of a link to
// another site.
func TestPrintedPages(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	admin := p.Client("admin")
	shop := newProduct(t, admin, "Shop", "")
	admin.Must(http.StatusOK, "PUT", shop.path+"/counts", object{"scanner": "x", "counts": criticalCounts(1)})
	b := apptest.NewBrowser(t, p.URL)
	signInBrowser(b, "admin", apptest.Password)
	b.Open(fmt.Sprint("/products/", shop.id))
	b.Evaluate(`document.documentElement.setAttribute("data-bs-theme", "dark");
	document.querySelector("main").insertAdjacentHTML("beforeend",
		"<p><a id=out href='https://example.org/advisory'>Advisory</a></p>")`)
	visible := `[...document.querySelectorAll("nav, .gc-top, .btn, button")].filter((e) => e.checkVisibility()).length`
	b.WaitFor("the screen has navigation and buttons", visible+` > 3`)
	b.WaitFor("the text on the screen is light",
		`getComputedStyle(document.querySelector("h1")).color.match(/[\d.]+/g).slice(0, 3).every((c) => c > 150)`)
	b.EmulateMedia("print")
	b.WaitFor("paper has none", visible+` === 0`)
	b.WaitFor("it has the content",
		`[".gc-ledger", "h1"].every((part) => document.querySelector(part).checkVisibility())`)
	b.WaitFor("it has the address",
		`getComputedStyle(document.querySelector("#out"), "::after").content.includes("https://example.org/advisory")`)
	b.WaitFor("rows stay whole, and columns keep their heads",
		`getComputedStyle(document.querySelector(".gc-ledger tbody tr")).breakInside === "avoid" &&
		getComputedStyle(document.querySelector(".gc-ledger thead")).display === "table-header-group"`)
	b.WaitFor("the ink is dark",
		`getComputedStyle(document.querySelector("h1")).color.match(/[\d.]+/g).slice(0, 3).every((c) => c < 100)`)
	b.EmulateMedia("")
	b.WaitFor("the screen is as before", visible+` > 3`)
}
