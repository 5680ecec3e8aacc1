package admin

import (
	"net/http"
	"strings"

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

// branchActionRoutes adds the actions on a branch.
func (a *Admin) branchActionRoutes(r router) {
	r.post(branchRoute+"/protect", a.branchProtect(true))
	r.post(branchRoute+"/unprotect", a.branchProtect(false))
	r.get(branchRoute+"/default", a.branchDefaultConfirm)
	r.post(branchRoute+"/default", a.branchDefault)
	r.get(branchRoute+"/delete", a.branchDeleteConfirm)
	r.post(branchRoute+"/delete", a.branchDelete)
}

// editableBranch returns the branch of the path and its product, if the actor can edit the product.
func (a *Admin) editableBranch(c *gin.Context) (models.BranchRow, models.ProductRow, error) {
	b, err := a.branchOf(c)
	if err == nil {
		err = authz.Require(c.Request.Context(), a.Store, actorOf(c), authz.Edit, b.ProductID)
	}
	if err != nil {
		return b, models.ProductRow{}, err
	}
	row, err := a.Products.Get(c.Request.Context(), actorOf(c), b.ProductID)
	return b, row, err
}

// branchConfirmPage asks before an action on a branch is done.
func (a *Admin) branchConfirmPage(
	c *gin.Context, status int, b models.BranchRow, row models.ProductRow, v page.AskView,
) error {
	v.Crumbs = []ui.Crumb{
		{Label: "Products", Href: "/products"},
		{Label: row.Name, Href: productPath(row.ID)},
		{Label: "Branches", Href: branchesPath(row.ID)},
		{Label: b.Name, Href: branchPath(b.Branch)},
	}
	v.Cancel = branchPath(b.Branch)
	return a.askPage(c, status, v.Title, layout.NavProducts, v)
}

// branchDefaultConfirm says what changes if a branch becomes the default.
func (a *Admin) branchDefaultConfirm(c *gin.Context) error {
	return a.branchDefaultPage(c, http.StatusOK, nil)
}

func (a *Admin) branchDefaultPage(c *gin.Context, status int, actionErr error) error {
	b, row, err := a.editableBranch(c)
	if err != nil {
		return err
	}
	if b.Default {
		return a.isDefault(c, b)
	}
	verdict, err := a.Products.AsDefault(c.Request.Context(), actorOf(c), b.Branch)
	if err != nil {
		return err
	}
	v := page.AskView{
		Title:   "Set " + b.Name + " as the default branch?",
		Buttons: []page.AskButton{{Label: "Set as default"}},
		Error:   firstText(actionErr),
	}
	v.Effects = []string{
		"The gate of " + row.Name + " will be based on this branch.",
		gateMove(row.Default, b.Branch, verdict.State, verdict.Why),
		"Reports without a branch name will be assigned to this branch.",
		"“" + row.Default.Name + "” will no longer be the default branch" + a.lifeOf(row.Default) + ".",
	}
	return a.branchConfirmPage(c, status, b, row, v)
}

// gateMove says how the gate changes, or why it cannot be evaluated, if the branch to replaces the
// branch from as the default.
func gateMove(from, to models.Branch, state models.GateState, why string) string {
	switch {
	case !to.Evaluated:
		return "This branch has no report yet, so its gate cannot be evaluated."
	case from.Gate == state:
		return "The gate remains " + ui.GateWord(string(state)) + ": " + why + "."
	}
	return "The gate changes from " + ui.GateWord(string(from.Gate)) + " to " + ui.GateWord(string(state)) + ": " + why +
		". Notifications are sent, after the hold time if one is set."
}

// lifeOf says when a branch that is not the default is removed; "" = never.
func (a *Admin) lifeOf(b models.Branch) string {
	kept := a.branchesKept()
	if kept == "" || b.Protected {
		return ""
	}
	return ". It will be deleted after " + kept + " without a report"
}

func (a *Admin) isDefault(c *gin.Context, b models.BranchRow) error {
	const text = "No changes were made."
	return a.redirect(c, "ok", b.Name+" is already the default branch", text, branchesPath(b.ProductID))
}

func (a *Admin) branchDefault(c *gin.Context) error {
	b, err := a.branchOf(c)
	if err != nil {
		return err
	}
	_, err = a.Products.UpdateBranch(c.Request.Context(), actorOf(c), b.ID, product.BranchEdit{Default: true})
	if isFormError(err) {
		return a.branchDefaultPage(c, web.StatusOf(err), err)
	}
	return a.done(c, err, b.Name+" set as the default branch", "The gate is now based on this branch.",
		branchesPath(b.ProductID))
}

// branchDeleteConfirm names what is lost with a branch.
func (a *Admin) branchDeleteConfirm(c *gin.Context) error {
	return a.branchDeletePage(c, http.StatusOK, nil)
}

// maxCounted bounds a number that is only counted for a sentence.
const maxCounted = 10_000

func (a *Admin) branchDeletePage(c *gin.Context, status int, actionErr error) error {
	b, row, err := a.editableBranch(c)
	if err != nil {
		return err
	}
	ctx, scope := c.Request.Context(), actorOf(c).Scope()
	n, err := a.Store.CountObservations(ctx, scope, models.ObservationFilter{
		BranchID: b.ID, All: true, Limit: maxCounted + 1,
	})
	if err != nil {
		return err
	}
	sources, err := a.Store.AllSources(ctx, b.ID)
	if err != nil {
		return err
	}
	v := page.AskView{Title: "Delete the branch " + b.Name + "?", Error: firstText(actionErr)}
	if b.Default {
		v.Effects = []string{"You cannot delete the default branch. Set another branch as the default first."}
		return a.branchConfirmPage(c, status, b, row, v)
	}
	v.Effects = []string{
		"Lost: " + upTo(n, maxCounted, "observation", "observations") + ", including their assessments.",
		"Lost: " + sourceNames(sources) + ".",
		"The gate of " + row.Name + " does not change: it is based on “" + row.Default.Name + "”.",
		"The next report for this branch name creates the branch again, without this data.",
	}
	v.Buttons = []page.AskButton{{Label: "Delete branch", Danger: true}}
	return a.branchConfirmPage(c, status, b, row, v)
}

// maxNamedSources bounds the sources that a sentence names.
const maxNamedSources = 5

// sourceNames says which sources of reports a branch has.
func sourceNames(list []models.Source) string {
	if len(list) == 0 {
		return "no report"
	}
	var names []string
	for _, s := range list[:min(len(list), maxNamedSources)] {
		names = append(names, sourceTitle(s))
	}
	if len(list) > maxNamedSources {
		names = append(names, "and others")
	}
	return plural(len(list), "source", "sources") + " of reports: " + strings.Join(names, ", ")
}

// sourceTitle returns a source as texts name it.
func sourceTitle(s models.Source) string {
	if s.Name == "" {
		return s.Scanner
	}
	return s.Scanner + " (" + s.Name + ")"
}

func (a *Admin) branchDelete(c *gin.Context) error {
	b, err := a.branchOf(c)
	if err != nil {
		return err
	}
	err = a.Products.DeleteBranch(c.Request.Context(), actorOf(c), b.ID)
	if fault.Is(err, fault.Conflict) {
		return a.branchDeletePage(c, web.StatusOf(err), err)
	}
	return a.done(c, err, "Branch "+b.Name+" deleted", "", branchesPath(b.ProductID))
}

// branchProtect returns the handler that protects a branch, or stops protecting it. A protected
// branch is kept even without new reports.
func (a *Admin) branchProtect(protected bool) handler {
	return func(c *gin.Context) error {
		b, err := a.branchOf(c)
		if err != nil {
			return err
		}
		edit := product.BranchEdit{Protected: &protected}
		if _, err := a.Products.UpdateBranch(c.Request.Context(), actorOf(c), b.ID, edit); err != nil {
			return err
		}
		switch kept := a.branchesKept(); {
		case protected:
			a.flash(c, "ok", "Branch "+b.Name+" protected", "It is kept even without new reports.")
		case kept != "":
			a.flash(c, "ok", "Branch "+b.Name+" unprotected", "It will be deleted after "+kept+" without a report.")
		default:
			a.flash(c, "ok", "Branch "+b.Name+" unprotected", "")
		}
		if c.PostForm("back") == "branch" {
			web.SeeOther(c, branchPath(b.Branch))
			return nil
		}
		web.SeeOther(c, branchesPath(b.ProductID))
		return nil
	}
}
