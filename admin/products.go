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

// sortGate lists failing gates first; the default order is by name.
const sortGate = "gate"

func (a *Admin) productList(c *gin.Context) error {
	ctx, scope := c.Request.Context(), actorOf(c).Scope()
	q, state, after := c.Query("q"), models.GateState(c.Query("gate")), c.Query("after")
	if !state.Valid() {
		state = ""
	}
	group, err := a.groupFilter(c)
	if err != nil {
		return err
	}
	tally, err := a.Store.GateTally(ctx, scope, group.ID)
	if err != nil {
		return err
	}
	sort := c.Query("sort")
	if sort != sortGate {
		sort = ""
	}
	stale := c.Query("stale")
	f := models.ProductFilter{
		Text:       q,
		State:      state,
		Stale:      stale != "",
		Group:      group.ID,
		After:      after,
		Limit:      pageSize + 1,
		Worst:      sort == sortGate,
		AfterState: models.GateState(c.Query("from")),
	}
	rows, err := a.Store.Products(ctx, scope, f)
	if err != nil {
		return err
	}
	here := []string{"q", q, "group", c.Query("group"), "stale", stale}
	v := page.ProductsView{
		Query:     q,
		Gate:      string(state),
		CanCreate: a.Products.MayCreate(actorOf(c)) == nil,
		Chips:     gateChips(append(here, "sort", sort), state, tally),
		Sort:      sort,
		Stale:     f.Stale,
		GroupID:   group.ID,
		Group:     group.Name,
		ByName: link(
			"/products",
			append(here, "gate", string(state))...),
		ByGate: link("/products", append(here, "gate", string(state), "sort", sortGate)...),
	}
	for _, n := range tally {
		v.Total += int(n)
	}
	if len(rows) > pageSize {
		rows = rows[:pageSize]
		last := rows[pageSize-1]
		v.Pager.Next = link(
			"/products",
			append(here, "gate", string(state), "sort", sort, "after", last.Name, "from", string(last.Default.Gate))...)
	}
	if after != "" {
		v.Pager.First = link("/products", append(here, "gate", string(state), "sort", sort)...)
	}
	v.Pager.Text = plural(len(rows), "product", "products") + " shown"
	if v.Rows, err = a.productRows(c, rows); err != nil {
		return err
	}
	v.Frame = a.frame(c, "Products", layout.NavProducts)
	v.Frame.Query = q
	return render(c, http.StatusOK, page.Products(v))
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
	}{{models.GateFailed, "Failed"}, {models.GatePassed, "Passed"}, {models.GateNone, "None"}} {
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

func (a *Admin) productRows(c *gin.Context, rows []models.ProductRow) ([]page.ProductRow, error) {
	targets, err := a.Store.TargetsOf(c.Request.Context(), productIDs(rows))
	if err != nil {
		return nil, err
	}
	groups, err := a.groupsOf(c, rows)
	if err != nil {
		return nil, err
	}
	list := make([]page.ProductRow, 0, len(rows))
	for _, r := range rows {
		var group groupLink
		if r.GroupID != nil {
			group = groups[*r.GroupID]
		}
		list = append(list, page.ProductRow{
			Group:      group.name,
			GroupHref:  group.href,
			ID:         r.ID,
			Name:       r.Name,
			Gate:       string(r.Default.Gate),
			Why:        whyOf(r.Default),
			Since:      a.inUserZone(c, r.Default.Since),
			Counts:     uiCounts(r.Default.Counts),
			LastReport: a.inUserZone(c, r.LastReportAt),
			StaleSince: a.inUserZone(c, r.Default.StaleSince),
			Targets:    len(targets[r.ID]),
		})
	}
	return list, nil
}

// groupLink is the name of a group, and the path of its products for users who can see it.
type groupLink struct{ name, href string }

// groupsOf returns the groups of products by id.
func (a *Admin) groupsOf(c *gin.Context, rows []models.ProductRow) (map[int64]groupLink, error) {
	var ids []int64
	for _, r := range rows {
		if r.GroupID != nil {
			ids = append(ids, *r.GroupID)
		}
	}
	if len(ids) == 0 {
		return nil, nil //nolint:nilnil // a nil map can be read
	}
	links := map[int64]groupLink{}
	names, err := a.Store.GroupNames(c.Request.Context(), ids)
	if err != nil {
		return nil, err
	}
	for id, name := range names {
		links[id] = groupLink{name: name}
	}
	seen, err := a.Products.Groups(c.Request.Context(), actorOf(c), models.GroupFilter{Limit: maxGroups})
	for _, g := range seen {
		if _, here := links[g.ID]; here {
			links[g.ID] = groupLink{g.Name, link("/products", "group", formatInt(g.ID))}
		}
	}
	return links, err
}
