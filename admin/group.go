package admin

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"gatecrier/app/audit"
	"gatecrier/app/authz"
	"gatecrier/app/fault"
	"gatecrier/app/product"
	"gatecrier/app/web"
	"gatecrier/models"
	"gatecrier/templates/layout"
	"gatecrier/templates/page"
)

// group shows a group, with the tab that the URL names.
func (a *Admin) group(c *gin.Context) error {
	row, err := a.groupOf(c)
	if err != nil {
		return err
	}
	return a.groupPage(c, http.StatusOK, row, page.Tab(c.Query("tab")), nil)
}

func (a *Admin) groupOf(c *gin.Context) (models.GroupRow, error) {
	id, err := web.ID(c, "id", "group")
	if err != nil {
		return models.GroupRow{}, err
	}
	return a.Products.Group(c.Request.Context(), actorOf(c), id)
}

// groupPage renders the page; change, where given, has the last word on the
// view.
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
	if v.CanDelete, err = a.mayAt(c, authz.Own, at); err != nil {
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
		v.TabCounts[page.GroupMembers] = len(v.People.Members)
	case page.GroupTargets:
		err = a.groupTargetsTab(c, row.ID, v)
	case page.GroupSettings:
		v.Settings, err = a.groupSettings(c, row)
	default:
		err = a.groupProducts(c, row.ID, v)
	}
	return err
}

// groupProducts lists a group's products, failing ones first.
func (a *Admin) groupProducts(c *gin.Context, id int64, v *page.GroupView) error {
	path, sort := groupPath(id), c.Query("sort")
	f := models.ProductFilter{
		Group:      id,
		Worst:      sort != "name",
		After:      c.Query("after"),
		AfterState: models.GateState(c.Query("from")),
		Limit:      pageSize + 1,
	}
	rows, err := a.Store.Products(c.Request.Context(), actorOf(c).Scope(), f)
	if err != nil {
		return err
	}
	v.List = page.ProductsView{ByName: link(path, "sort", "name"), ByGate: path, Sort: sortGate, GroupID: id}
	if !f.Worst {
		v.List.Sort = ""
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

func (a *Admin) groupSettings(c *gin.Context, row models.GroupRow) (page.SettingsTab, error) {
	f, err := a.Connections.FieldsOf(c.Request.Context(), actorOf(c), product.InGroup(row.ID))
	if err != nil {
		return page.SettingsTab{}, err
	}
	t := page.SettingsTab{
		Version:     row.Version,
		Name:        row.Name,
		Description: row.Description,
		GateMode:    string(row.GateMode),
		Thresholds:  thresholdTexts(row.Thresholds),
		Defaults:    uiCounts(a.Settings.Gate().Thresholds),
		EmailTo:     f.EmailTo,
		MSTeams:     f.MSTeams,
		Slack:       f.Slack,
	}
	err = a.lastChanged(c, &t, audit.Group, row.Name, 0)
	return t, err
}

// groupSave saves the settings of a group. What is wrong is said beside the
// field, with what was typed still there.
func (a *Admin) groupSave(c *gin.Context) error {
	row, err := a.groupOf(c)
	if err != nil {
		return err
	}
	typed, e, err := settingsForm(c)
	if err == nil {
		edit := product.GroupEdit{
			Name:        e.Name,
			Description: e.Description,
			GateMode:    e.GateMode,
			Thresholds:  e.Thresholds,
			Targets:     e.Targets,
			Version:     e.Version,
		}
		_, err = a.Products.UpdateGroup(c.Request.Context(), actorOf(c), row.ID, edit)
	}
	if a.settingsErrors(&typed, err, row.Version) {
		return a.groupPage(c, web.StatusOf(err), row, page.GroupSettings, func(v *page.GroupView) {
			typed.ChangedBy, typed.ChangedAt = v.Settings.ChangedBy, v.Settings.ChangedAt
			v.Settings = typed
		})
	}
	if err != nil {
		return err
	}
	a.flash(c, "ok", "Saved", "")
	web.SeeOther(c, groupPath(row.ID)+"?tab=settings")
	return nil
}

func (a *Admin) groupDeleteConfirm(c *gin.Context) error {
	return a.groupDeletePage(c, http.StatusOK, "", nil)
}

// groupDeletePage asks what becomes of a group's products, and has its name
// typed.
func (a *Admin) groupDeletePage(c *gin.Context, status int, choice string, errs map[string]string) error {
	row, err := a.groupOf(c)
	if err != nil {
		return err
	}
	if err := a.Products.Require(c.Request.Context(), actorOf(c), authz.Own, product.InGroup(row.ID)); err != nil {
		return err
	}
	targets, err := a.Connections.ListGroup(c.Request.Context(), actorOf(c), row.ID)
	if err != nil {
		return err
	}
	return render(c, status, page.GroupDelete(page.GroupDeleteView{
		Frame:    a.frame(c, "Delete "+row.Name, layout.NavGroups),
		ID:       row.ID,
		Name:     row.Name,
		Products: row.Products,
		Targets:  len(targets),
		Choice:   choice,
		Errors:   errs,
	}))
}

func (a *Admin) groupDelete(c *gin.Context) error {
	row, err := a.groupOf(c)
	if err != nil {
		return err
	}
	var fieldErrs fault.Fields
	choice := c.PostForm("products")
	if choice != "keep" && choice != "delete" {
		fieldErrs.Add("products", "Say what becomes of them")
	}
	if choice == "delete" && c.PostForm("count") != formatInt(row.Products) { // more than were shown would be lost
		fieldErrs.Add("products", "It has "+plural(row.Products, "product", "products")+" now: choose again")
	}
	if c.PostForm("confirm") != row.Name {
		fieldErrs.Add("confirm", "Type the group's name to confirm")
	}
	if errs := fieldErrors(fieldErrs.Err()); errs != nil {
		return a.groupDeletePage(c, http.StatusUnprocessableEntity, choice, errs)
	}
	if err := a.Products.DeleteGroup(c.Request.Context(), actorOf(c), row.ID, choice == "delete"); err != nil {
		return err
	}
	if choice == "delete" {
		a.flash(c, "ok", row.Name+" is deleted, with "+plural(row.Products, "product", "products"), "")
	} else {
		a.flash(c, "ok", row.Name+" is deleted", plural(row.Products, "product is", "products are")+" in no group now.")
	}
	web.SeeOther(c, "/groups")
	return nil
}
