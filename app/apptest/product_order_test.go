package apptest_test

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gatecrier/app/apptest"
)

// The list of products begins with failing gates. Filters, searches and files keep another order.
func TestProducts_FailingFirst(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		admin := p.Client("admin")
		newProduct(t, admin, "Alpha", "")
		gamma, beta := newProduct(t, admin, "Gamma", ""), newProduct(t, admin, "Beta", "")
		admin.Must(http.StatusCreated, "POST", gamma.path+"/reports", apptest.Report(t, "grype-image.json"))
		admin.Must(http.StatusCreated, "POST", beta.path+"/reports", apptest.Report(t, "grype-none.json"))
		c := newPageClient(t, p, "admin")
		rows := regexp.MustCompile(`<a class="q name" href="[^"]+"><bdi>(\w+)</bdi>`)
		sorted := regexp.MustCompile(`aria-sort="ascending">\s*<a [^>]+>\s*(\w+)`)
		for _, test := range []struct {
			query, by string
			want      []string
		}{
			{"", "Gate", []string{"Gamma", "Alpha", "Beta"}},
			{"?sort=gate", "Gate", []string{"Gamma", "Alpha", "Beta"}},
			{"?sort=name", "Product", []string{"Alpha", "Beta", "Gamma"}},
			{"?sort=name&q=a&after=Alpha", "Product", []string{"Beta", "Gamma"}},
			{"?after=1%2CAlpha", "Gate", []string{"Beta"}},
			{"?sort=odd", "Gate", []string{"Gamma", "Alpha", "Beta"}},
		} {
			text := c.must(http.StatusOK, "GET", "/products"+test.query)
			var got []string
			for _, m := range rows.FindAllStringSubmatch(text, -1) {
				got = append(got, m[1])
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("/products%s: %v, want %v", test.query, got, test.want)
			}
			if m := sorted.FindStringSubmatch(text); len(m) == 0 || m[1] != test.by {
				t.Errorf("/products%s: sorted by %v, want %s", test.query, m, test.by)
			}
		}
		text := c.must(http.StatusOK, "GET", "/products?sort=name&q=a")
		for _, want := range []string{
			`href="/products?q=a"`, `href="/products?gate=failed&amp;q=a&amp;sort=name"`,
			`<input type="hidden" name="sort" value="name">`, `href="/products?format=csv&amp;q=a&amp;sort=name"`,
		} {
			if !strings.Contains(text, want) {
				t.Errorf("no %s in %s", want, text)
			}
		}
		for path, want := range map[string]string{
			"/products?format=csv": "Gamma", "/products?sort=name&format=csv": "Alpha",
		} {
			if got := exported(t, c, path); got[0][1] != want {
				t.Errorf("%s begins with %s, want %s", path, got[0][1], want)
			}
		}
	})
}
