package apptest_test

import (
	"net/http"
	"testing"

	"github.com/chromedp/chromedp"

	"gatecrier/app/apptest"
)

// A user saves the filters of the list of observations, renames and deletes them.
func TestSavedViewsInTheBrowser(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	sharedProducts(t, p, "reader")
	b := apptest.NewBrowser(t, p.URL)
	signInBrowser(b, "reader", apptest.Password)
	b.Open("/observations?severity=critical&q=CVE")
	b.Do(chromedp.Click(".gc-views summary"))
	b.CheckPage("saved-view-new")
	b.Fill("#view-name", "Urgent")
	b.Press("form[action='/views'] button")
	b.WantText("View saved", "2 observations shown")
	b.Open("/observations")
	b.WantText("Urgent", "6 observations shown")
	b.Press("nav[aria-label='Saved views'] a")
	b.WantText("2 observations shown")
	b.CheckPage("saved-view")
	b.Press("a[href^='/views/']")
	b.Fill("#f-name", "Now")
	b.Press("form[action^='/views/'] button")
	b.WantText("View renamed", "Now")

	// A second one of the same name is refused.
	b.Open("/observations?kev=true")
	b.Do(chromedp.Click(".gc-views summary"))
	b.Fill("#view-name", "NOW")
	b.Press("form[action='/views'] button")
	b.WantText("The view was not saved", "Another saved view has this name")

	// Other users have views of their own.
	admin := newPageClient(t, p, "admin")
	admin.must(http.StatusNotFound, "GET", "/views/1")
	admin.must(http.StatusNotFound, "POST", "/views/1/delete")

	b.Open("/views/1")
	b.CheckPage("saved-view-rename")
	b.Press("a[href='/views/1/delete']")
	b.WantText("Delete the saved view Now?")
	b.CheckPage("saved-view-delete")
	b.Press("main form button")
	b.WantText("View deleted", "6 observations shown")
}
