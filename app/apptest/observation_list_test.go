package apptest_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"gatecrier/app/apptest"
)

// listedTitles returns the titles of all pages of the API's list across products, each with its
// product.
func listedTitles(t *testing.T, c *apptest.Client, query string) string {
	t.Helper()
	var list []string
	for cursor := ""; ; {
		a := c.Must(http.StatusOK, "GET", "/observations?limit=2&"+query+"&cursor="+url.QueryEscape(cursor), nil)
		for i := 0; a.Get(fmt.Sprintf("items.%d", i)) != nil; i++ {
			list = append(list, fmt.Sprint(a.Get(fmt.Sprintf("items.%d.product", i)))+":"+
				fmt.Sprint(a.Get(fmt.Sprintf("items.%d.title", i))))
		}
		if cursor, _ = a.Get("next_cursor").(string); cursor == "" {
			return strings.Join(list, " ")
		}
	}
}

// sharedProducts makes two products that one reader can view, and one that they cannot. All have
// the first observations of a report, of which CVE-000000 is critical.
func sharedProducts(t *testing.T, p *apptest.Program, reader string) (shop, bank, vault productFixture) {
	t.Helper()
	c := p.Client("admin")
	shop, bank, vault = newProduct(t, c, "Shop", ""), newProduct(t, c, "Bank", ""), newProduct(t, c, "Vault", "")
	p.User(reader)
	for _, s := range []productFixture{shop, bank} {
		c.Must(http.StatusCreated, "POST", s.path+"/members", object{"user": reader, "role": "reader"})
		c.Must(http.StatusCreated, "POST", s.path+"/reports", largeReport(3, mixedSeverity))
	}
	c.Must(http.StatusCreated, "POST", vault.path+"/reports", largeReport(1, mixedSeverity))
	c.Must(http.StatusCreated, "POST", vault.path+"/reports?scanner=other",
		[]byte(`{"descriptor":{"name":"other"},"matches":[{"vulnerability":{"id":"CVE-2031-7","severity":"Critical"},`+
			`"artifact":{"name":"safe","version":"1","type":"deb"}}]}`))
	return shop, bank, vault
}

// The API lists observations of all products that its user, or its product's token, can view.
func TestObservationList_OfTheAPI(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		_, bank, _ := sharedProducts(t, p, "reader")
		reader := p.Client("reader")
		all := "Bank:CVE-000000 Shop:CVE-000000 Bank:CVE-000001 Bank:CVE-000002 Shop:CVE-000001 Shop:CVE-000002"
		for query, want := range map[string]string{
			"":                               all,
			"severity=critical":              "Bank:CVE-000000 Shop:CVE-000000",
			"min_severity=critical":          "Bank:CVE-000000 Shop:CVE-000000",
			"q=cve-000001":                   "Bank:CVE-000001 Shop:CVE-000001",
			"q=CVE-2031":                     "",
			"component=LIB2":                 "Bank:CVE-000002 Shop:CVE-000002",
			"sort=product&q=000001":          "Bank:CVE-000001 Shop:CVE-000001",
			"active=false":                   "",
			"product=" + fmt.Sprint(bank.id): "Bank:CVE-000000 Bank:CVE-000001 Bank:CVE-000002",
		} {
			if got := listedTitles(t, reader, query); got != want {
				t.Errorf("%s:\n got %s\nwant %s", query, got, want)
			}
		}
		if got := listedTitles(t, p.Client("admin"), "q=CVE-2031"); got != "Vault:CVE-2031-7" {
			t.Errorf("an administrator finds %q", got)
		}
		made := p.Client("admin").Must(http.StatusCreated, "POST", bank.path+"/tokens",
			object{"name": "ci", "role": "reader"})
		token := apptest.NewClient(t, p.URL, fmt.Sprint(made.Get("token")))
		if got := listedTitles(t, token, "severity=critical"); got != "Bank:CVE-000000" {
			t.Errorf("the product's token finds %q", got)
		}
		reader.Must(http.StatusUnprocessableEntity, "GET", "/observations?cursor=x", nil)
	})
}

// A user filters the observations of their products, and reads them page by page.
func TestObservationListInTheBrowser(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	b := apptest.NewBrowser(t, p.URL)
	signInBrowser(b, "admin", apptest.Password)
	checkNoLayoutShift(t, b, "observation-list-empty", "/observations")
	shop, _, _ := sharedProducts(t, p, "reader")
	p.Client("admin").Must(http.StatusCreated, "POST", shop.path+"/reports?scanner=many", largeReport(120, mixedSeverity))
	checkNoLayoutShift(t, b, "observation-list", "/observations")
	b.WantText("1–50 of more than 50 observations", "Vault", "CVE-2031-7")
	b.Press("a[rel=next]")
	b.WantText("Previous", "First")
	b.Press("a[rel=next]")
	b.WantText("101–", "Shop")
	b.Press("a[rel=prev]")
	b.Press("a[rel=prev]")
	b.WantText("CVE-2031-7")
	b.Press("nav[aria-label='Filter by severity'] a[href*='severity=critical']")
	b.WantText("5 observations shown")
	b.Fill("#find-q", "cve-000000")
	b.Press(".gc-filter button")
	b.WantText("4 observations shown")
	b.Press("table a[href*='/observations/']")
	b.WantText("CVE-000000", "lib0")
	b.Open("/observations?q=nothing")
	b.WantText("No observations match")
	b.CheckPage("observation-list-nothing")
	b.Open("/observations")
	b.Do(chromedp.Click(".gc-filter summary"))
	b.Do(chromedp.SetValue("#find-product", fmt.Sprint(shop.id)))
	b.Press(".gc-filter button")
	b.WantText("Shop")
	b.CheckPage("observation-list-product")
}
