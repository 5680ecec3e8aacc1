package apptest_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"gatecrier/app/apptest"
)

// soon is far less than the time after which a page asks without a reason.
const soon = 10 * time.Second

// waitSoon waits for a change that the stream reports, not for the check that happens anyway.
func waitSoon(t *testing.T, b *apptest.Browser, what, script string) {
	t.Helper()
	began := time.Now()
	b.WaitFor(what, script)
	took := time.Since(began)
	t.Logf("%s: %s", what, took.Round(time.Millisecond))
	if took > soon {
		t.Errorf("%s: %s", what, took)
	}
}

// A gate fails while two users have pages open: an administrator the overview, a reader the
// product. Both pages follow, and nothing that the users are doing is lost.
func TestLivePagesInTheBrowser(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	admin := p.Client("admin")
	a, b := apptest.NewBrowser(t, p.URL), apptest.NewBrowser(t, p.URL)
	signInBrowser(a, "admin", apptest.Password)

	// A name is half written: the page stays as it is until the field is left.
	a.Open("/")
	a.Evaluate(`document.querySelector("#first-product").focus(); window.gcField = document.activeElement`)
	a.Type("half a na")
	shop := newProduct(t, admin, "Shop", "")
	other := newProduct(t, admin, "Other", "")
	send := func(f productFixture, critical int) {
		t.Helper()
		admin.Must(http.StatusOK, "PUT", f.path+"/counts", object{"scanner": "x", "counts": criticalCounts(critical)})
	}
	send(shop, 0)
	a.WaitFor("the bell counts", `document.querySelector("#unread-bell").textContent.includes("1")`)
	a.WaitFor("the field is left alone",
		`window.gcField === document.activeElement && window.gcField.value === "half a na"`)
	a.Evaluate(`window.gcField.value = ""; window.gcField.blur()`)
	waitSoon(t, a, "the overview replaces the first steps",
		`document.querySelector("h1").textContent === "The gate passes"`)

	p.User("ann")
	admin.Must(http.StatusCreated, "POST", shop.path+"/members", object{"user": "ann", "role": "reader"})
	signInBrowser(b, "ann", apptest.Password)
	b.Open(fmt.Sprint("/products/", shop.id))
	b.Evaluate(`document.querySelector("#sources").open = true; window.gcSources = document.querySelector("#sources");
	document.querySelector("#sources summary").focus()`)
	send(shop, 1)
	waitSoon(t, a, "the overview", `document.querySelector("h1").textContent === "1 gate is failing" &&
		document.title.includes("1 gate is failing") &&
		document.querySelector("[data-live-status]").textContent.includes("1 gate is failing")`)
	waitSoon(t, b, "the product", `document.querySelector(".gc-verdict").textContent.includes("Failed")`)
	b.WaitFor("the sources are the same, open, with the focus",
		`window.gcSources.isConnected && window.gcSources.open &&
		document.activeElement === window.gcSources.firstElementChild`)
	b.CheckPage("live-product")

	// A row has the focus, and another comes before it.
	a.Evaluate(`window.gcRow = document.querySelector('.gc-alarm a.name'); window.gcRow.focus()`)
	send(other, 1)
	waitSoon(t, a, "both gates", `document.querySelector("h1").textContent === "2 gates are failing"`)
	a.WaitFor("the focus is where it was",
		`document.activeElement === window.gcRow && window.gcRow.textContent === "Shop"`)
	a.CheckPage("live-overview")

	// A hidden page does not ask. A page that is shown again catches up, at most once a second.
	a.Evaluate(`window.gcAsked = 0;
	const ask = window.fetch;
	window.fetch = (what, how) => { if (how?.headers?.["Gatecrier-Refresh"]) window.gcAsked++; return ask(what, how); };
	Object.defineProperty(document, "hidden", {value: true, configurable: true});
	document.dispatchEvent(new Event("visibilitychange"))`)
	for i := range 6 {
		send(shop, i%2)
	}
	send(other, 0)
	waitSoon(t, b, "the page that is shown follows",
		`document.querySelector(".gc-verdict").textContent.includes("Failed")`)
	a.WaitFor("the hidden one does not",
		`window.gcAsked === 0 && document.querySelector("h1").textContent === "2 gates are failing"`)
	a.Evaluate(`delete document.hidden;
	window.gcShown = performance.now(); document.dispatchEvent(new Event("visibilitychange"))`)
	waitSoon(t, a, "it has caught up", `document.querySelector("h1").textContent === "1 gate is failing"`)
	a.WaitFor("it has asked at most once a second",
		`window.gcAsked > 0 && window.gcAsked <= 2 + (performance.now() - window.gcShown) / 1000`)
}

// The stream reports a page only to users who can see it, and ends when they no longer can.
func TestLivePage_IsForItsViewers(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	admin := p.Client("admin")
	shop, other := newProduct(t, admin, "Shop", ""), newProduct(t, admin, "Other", "")
	ann := p.User("ann")
	admin.Must(http.StatusCreated, "POST", shop.path+"/members", object{"user": "ann", "role": "reader"})
	page := signInAs(t, p, "ann", apptest.Password)
	for query, want := range map[string]int{
		fmt.Sprint("product-", other.id): http.StatusNotFound,
		"product-0":                      http.StatusUnprocessableEntity,
		"product-x":                      http.StatusUnprocessableEntity,
		"settings":                       http.StatusUnprocessableEntity,
	} {
		if status, _ := getNoRedirect(t, page, p.URL+"/inbox/live?page="+query); status != want {
			t.Errorf("%s: %d, want %d", query, status, want)
		}
	}
	said, stop := streamLines(t, page, fmt.Sprint(p.URL, "/inbox/live?page=product-", shop.id))
	defer stop()
	waitLine(t, said, `{"unread":0,"newest":0}`)
	if first := nextLine(t, said); len(first) != len(`"0123456789abcdef"`) {
		t.Errorf("the mark is %s", first)
	}
	admin.Must(http.StatusOK, "PUT", other.path+"/counts", object{"scanner": "x", "counts": criticalCounts(1)})
	admin.Must(http.StatusNoContent, "DELETE", fmt.Sprint(shop.path, "/members/", ann.ID), nil)
	admin.Must(http.StatusOK, "PUT", shop.path+"/counts", object{"scanner": "x", "counts": criticalCounts(1)})
	select {
	case text, open := <-said:
		if open {
			t.Errorf("after the loss of the role the stream says %s", text)
		}
	case <-time.After(30 * time.Second):
		t.Error("the stream goes on after the loss of the role")
	}
}

// nextLine returns the next data of a stream.
func nextLine(t *testing.T, said <-chan string) string {
	t.Helper()
	select {
	case text := <-said:
		return text
	case <-time.After(30 * time.Second):
		t.Fatal("the stream says nothing")
		return ""
	}
}
