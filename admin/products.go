package admin

import (
	"net/http"
	"strconv"

	"github.com/gin-gonic/gin"

	"gatecrier/app/product"
	"gatecrier/app/web"
	"gatecrier/models"
	"gatecrier/templates/layout"
	"gatecrier/templates/page"
	"gatecrier/templates/ui"
)

// rowsMost is the length of a page of a list.
const rowsMost = 50

// sortGate has failing gates first; the other order is by name.
const sortGate = "gate"

func (a *Admin) productList(c *gin.Context) error {
	ctx, scope := c.Request.Context(), actorOf(c).Scope()
	q, state, after := c.Query("q"), models.GateState(c.Query("gate")), c.Query("after")
	if !state.Valid() {
		state = ""
	}
	tally, err := a.Store.GateTally(ctx, scope)
	if err != nil {
		return err
	}
	sort := c.Query("sort")
	if sort != sortGate {
		sort = ""
	}
	f := models.ProductFilter{Text: q, State: state, After: after, Limit: rowsMost + 1, Worst: sort == sortGate, AfterState: models.GateState(c.Query("from"))}
	rows, err := a.Store.Products(ctx, scope, f)
	if err != nil {
		return err
	}
	v := page.ProductsView{
		Query: q, Gate: string(state), CanCreate: a.Products.MayCreate(actorOf(c)) == nil, Chips: gateChips(q, sort, state, tally), Sort: sort,
		ByName: link("/products", "q", q, "gate", string(state)), ByGate: link("/products", "q", q, "gate", string(state), "sort", sortGate),
	}
	for _, n := range tally {
		v.Total += int(n)
	}
	if len(rows) > rowsMost {
		rows = rows[:rowsMost]
		last := rows[rowsMost-1]
		v.Pager.Next = link("/products", "q", q, "gate", string(state), "sort", sort, "after", last.Name, "from", string(last.Default.Gate))
	}
	if after != "" {
		v.Pager.First = link("/products", "q", q, "gate", string(state), "sort", sort)
	}
	v.Pager.Text = plural(len(rows), "product", "products") + " shown"
	if v.Rows, err = a.productRows(c, rows); err != nil {
		return err
	}
	v.Frame = a.frame(c, "Products", layout.NavProducts)
	v.Frame.Query = q
	return show(c, http.StatusOK, page.Products(v))
}

func gateChips(q, sort string, current models.GateState, tally map[models.GateState]int64) []ui.Chip {
	all := 0
	chips := []ui.Chip{{Label: "All", Href: link("/products", "q", q, "sort", sort), Current: current == ""}}
	for _, s := range []struct {
		state models.GateState
		label string
	}{{models.GateFailed, "Failed"}, {models.GatePassed, "Passed"}, {models.GateNone, "None"}} {
		n := int(tally[s.state])
		all += n
		chips = append(chips, ui.Chip{Label: s.label, Href: link("/products", "q", q, "sort", sort, "gate", string(s.state)), Count: n, Current: current == s.state})
	}
	chips[0].Count = all
	return chips
}

func (a *Admin) productRows(c *gin.Context, rows []models.ProductRow) ([]page.ProductRow, error) {
	ids := make([]int64, len(rows))
	for i, r := range rows {
		ids[i] = r.ID
	}
	targets, err := a.Store.TargetsOf(c.Request.Context(), ids)
	if err != nil {
		return nil, err
	}
	list := make([]page.ProductRow, 0, len(rows))
	for _, r := range rows {
		list = append(list, page.ProductRow{
			ID: r.ID, Name: r.Name, Gate: string(r.Default.Gate), Why: whyOf(r.Default), Since: a.zoned(c, r.Default.Since),
			Counts: uiCounts(r.Default.Counts), LastReport: a.zoned(c, r.LastReportAt), Targets: len(targets[r.ID]),
		})
	}
	return list, nil
}

func whyOf(b models.Branch) string {
	if !b.Evaluated {
		return "no report yet"
	}
	return b.Why
}

func (a *Admin) productNew(c *gin.Context) error {
	if err := a.Products.MayCreate(actorOf(c)); err != nil {
		return err
	}
	return a.newPage(c, http.StatusOK, page.ProductNewView{DefaultBranch: product.DefaultBranch})
}

func (a *Admin) newPage(c *gin.Context, status int, v page.ProductNewView) error {
	v.Frame = a.frame(c, "New product", layout.NavProducts)
	return show(c, status, page.ProductNew(v))
}

func (a *Admin) productCreate(c *gin.Context) error {
	d := product.Draft{Name: c.PostForm("name"), Description: c.PostForm("description"), DefaultBranch: c.PostForm("default_branch")}
	row, err := a.Products.Create(c.Request.Context(), actorOf(c), d)
	if errs := fieldErrors(err); errs != nil {
		return a.newPage(c, http.StatusUnprocessableEntity, page.ProductNewView{
			Name: d.Name, Description: d.Description, DefaultBranch: d.DefaultBranch, Errors: errs,
		})
	}
	if err != nil {
		return err
	}
	a.flash(c, "ok", "The product is there", "Say next who is to be told, and send a first report.")
	web.SeeOther(c, productPath(row.ID)+"?tab=targets")
	return nil
}

func productPath(id int64) string { return "/products/" + strconv.FormatInt(id, 10) }
