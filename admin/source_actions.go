package admin

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"gatecrier/app/fault"
	"gatecrier/app/web"
	"gatecrier/models"
	"gatecrier/templates/layout"
	"gatecrier/templates/page"
	"gatecrier/templates/ui"
)

// sourceRoutes adds the actions on a source of reports.
func (a *Admin) sourceRoutes(r router) {
	r.get(sourceRoute+"/rename", a.sourceRenameForm)
	r.post(sourceRoute+"/rename", a.sourceRename)
	r.get(sourceRoute+"/delete", a.sourceDeleteConfirm)
	r.post(sourceRoute+"/delete", a.sourceDelete)
}

// editableSource returns the source of the path and its product, if the actor can edit the product.
func (a *Admin) editableSource(c *gin.Context) (models.SourceRow, models.ProductRow, error) {
	row, err := a.productOf(c)
	if err != nil {
		return models.SourceRow{}, row, err
	}
	id, err := web.ID(c, "source", "source")
	if err != nil {
		return models.SourceRow{}, row, err
	}
	s, err := a.Products.Source(c.Request.Context(), actorOf(c), id)
	if err == nil && s.ProductID != row.ID {
		err = fault.NewNotFound("source")
	}
	return s, row, err
}

func sourceCrumbs(row models.ProductRow) []ui.Crumb {
	return []ui.Crumb{
		{Label: "Products", Href: "/products"},
		{Label: row.Name, Href: productPath(row.ID)},
		{Label: "Sources", Href: sourcesPath(row.ID)},
	}
}

func (a *Admin) sourceRenameForm(c *gin.Context) error {
	s, row, err := a.editableSource(c)
	if err != nil {
		return err
	}
	return a.sourceRenamePage(c, http.StatusOK, s, row, page.SourceRenameView{Name: s.Name})
}

func (a *Admin) sourceRenamePage(
	c *gin.Context, status int, s models.SourceRow, row models.ProductRow, v page.SourceRenameView,
) error {
	v.Title = "Rename source " + sourceTitle(s.Source)
	v.Crumbs, v.Action, v.Cancel = sourceCrumbs(row), c.Request.URL.Path, sourcesPath(row.ID)
	former := "Reports with the current name"
	switch {
	case s.Facts.Decode().Unnamed:
		former = "Reports without a source"
	case s.Name != "":
		former = "Reports with the source “" + s.Name + "”"
	}
	v.Effects = []string{
		"Observations, assessments and waivers stay.",
		"From then on, a report of " + s.Scanner + " replaces this source if you send it with the new name: push --source, " +
			"or push NAME=FILE.",
		former + " will create another source, and both count. Update the pipeline, too.",
	}
	v.Frame = a.frame(c, v.Title, layout.NavProducts)
	return render(c, status, page.SourceRename(v))
}

func (a *Admin) sourceRename(c *gin.Context) error {
	s, row, err := a.editableSource(c)
	if err != nil {
		return err
	}
	name := c.PostForm("name")
	renamed, err := a.Products.RenameSource(c.Request.Context(), actorOf(c), s.ID, name)
	if isFormError(err) {
		v := page.SourceRenameView{Name: name, Error: fieldErrors(err)["name"]}
		if v.Error == "" {
			v.Problem = firstText(err)
		}
		return a.sourceRenamePage(c, web.StatusOf(err), s, row, v)
	}
	return a.done(c, err, "Source renamed", "New name: "+sourceTitle(renamed.Source)+".", sourcesPath(row.ID))
}

// sourceDeleteConfirm names what is lost with a source.
func (a *Admin) sourceDeleteConfirm(c *gin.Context) error {
	return a.sourceDeletePage(c, http.StatusOK, nil)
}

func (a *Admin) sourceDeletePage(c *gin.Context, status int, actionErr error) error {
	s, row, err := a.editableSource(c)
	if err != nil {
		return err
	}
	v := page.AskView{
		Title:   "Remove source " + sourceTitle(s.Source) + "?",
		Crumbs:  sourceCrumbs(row),
		Cancel:  sourcesPath(row.ID),
		Buttons: []page.AskButton{{Label: "Remove source", Danger: true}},
		Error:   firstText(actionErr),
	}
	if v.Effects, err = a.sourceLosses(c, s, row); err != nil {
		return err
	}
	many, err := a.Store.RemovedInParts(c.Request.Context(), models.RemoveSource, s.ID)
	if err != nil {
		return err
	}
	if many {
		v.Effects = append(v.Effects,
			"Its many observations are removed in parts, if need be in the background. "+progressOnHealth)
	}
	return a.askPage(c, status, v.Title, layout.NavProducts, v)
}

// sourceLosses says what is lost with a source, and what happens to the gate.
func (a *Admin) sourceLosses(c *gin.Context, s models.SourceRow, row models.ProductRow) ([]string, error) {
	ctx, actor := c.Request.Context(), actorOf(c)
	has, err := a.Store.CountSource(ctx, s.ID, maxCounted+1)
	if err != nil {
		return nil, err
	}
	var lost string
	switch {
	case s.Format == models.FormatCounts:
		lost = "Lost: its counts, " + plural(int(s.Counts.Total()), "active observation", "active observations") + "."
	case has.Assessed == 0:
		lost = "Lost: " + upTo(has.Observations, maxCounted, "observation", "observations") + ". No user has assessed them."
	default:
		lost = "Lost: " + upTo(has.Observations, maxCounted, "observation", "observations") + ", " +
			upTo(has.Assessed, maxCounted, "assessment", "assessments") + ", including " +
			upTo(has.Waivers, maxCounted, "waiver", "waivers") + "."
	}
	verdict, err := a.Products.WithoutSource(ctx, actor, s)
	if err != nil {
		return nil, err
	}
	gate := "The gate of the branch " + s.Branch + " remains " + ui.GateWord(string(verdict.State)) + ": " +
		verdict.Why + "."
	branch, err := a.Products.Branch(ctx, actor, s.BranchID)
	if err != nil {
		return nil, err
	}
	if branch.Gate != verdict.State {
		gate = "The gate of the branch " + s.Branch + " changes from " + ui.GateWord(string(branch.Gate)) + " to " +
			ui.GateWord(string(verdict.State)) + ": " + verdict.Why + "."
	}
	effects := []string{lost, gate}
	others, err := a.Store.SourcesWithReports(ctx, s.BranchID)
	if err != nil {
		return nil, err
	}
	if len(others) <= 1 {
		effects = append(effects,
			"It is the only source of the branch. Until the next report, the gate says nothing about the code.")
	}
	return append(effects,
		"The next report of this scanner with this source creates the source again, without this data."), nil
}

func (a *Admin) sourceDelete(c *gin.Context) error {
	s, row, err := a.editableSource(c)
	if err != nil {
		return err
	}
	done, err := a.Products.RemoveSource(c.Request.Context(), actorOf(c), s.ID)
	if fault.Is(err, fault.Conflict) {
		return a.sourceDeletePage(c, web.StatusOf(err), err)
	}
	if err == nil && !done {
		text := "Its observations are being removed in the background, also after a restart. " + progressOnHealth
		return a.redirect(c, "wait", "Removing "+sourceTitle(s.Source), text, sourcesPath(row.ID))
	}
	return a.done(c, err, "Source removed", sourceTitle(s.Source)+" and its observations were deleted.",
		sourcesPath(row.ID))
}
