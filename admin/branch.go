package admin

import (
	"math"
	"net/http"

	"github.com/gin-gonic/gin"

	"gatecrier/app/authz"
	"gatecrier/app/product"
	"gatecrier/app/web"
	"gatecrier/models"
	"gatecrier/templates/layout"
	"gatecrier/templates/page"
	"gatecrier/templates/ui"
)

// branchRoutes adds the page of a branch.
func (a *Admin) branchRoutes(r router) {
	r.get(branchRoute, a.comparison)
}

// comparison shows what a branch adds to the default branch.
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
	if err := checkListURL(c, pageParams(models.ObservationOrders, observationOptions(),
		oneOf("list", "known"), severityParam("severity"))...); err != nil {
		return err
	}
	f, p := models.CompareFilter{Known: c.Query("list") == "known"}, pageOf(c, observationOptions()...)
	if severity, filtered := models.SeverityByName(c.Query("severity")); filtered {
		f.Severity = &severity
	}
	p.in(branchPath(b.Branch), "list", knownValue(c, "list"), "severity", knownValue(c, "severity"))
	var found product.Comparison
	rows, pager, err := readPage(&p, rowsOf[models.Added]{
		read: func(at models.Place, limit int) (_ []models.Added, err error) {
			f.Place, f.Limit = at, limit
			found, err = a.Products.Compare(ctx, actor, b.ID, f)
			return found.Rows, err
		},
		key:      func(at models.Place, o models.Added) string { return models.ObservationOrders.Key(at, o.Observation) },
		count:    func() (int, error) { return listedBy(f, found), nil },
		maxCount: math.MaxInt32, // the comparison has the number anyway
		one:      "observation", many: "observations",
	})
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
		Sorting:   p.sorting(),
		Pager:     pager,
	}
	if v.CanEdit, err = authz.May(ctx, a.Store, actor, authz.Edit, row.ID); err != nil {
		return err
	}
	a.compareChips(c, b.Branch, found, p.kept(), &v)
	a.addedRows(c, rows, &v)
	v.Frame = a.frame(c, b.Name+" compared with "+found.Default.Name, layout.NavProducts)
	return render(c, http.StatusOK, page.Comparison(v))
}

// listedBy returns how many observations of a comparison a filter lists.
func listedBy(f models.CompareFilter, found product.Comparison) int {
	counts := found.Added
	if f.Known {
		counts = found.Known
	}
	if f.Severity != nil {
		return int(counts.Of(*f.Severity))
	}
	return int(counts.Total())
}

// compareChips fills the chips that choose between added and known observations, and a severity.
func (a *Admin) compareChips(
	c *gin.Context, b models.Branch, found product.Comparison, kept []string, v *page.ComparisonView,
) {
	link := func(path string, pairs ...string) string { return link(path, append(pairs, kept...)...) }
	path, severity, list := branchPath(b), knownValue(c, "severity"), ""
	listed := found.Added
	if v.KnownList {
		list, listed = "known", found.Known
	}
	v.Chips = []ui.Chip{
		{Label: "New here", Href: link(path, "severity", severity), Count: int(found.Added.Total()), Current: !v.KnownList},
		{
			Label:   "Known on default",
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

func (a *Admin) addedRows(c *gin.Context, rows []models.Added, v *page.ComparisonView) {
	for _, o := range rows {
		v.Rows = append(v.Rows, page.AddedRow{There: string(o.There), ObservationRow: page.ObservationRow{
			ID:          o.ID,
			Title:       o.Name(),
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
