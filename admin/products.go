package admin

import (
	"net/http"

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
	return append(anyText("q", "group", "after"),
		gateParam("gate"), gateParam("from"), oneOf("stale", "1"), oneOf("sort", sortGate, sortName))
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
	f := productFilter(c, group.ID)
	if isExport(c) {
		return a.exportProducts(c, f)
	}
	rows, err := a.Store.Products(ctx, scope, f)
	if err != nil {
		return err
	}
	sort, gate := "", string(f.State)
	if !f.Worst {
		sort = sortName
	}
	here := []string{"q", f.Text, "group", c.Query("group"), "stale", knownValue(c, "stale")}
	v := page.ProductsView{
		Query:     f.Text,
		Gate:      gate,
		CanCreate: a.Products.MayCreate(actorOf(c)) == nil,
		Chips:     gateChips(append(here, "sort", sort), f.State, tally),
		Sort:      sort,
		Stale:     f.Stale,
		GroupID:   group.ID,
		Group:     group.Name,
		ByName:    link("/products", append(here, "gate", gate, "sort", sortName)...),
		ByGate:    link("/products", append(here, "gate", gate)...),
	}
	for _, n := range tally {
		v.Total += int(n)
	}
	here = append(here, "gate", gate, "sort", sort)
	if len(rows) > pageSize {
		rows = rows[:pageSize]
		last := rows[pageSize-1]
		v.Pager.Next = link("/products", append(here, "after", last.Name, "from", string(last.Default.Gate))...)
	}
	if f.After != "" {
		v.Pager.First = link("/products", here...)
	}
	v.Pager.Text = plural(len(rows), "product", "products") + " shown"
	v.Pager.Export = exportLink(c)
	if v.Rows, err = a.productRows(c, rows); err != nil {
		return err
	}
	v.Frame = a.frame(c, "Products", layout.NavProducts)
	return render(c, http.StatusOK, page.Products(v))
}

// productFilter reads the filter of the URL; group is the id of its group, 0 for all.
func productFilter(c *gin.Context, group int64) models.ProductFilter {
	f := models.ProductFilter{
		Text:       c.Query("q"),
		State:      models.GateState(c.Query("gate")),
		Stale:      c.Query("stale") == "1",
		Group:      group,
		After:      c.Query("after"),
		Limit:      pageSize + 1,
		Worst:      c.Query("sort") != sortName,
		AfterState: models.GateState(c.Query("from")),
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
