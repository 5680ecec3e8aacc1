package apptest_test

import (
	"fmt"
	"html"
	"net/http"
	"strings"
	"testing"

	"gatecrier/app/apptest"
)

// A list names the parts of its URL that it ignores, and leads to the list without them. It filters
// by the others. A file has no place for that, so it is refused.
func TestLists_NameUnknownFilters(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	admin := p.Client("admin")
	s := newProduct(t, admin, "Shop", "")
	admin.Must(http.StatusCreated, "POST", s.path+"/reports", apptest.Report(t, "grype-image.json"))
	admin.Must(http.StatusCreated, "POST", s.path+"/reports?branch=side", apptest.Report(t, "grype-image.json"))
	admin.Must(http.StatusCreated, "POST", "/groups", object{"name": "Team"})
	c := newPageClient(t, p, "admin")
	for _, test := range []struct{ path, known, wrong, want string }{
		{"/products", "gate=failed", "gate=purple", "“gate” cannot be “purple”, only failed, passed, none"},
		{"/products", "stale=1", "stale=maybe", "“stale” cannot be “maybe”"},
		{"/products/1", "severity=high", "severity=bad", "“severity” cannot be “bad”, only critical, high"},
		{"/products/1", "tab=branches&q=x", "tab=nowhere", "“tab” cannot be “nowhere”"},
		{"/products/1", "tab=history", "before=x", "“before” cannot be “x”"},
		{"/products/1", "tab=deliveries&state=dead", "within=1h", "“within” is not a filter of this list"},
		{"/products/1", "tab=exceptions&muted=1", "severity=high", "“severity” is not a filter of this list"},
		{"/products/1", "tab=settings", "q=x", "“q” is not a filter of this list"},
		{"/products/1/branches/2", "list=known", "list=other", "“list” cannot be “other”, only known"},
		{"/observations", "status=resolved", "sort=age", "“sort” cannot be “age”"},
		{"/observations", "severity=high&sort=epss", "status=great", "“status” cannot be “great”"},
		{"/connections", "owner=system", "owner=me", "“owner” cannot be “me”"},
		{"/deliveries", "state=dead&within=1h", "within=1y", "“within” cannot be “1y”, only 1h, 24h"},
		{"/exceptions", "state=open", "kind=odd", "“kind” cannot be “odd”"},
		{"/silences", "state=ended", "state=active", "“state” cannot be “active”, only ended"},
		{"/inbox", "filter=unread", "filter=some", "“filter” cannot be “some”"},
		{"/admin/audit", "kind=product", "zone=Nowhere", "“zone” cannot be “Nowhere”"},
		{"/admin/users", "show=active", "show=odd", "“show” cannot be “odd”, only active"},
		{"/groups", "q=x", "sort=size", "“sort” cannot be “size”, only name, products, failing"},
		{"/groups/1", "sort=name", "sort=size", "“sort” cannot be “size”"},
		{"/authorization-groups", "q=x", "owner=me", "“owner” is not a filter of this list"},
		{"/admin/jobs", "", "state=ok", "“state” is not a filter of this list"},
		{"/admin/unrouted", "", "after=x", "“after” cannot be “x”"},
	} {
		if text := c.must(http.StatusOK, "GET", test.path+"?"+test.known); strings.Contains(text, `id="ignored"`) {
			t.Errorf("%s?%s: a known filter is ignored", test.path, test.known)
		}
		path := test.path + "?shade=%3Cred%3E&" + test.known + "&" + test.wrong
		if strings.Contains(test.known, strings.SplitN(test.wrong, "=", 2)[0]+"=") {
			path = test.path + "?shade=%3Cred%3E&" + test.wrong
		}
		text := html.UnescapeString(c.must(http.StatusOK, "GET", path))
		for _, want := range []string{
			"This list ignores 2 parts of its URL", "“shade” is not a filter of this list", test.want,
			"Show the list without them", `role="alert"`,
		} {
			if !strings.Contains(text, want) {
				t.Errorf("%s: no %q", path, want)
			}
		}
		if strings.Contains(text, "format=csv") {
			refused := c.must(http.StatusUnprocessableEntity, "GET", path+"&format=csv")
			if !strings.Contains(refused, "The list was not exported") || !strings.Contains(refused, "“shade”") {
				t.Errorf("%s as a file: %s", path, refused)
			}
		}
	}
	long := c.must(http.StatusOK, "GET", "/products?gate=failed&gate=passed&"+strings.Repeat("x", 500)+"=1&q=sho")
	for _, want := range []string{
		"“gate” is given more than once: the first value counts", strings.Repeat("x", 60) + "…”",
		`href="/products?gate=failed&amp;q=sho"`,
	} {
		if !strings.Contains(long, want) {
			t.Errorf("no %q in %s", want, long)
		}
	}
}

// The warning about unknown filters can be used with the keyboard at each width.
func TestLists_WarningInTheBrowser(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	newProduct(t, p.Client("admin"), "Shop", "")
	b := apptest.NewBrowser(t, p.URL)
	signInBrowser(b, "admin", apptest.Password)
	b.Open("/products?q=sho&gate=purple&" + strings.Repeat("long", 30) + "=1")
	b.WantText("This list ignores 2 parts of its URL", "Shop")
	b.CheckPage("ignored")
	b.Tab("#ignored-link")
	b.Enter()
	b.WaitFor("the list without them", `location.search === "?q=sho"`)
}

// The API refuses query parameters that an operation does not have, and names those that it has.
func TestAPI_RefusesUnknownParameters(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	c := p.Client("admin")
	s := newProduct(t, c, "Shop", "")
	for _, test := range []struct {
		method, path, name, known string
		body                      any
	}{
		{"GET", "/products?shade=red", "shade", "name, ", nil},
		{"GET", "/observations?limit=5&severty=high", "severty", "severity, ", nil},
		{"GET", s.path + "?x=1", "x", "no query parameters", nil},
		{"PATCH", s.path + "?dry=1", "dry", "no query parameters", object{"name": "Bank"}},
		{"DELETE", s.path + "?dry=1", "dry", "", nil},
		{"POST", "/exceptions?product=1", "product", "no query parameters", object{"class": "A", "message": "m"}},
	} {
		a := c.Must(http.StatusUnprocessableEntity, test.method, test.path, test.body)
		message := fmt.Sprint(a.Get("errors.0.message"))
		if a.Get("errors.0.name") != test.name || !strings.Contains(message, test.known) ||
			!strings.Contains(message, "Unknown parameter") || a.Get("errors.1") != nil {
			t.Errorf("%s %s: %s", test.method, test.path, a.Text)
		}
	}
	if name := c.Must(http.StatusOK, "GET", s.path, nil).Get("name"); name != "Shop" {
		t.Errorf("a refused request has changed the name to %v", name)
	}
}
