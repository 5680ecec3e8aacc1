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
	return pageParams(models.ProductOrders, productOptions(), params...)
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
	p := pageOf(c, productOptions()...)
	p.in(groupPath(id))
	rows, pager, err := readPage(&p, a.productsIn(c, models.ProductFilter{Group: id}))
	if err != nil {
		return err
	}
	v.List = page.ProductsView{Sorting: p.sorting(), Pager: pager}
	v.List.Rows, err = a.productRows(c, rows)
	for i := range v.List.Rows {
		v.List.Rows[i].Group = "" // all are in this one
	}
	return err
}
