package admin

import (
	"net/http"
	"slices"

	"github.com/gin-gonic/gin"

	"gatecrier/models"
	"gatecrier/templates/layout"
	"gatecrier/templates/page"
	"gatecrier/templates/ui"
)

// productsRoutes adds the list of products.
func (a *Admin) productsRoutes(r router) {
	r.get("/products", a.productList)
}

// productParams are the parameters of the list.
func productParams() []listParam {
	return pageParams(models.ProductOrders, productOptions(),
		append(anyText("q", "group"), gateParam("gate"), oneOf("stale", "1"))...)
}

// productOptions are the orders of a list of products, failed gates first.
func productOptions() []sortOption {
	return []sortOption{{name: models.ProductsByGate}, {name: "name"}, {name: models.ProductsByObservations, desc: true}}
}

// gateParam returns a parameter that takes the state of a gate.
func gateParam(name string) listParam {
	return oneOf(name, models.GateFailed, models.GatePassed, models.GateNone)
}

func (a *Admin) productList(c *gin.Context) error {
	if err := checkListURL(c, productParams()...); err != nil {
		return err
	}
	ctx, scope := c.Request.Context(), actorOf(c).Scope()
	group, err := a.groupFilter(c)
	if err != nil {
		return err
	}
	tally, err := a.Store.GateTally(ctx, scope, group.ID)
	if err != nil {
		return err
	}
	p := pageOf(c, productOptions()...)
	f := productFilter(c, group.ID)
	if isExport(c) {
		f.Place = p.Place
		return a.exportProducts(c, f)
	}
	here := []string{"q", f.Text, "group", c.Query("group"), "stale", knownValue(c, "stale")}
	gate := string(f.State)
	p.in("/products", append(slices.Clone(here), "gate", gate)...)
	v := page.ProductsView{
		Query:     f.Text,
		CanCreate: a.Products.MayCreate(actorOf(c)) == nil,
		Chips:     gateChips(slices.Concat(here, p.kept()), f.State, tally),
		Sorting:   p.sorting(),
		Keep:      hiddenFields(slices.Concat(withoutPairs(p.filter, "q"), p.kept())),
	}
	clear := func(name string) string {
		return link("/products", append(withoutPairs(p.filter, name), p.kept()...)...)
	}
	if group.ID != 0 {
		v.Filters = append(v.Filters, ui.Removable{Label: "Group: " + group.Name, Clear: clear("group")})
	}
	if f.Stale {
		v.Filters = append(v.Filters, ui.Removable{Label: "Stale products only", Clear: clear("stale")})
	}
	for _, n := range tally {
		v.Total += int(n)
	}
	rows, pager, err := readPage(&p, a.productsIn(c, f))
	if err != nil {
		return err
	}
	v.Pager, v.Pager.Export = pager, exportLink(c)
	if v.Rows, err = a.productRows(c, rows); err != nil {
		return err
	}
	v.Frame = a.frame(c, "Products", layout.NavProducts)
	return render(c, http.StatusOK, page.Products(v))
}

// productsIn reads the products of a filter.
func (a *Admin) productsIn(c *gin.Context, f models.ProductFilter) rowsOf[models.ProductRow] {
	ctx, scope := c.Request.Context(), actorOf(c).Scope()
	return rowsOf[models.ProductRow]{
		read: func(at models.Place, limit int) ([]models.ProductRow, error) {
			f.Place, f.Limit = at, limit
			return a.Store.Products(ctx, scope, f)
		},
		key:   models.ProductOrders.Key,
		count: func() (int, error) { return a.Store.CountProducts(ctx, scope, f) },
		one:   "product", many: "products",
	}
}

// productFilter reads the filter of the URL; group is the id of its group, 0 for all.
func productFilter(c *gin.Context, group int64) models.ProductFilter {
	f := models.ProductFilter{
		Text:  c.Query("q"),
		State: models.GateState(c.Query("gate")),
		Stale: c.Query("stale") == "1",
		Group: group,
	}
	if !f.State.Valid() {
		f.State = ""
	}
	return f
}

// groupFilter returns the group that the list is filtered by, or a zero one.
func (a *Admin) groupFilter(c *gin.Context) (models.GroupRow, error) {
	if c.Query("group") == "" {
		return models.GroupRow{}, nil
	}
	return a.Products.Group(c.Request.Context(), actorOf(c), idOf(c.Query("group")))
}

// gateChips returns chips that filter by the state of the gate; here is the rest of the URL.
func gateChips(here []string, current models.GateState, tally map[models.GateState]int64) []ui.Chip {
	all := 0
	chips := []ui.Chip{{Label: "All", Href: link("/products", here...), Current: current == ""}}
	for _, s := range []struct {
		state models.GateState
		label string
	}{{models.GateFailed, "Failed"}, {models.GatePassed, "Passed"}, {models.GateNone, "Not evaluated"}} {
		n := int(tally[s.state])
		all += n
		chips = append(chips, ui.Chip{
			Label:   s.label,
			Href:    link("/products", append(here, "gate", string(s.state))...),
			Count:   n,
			Current: current == s.state,
		})
	}
	chips[0].Count = all
	return chips
}
