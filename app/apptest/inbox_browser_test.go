package apptest_test

import (
	"fmt"
	"net/http"
	"testing"

	"gatecrier/app/apptest"
)

// Notifications arrive while a user reads: the page does not move. Two tabs agree, and a lost
// stream catches up.
func TestInboxInTheBrowser(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	admin := p.Client("admin")
	shops := make([]productFixture, 30)
	for i := range shops {
		shops[i] = newProduct(t, admin, fmt.Sprint("Shop ", i), "")
	}
	critical := map[string]int{}
	notify := func(s productFixture) {
		t.Helper()
		critical[s.path] = 1 - critical[s.path]
		admin.Must(http.StatusOK, "PUT", s.path+"/counts", object{"scanner": "x", "counts": criticalCounts(critical[s.path])})
	}
	for _, s := range shops[1:] {
		notify(s)
	}
	notified := func(n int) {
		t.Helper()
		apptest.Eventually(t, "they are in the inbox", func() bool {
			return itemCount(admin.Do("GET", "/notifications?limit=100", nil)) == n
		})
	}
	notified(29)
	b := apptest.NewBrowser(t, p.URL)
	signInBrowser(b, "admin", apptest.Password)
	b.Open("/inbox")
	b.WantText("29 unread")

	// The page is scrolled, two rows are selected, a filter is half written.
	b.Evaluate(`for (const n of [9, 11])
		document.querySelector("[data-row]:nth-of-type(" + n + ") input[name=id]").click();
	document.querySelector("#inbox-q").focus()`)
	b.Type("half a wo")
	b.Evaluate(`window.scrollTo({top: 600, behavior: "instant"});
	window.gcTop = document.querySelector("[data-row]:nth-of-type(11)").getBoundingClientRect().top`)
	notify(shops[0])
	notified(30)
	b.WaitFor("the new one is offered",
		`document.querySelector("[data-new] a:not([hidden])")?.textContent.includes("Show 1 new")`)
	b.WaitFor("the badge counts it", `document.querySelector("#unread-bell").textContent.includes("30")`)
	b.WaitFor("nothing has moved",
		`document.querySelector("[data-row]:nth-of-type(11)").getBoundingClientRect().top === window.gcTop &&
		window.scrollY === 600 && document.querySelectorAll("input[name=id]:checked").length === 2 &&
		document.querySelector("#inbox-q").value === "half a wo" && document.activeElement.id === "inbox-q" &&
		document.querySelectorAll("[data-row]").length === 29`)
	// The offer lies over a row, which is no fault of the row: it is checked beside the rows.
	b.Evaluate(`document.querySelector("[data-new]").style.cssText = "position: static; height: auto"`)
	b.CheckPage("inbox-new")
	b.Evaluate(`document.querySelector("[data-new]").style.cssText = ""`)
	b.Press("[data-new] a")
	b.WantText("30 unread", "Shop 0")

	// Another client marks, archives and deletes; the page follows.
	first := itemIDs(admin.Must(http.StatusOK, "GET", "/notifications?limit=3", nil))
	row := func(i int) string { return fmt.Sprintf(`document.querySelector('[data-row="%d"]')`, first[i]) }
	admin.Must(http.StatusOK, "POST", "/notifications/viewed", object{"ids": first[:1]})
	b.WaitFor("the row is viewed",
		`!`+row(0)+`.classList.contains("new") && document.querySelector("[data-unread]").textContent === "29 unread"`)
	admin.Must(http.StatusOK, "POST", "/notifications/archived", object{"ids": first[1:2]})
	b.WaitFor("the row is away", row(1)+`.classList.contains("away")`)
	admin.Must(http.StatusNoContent, "DELETE", fmt.Sprint("/notifications/", first[2]), nil)
	b.WaitFor("so is the one that was deleted", row(2)+`.classList.contains("away")`)

	// The stream is lost, and the page catches up.
	b.Evaluate(`window.gcFetch = window.fetch;
	Object.defineProperty(document, "hidden", {value: true, configurable: true});
	document.dispatchEvent(new Event("visibilitychange"))`)
	admin.Must(http.StatusOK, "POST", "/notifications/unviewed", object{"ids": first[:1]})
	notify(shops[0])
	notified(29)
	b.Evaluate(`delete document.hidden; document.dispatchEvent(new Event("visibilitychange"))`)
	b.WaitFor("it has caught up", row(0)+`.classList.contains("new") &&
		document.querySelector("[data-new] a:not([hidden])")?.textContent.includes("Show 1 new")`)

	useInboxByKeys(b)
	archiveAndDeleteFound(b)
}

// useInboxByKeys reads, selects, archives and searches with the keyboard alone.
func useInboxByKeys(b *apptest.Browser) {
	b.Open("/inbox")
	b.Type("jjk")
	b.WaitFor("the first row has the focus",
		`document.activeElement.closest("[data-row]") === document.querySelector("[data-row]")`)
	b.Type("x")
	b.WaitFor("it is selected", `document.querySelector("[data-select-count]").textContent.includes("selected")`)
	b.Type("u")
	b.WaitFor("it is viewed", `!document.querySelector("[data-row]").classList.contains("new")`)
	b.Type("u")
	b.WaitFor("it is not", `document.querySelector("[data-row]").classList.contains("new")`)
	b.Type("e")
	b.WaitFor("it is archived, and the next has the focus",
		`document.querySelector("[data-row]").classList.contains("away") &&
		document.activeElement.closest("[data-row]") !== document.querySelector("[data-row]")`)
	b.Type("ke")
	b.WaitFor("it is back", `!document.querySelector("[data-row]").classList.contains("away")`)
	b.Type("?")
	b.WaitFor("the keys are named", `document.querySelector("#keys").open`)
	b.CheckPage("inbox-keys")
	b.Evaluate(`document.querySelector("#keys-off").click(); document.querySelector("#keys form button").click()`)
	b.Evaluate(`window.gcFocus = document.activeElement`)
	b.Type("jj")
	b.WaitFor("they are off", `document.activeElement === window.gcFocus`)
	b.Fill("#inbox-q", "Shop 7")
	b.Press(".gc-filter button")
	b.WantText("1 notification shown", "“Shop 7”")
	b.CheckPage("inbox-filtered")
	b.TabThrough("the inbox")
}

// archiveAndDeleteFound archives all that a filter finds, and deletes one, which asks first.
func archiveAndDeleteFound(b *apptest.Browser) {
	b.Open("/inbox?severity=unknown")
	b.WantText("No notifications match", "unknown or worse")
	b.Open("/inbox?filter=unread&type=gate&q=shop")
	b.Press("a[href^='/inbox/found']")
	b.WantText("notifications match", "Filters: unread, Gate, “shop”.")
	b.CheckPage("inbox-found")
	b.Press("button[value=archived]")
	b.WantText("notifications archived", "No notifications match")
	b.Press("nav[aria-label=Show] a:last-child")
	b.CheckPage("inbox-archive")
	b.Evaluate(`document.querySelector("input[name=id]").click()`)
	b.Press("button[formaction='/inbox/delete']")
	b.WantText("Delete 1 notification for everyone?", "This removes them from the inbox of every user")
	b.CheckPage("inbox-delete")
	b.Press("main .btn-danger")
	b.WantText("1 notification deleted for everyone")
}
