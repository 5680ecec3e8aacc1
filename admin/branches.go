package admin

import (
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"gatecrier/app/authz"
	"gatecrier/app/fault"
	"gatecrier/app/product"
	"gatecrier/app/web"
	"gatecrier/models"
	"gatecrier/templates/layout"
	"gatecrier/templates/page"
	"gatecrier/templates/ui"
)

// registerBranches adds the pages of branches, and of the badge.
func (a *Admin) registerBranches(get, post func(path string, h handler)) {
	const branch = "/products/:id/branches/:branch"
	get(branch, a.comparison)
	post(branch+"/protect", a.branchProtect(true))
	post(branch+"/unprotect", a.branchProtect(false))
	get(branch+"/default", a.branchDefaultConfirm)
	post(branch+"/default", a.branchDefault)
	get(branch+"/delete", a.branchDeleteConfirm)
	post(branch+"/delete", a.branchDelete)
	post("/products/:id/badge", a.badgeCreate)
	get("/products/:id/badge/:action", a.badgeConfirm)
	post("/products/:id/badge/:action", a.badgeChange)
}

func branchPath(b models.Branch) string {
	return productPath(b.ProductID) + "/branches/" + formatInt(b.ID)
}

func branchesPath(productID int64) string { return productPath(productID) + "?tab=branches" }

// branchesTab lists the branches, and what each adds to the default one.
func (a *Admin) branchesTab(c *gin.Context, row models.ProductRow, v *page.ProductView) error {
	ctx := c.Request.Context()
	f := models.BranchFilter{ProductID: row.ID, Text: c.Query("q"), Limit: pageSize + 1}
	here := []string{"tab", string(page.TabBranches), "q", f.Text}
	path, t := productPath(row.ID), &v.Branches
	if after, named := c.GetQuery("after"); named {
		f.After = &models.BranchKey{Default: after == "", Name: after}
		t.Pager.First = link(path, here...)
	}
	list, err := a.Products.Branches(ctx, actorOf(c), f)
	if err != nil {
		return err
	}
	if len(list) > pageSize {
		list = list[:pageSize]
		t.Pager.Next = link(path, append(here, "after", list[pageSize-1].Name)...)
	}
	t.Query, t.Pager.Text, t.Kept = f.Text, plural(len(list), "branch", "branches")+" shown", a.branchesKept()
	adds, err := a.Products.BranchDelta(ctx, row.Default, list)
	for _, b := range list {
		r := a.branchRow(c, b)
		if counts, known := adds[b.ID]; known {
			more := uiCounts(counts)
			r.Adds = &more
		}
		t.Rows = append(t.Rows, r)
	}
	return err
}

// branchesKept is after how long a branch without reports is removed, "" for
// never.
func (a *Admin) branchesKept() string {
	kept := a.Settings.Reports().BranchesKept
	if kept == 0 {
		return ""
	}
	return plural(int(kept/(24*time.Hour)), "day", "days")
}

func (a *Admin) branchRow(c *gin.Context, b models.BranchRow) page.BranchRow {
	return page.BranchRow{
		ID: b.ID, Name: b.Name, Default: b.Default, Protected: b.Protected, Gate: string(b.Gate), Why: whyOf(b.Branch),
		Counts: uiCounts(b.Counts), LastReport: a.inUserZone(c, b.LastReportAt),
	}
}

// branchOf is the branch of a path, which must be of the product that is there
// too.
func (a *Admin) branchOf(c *gin.Context) (models.BranchRow, error) {
	productID, err := web.ID(c, "id", "product")
	if err != nil {
		return models.BranchRow{}, err
	}
	id, err := web.ID(c, "branch", "branch")
	if err != nil {
		return models.BranchRow{}, err
	}
	b, err := a.Products.Branch(c.Request.Context(), actorOf(c), id)
	if err == nil && b.ProductID != productID {
		err = fault.NewNotFound("branch")
	}
	return b, err
}

// comparison shows what a branch adds to the default one.
func (a *Admin) comparison(c *gin.Context) error {
	b, err := a.branchOf(c)
	if err != nil {
		return err
	}
	ctx, actor := c.Request.Context(), actorOf(c)
	row, err := a.Products.Get(ctx, actor, b.ProductID)
	if err != nil {
		return err
	}
	f := models.CompareFilter{
		Known: c.Query("list") == "known",
		After: observationKey(c.Query("after")),
		Limit: pageSize + 1,
	}
	if severity, filtered := models.SeverityByName(c.Query("severity")); filtered {
		f.Severity = &severity
	}
	found, err := a.Products.Compare(ctx, actor, b.ID, f)
	if err != nil {
		return err
	}
	v := page.ComparisonView{
		ProductID: row.ID,
		Product:   row.Name,
		Branch:    a.branchRow(c, found.Branch),
		Default:   a.branchRow(c, found.Default),
		Added:     uiCounts(found.Added),
		Known:     uiCounts(found.Known),
		Shared:    uiCounts(found.Shared),
		Gone:      uiCounts(found.Gone),
		KnownList: f.Known,
	}
	if v.CanEdit, err = authz.May(ctx, a.Store, actor, authz.Edit, row.ID); err != nil {
		return err
	}
	a.compareChips(c, b.Branch, found, &v)
	a.addedRows(c, b.Branch, f, found.Rows, &v)
	v.Frame = a.frame(c, b.Name+" beside "+found.Default.Name, layout.NavProducts)
	return render(c, http.StatusOK, page.Comparison(v))
}

// compareChips choose between what is added and what is known, and a severity.
func (a *Admin) compareChips(c *gin.Context, b models.Branch, found product.Comparison, v *page.ComparisonView) {
	path, severity, list := branchPath(b), c.Query("severity"), ""
	listed := found.Added
	if v.KnownList {
		list, listed = "known", found.Known
	}
	v.Chips = []ui.Chip{
		{Label: "Added", Href: link(path, "severity", severity), Count: int(found.Added.Total()), Current: !v.KnownList},
		{
			Label:   "Known there",
			Href:    link(path, "severity", severity, "list", "known"),
			Count:   int(found.Known.Total()),
			Current: v.KnownList,
		},
	}
	v.Severities = []ui.Chip{
		{Label: "All", Href: link(path, "list", list), Count: int(listed.Total()), Current: severity == ""},
	}
	for _, s := range models.Severities() {
		if n := listed.Of(s); n > 0 || severity == s.String() {
			v.Severities = append(v.Severities, ui.Chip{
				Label:   ui.Title(s.String()),
				Href:    link(path, "list", list, "severity", s.String()),
				Count:   int(n),
				Current: severity == s.String(),
			})
		}
	}
}

func (a *Admin) addedRows(
	c *gin.Context, b models.Branch, f models.CompareFilter, rows []models.Added, v *page.ComparisonView,
) {
	here := []string{"list", c.Query("list"), "severity", c.Query("severity")}
	if f.After != nil {
		v.Pager.First = link(branchPath(b), here...)
	}
	if len(rows) > pageSize {
		rows = rows[:pageSize]
		last := rows[pageSize-1]
		v.Pager.Next = link(branchPath(b), append(here, "after", formatInt(int64(last.Severity))+"-"+formatInt(last.ID))...)
	}
	v.Pager.Text = plural(len(rows), "observation", "observations") + " shown"
	for _, o := range rows {
		v.Rows = append(v.Rows, page.AddedRow{There: string(o.There), ObservationRow: page.ObservationRow{
			ID:          o.ID,
			Title:       o.Title,
			Description: o.Description,
			URL:         web.HTTPLink(o.URL),
			Severity:    o.Severity.String(),
			Component:   o.Component,
			Location:    o.Location,
			Fix:         o.Fix,
			Status:      string(o.Status),
			FirstSeen:   a.inUserZone(c, o.FirstSeenAt),
			Scanner:     o.Scanner,
		}})
	}
}

// branchProtect keeps a branch although no report comes any more, or not.
func (a *Admin) branchProtect(protected bool) handler {
	return func(c *gin.Context) error {
		b, err := a.branchOf(c)
		if err != nil {
			return err
		}
		if _, err := a.Products.UpdateBranch(
			c.Request.Context(), actorOf(c), b.ID, product.BranchEdit{Protected: &protected},
		); err != nil {
			return err
		}
		switch kept := a.branchesKept(); {
		case protected:
			a.flash(c, "ok", b.Name+" is protected", "It stays although no report of it comes any more.")
		case kept != "":
			a.flash(c, "ok", b.Name+" is not protected any more", "It is removed once it has got no report for "+kept+".")
		default:
			a.flash(c, "ok", b.Name+" is not protected any more", "")
		}
		if c.PostForm("back") == "branch" {
			web.SeeOther(c, branchPath(b.Branch))
			return nil
		}
		web.SeeOther(c, branchesPath(b.ProductID))
		return nil
	}
}
