package apptest_test

import (
	"testing"

	"gatecrier/app/apptest"
)

// A user sorts lists, turns their pages and changes their size with the keyboard alone, on a wide
// screen and on a phone.
func TestListsInTheBrowser(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	writeRows(t, p, 60)
	b := apptest.NewBrowser(t, p.URL)
	signInBrowser(b, "admin", apptest.Password)
	b.Open("/products")
	b.WantText("1–50 of 60 products")
	b.CheckPage("list-products")
	b.Tab("th[aria-sort=ascending] a")
	b.Enter()
	b.WaitFor("the other direction", "!!document.querySelector('th[aria-sort=descending]')")
	b.Tab("a[href='/products?sort=observations']")
	b.Enter()
	b.WantText("1–50 of 60 products", "Product, 55")
	b.Tab(".gc-sizes a[href*='size=25']")
	b.Enter()
	b.WantText("1–25 of 60 products")
	b.Tab("a[rel=next]")
	b.Enter()
	b.WantText("26–50 of 60 products", "Previous")
	b.CheckPage("list-products-middle")
	b.Tab("a[rel=next]")
	b.Enter()
	b.WantText("51–60 of 60 products")
	b.Tab("a[rel=prev]")
	b.Enter()
	b.WantText("26–50 of 60 products")
	if got, want := b.Path(), "size=25&sort=observations"; len(got) < len(want) || got[len(got)-len(want):] != want {
		t.Errorf("the URL is %s", got)
	}
	for name, path := range map[string]string{
		"list-users":  "/admin/users?size=25&sort=sign_in",
		"list-groups": "/groups?size=25&sort=products",
		"list-teams":  "/authorization-groups?size=25&after=Team%252C+24%2525&row=25",
	} {
		b.Open(path)
		b.WantText(" of 6")
		b.CheckPage(name)
	}
}
