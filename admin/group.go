package admin

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"gatecrier/app/authz"
	"gatecrier/app/product"
	"gatecrier/models"
	"gatecrier/templates/layout"
	"gatecrier/templates/page"
)

// groupRoutes adds the page of a group.
func (a *Admin) groupRoutes(r router) {
	r.get("/groups/:id", a.group)
}

// group shows a group, with the tab that the URL names.
func (a *Admin) group(c *gin.Context) error {
	row, err := a.groupOf(c)
	if err != nil {
		return err
	}
	tab := page.Tab(c.Query("tab"))
	if err := checkListURL(c, groupParams(tab)...); err != nil {
		return err
	}
	return a.groupPage(c, http.StatusOK, row, tab, nil)
}

// groupParams are the parameters of a tab of the page.
func groupParams(tab page.Tab) []listParam {
	params := []listParam{oneOf("tab", page.GroupProducts, page.GroupMembers, page.GroupTargets, page.GroupSettings)}
	if tab == page.GroupMembers || tab == page.GroupTargets || tab == page.GroupSettings {
		return params
	}
	return append(append(params, anyText("after")...), gateParam("from"), oneOf("sort", sortGate, sortName))
}

// groupPage renders a group; change, unless nil, edits the view last.
func (a *Admin) groupPage(
	c *gin.Context, status int, row models.GroupRow, tab page.Tab, change func(*page.GroupView),
) error {
	at := product.InGroup(row.ID)
	v := page.GroupView{
		ID:        row.ID,
		Name:      row.Name,
		Summary:   row.Description,
		Products:  row.Products,
		Failed:    row.Failed,
		Gate:      groupGate(row.Group),
		Tab:       tab,
		TabCounts: map[page.Tab]int{page.GroupProducts: row.Products},
	}
	var err error
	if v.CanEdit, err = a.mayAt(c, authz.Edit, at); err != nil {
		return err
	}
	if v.CanOwn, err = a.mayAt(c, authz.Own, at); err != nil {
		return err
	}
	if err := a.groupTab(c, row, &v); err != nil {
		return err
	}
	v.Frame = a.frame(c, row.Name, layout.NavGroups)
	v.List.Frame = v.Frame
	if change != nil {
		change(&v)
	}
	return render(c, status, page.Group(v))
}

// groupTab fills the tab that is shown.
func (a *Admin) groupTab(c *gin.Context, row models.GroupRow, v *page.GroupView) (err error) {
	switch v.Current() {
	case page.GroupMembers:
		v.People, err = a.membersOf(c, product.InGroup(row.ID), "group")
	case page.GroupTargets:
		err = a.groupTargetsTab(c, row.ID, v)
	case page.GroupSettings:
		v.Settings, err = a.groupSettings(c, row)
	default:
		err = a.groupProducts(c, row.ID, v)
	}
	return err
}

// groupProducts lists a group's products, failing ones first unless the URL sorts them by name.
func (a *Admin) groupProducts(c *gin.Context, id int64, v *page.GroupView) error {
	path, sort := groupPath(id), c.Query("sort")
	f := models.ProductFilter{
		Group:      id,
		Worst:      sort != sortName,
		After:      c.Query("after"),
		AfterState: models.GateState(c.Query("from")),
		Limit:      pageSize + 1,
	}
	rows, err := a.Store.Products(c.Request.Context(), actorOf(c).Scope(), f)
	if err != nil {
		return err
	}
	v.List = page.ProductsView{ByName: link(path, "sort", sortName), ByGate: path, GroupID: id}
	if !f.Worst {
		v.List.Sort = sortName
	}
	if len(rows) > pageSize {
		rows = rows[:pageSize]
		last := rows[pageSize-1]
		v.List.Pager.Next = link(path, "sort", sort, "after", last.Name, "from", string(last.Default.Gate))
	}
	if f.After != "" {
		v.List.Pager.First = link(path, "sort", sort)
	}
	v.List.Pager.Text = plural(len(rows), "product", "products") + " shown"
	v.List.Rows, err = a.productRows(c, rows)
	for i := range v.List.Rows {
		v.List.Rows[i].Group = "" // all are in this one
	}
	return err
}
