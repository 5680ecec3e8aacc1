package admin

import (
	"net/http"
	"strconv"

	"github.com/gin-gonic/gin"

	"gatecrier/app/fault"
	"gatecrier/app/observation"
	"gatecrier/app/web"
	"gatecrier/models"
	"gatecrier/templates/layout"
	"gatecrier/templates/page"
	"gatecrier/templates/ui"
)

// manualRoutes adds the pages of observations that users add.
func (a *Admin) manualRoutes(r router) {
	r.post(observationsRoute, a.manualCreate)
	r.get(observationsRoute+"/new", a.manualNew)
	r.get(observationRoute+"/edit", a.manualEdit)
	r.post(observationRoute+"/edit", a.manualSave)
	r.get(observationRoute+"/delete", a.manualDeleteConfirm)
	r.post(observationRoute+"/delete", a.manualDelete)
}

// observationDraft reads the form of an observation that a user adds.
func observationDraft(c *gin.Context) observation.Draft {
	d := observation.Draft{
		Branch:      c.PostForm("branch"),
		Title:       c.PostForm("title"),
		Description: c.PostForm("description"),
		Component:   c.PostForm("component"),
		Location:    c.PostForm("location"),
		Fix:         c.PostForm("fix"),
		URL:         c.PostForm("url"),
	}
	var ok bool
	if d.Severity, ok = models.SeverityByName(c.PostForm("severity")); !ok {
		d.Unread.Add("severity", "Choose a severity")
	}
	return d
}

// manualFields returns the texts of a draft by field.
func manualFields(d observation.Draft) map[string]string {
	return map[string]string{
		"title":       d.Title,
		"description": d.Description,
		"component":   d.Component,
		"location":    d.Location,
		"fix":         d.Fix,
		"url":         d.URL,
	}
}

// manualNew shows the form for a new observation.
func (a *Admin) manualNew(c *gin.Context) error {
	row, err := a.assessableProduct(c)
	if err != nil {
		return err
	}
	return a.manualNewPage(c, http.StatusOK, row, observation.Draft{Branch: c.Query("branch")}, "", nil)
}

func (a *Admin) manualNewPage(
	c *gin.Context, status int, row models.ProductRow, d observation.Draft, severity string, formErr error,
) error {
	branches, err := a.Store.Branches(c.Request.Context(), actorOf(c).Scope(), row.ID)
	if err != nil {
		return err
	}
	v := page.ManualView{
		Fields:     manualFields(d),
		Errors:     assessErrors(formErr),
		Severities: append([]ui.Option{{Label: "Choose a severity"}}, severityOptions(severity)...),
	}
	for _, b := range branches {
		v.Branches = append(v.Branches, ui.Option{Value: b.Name, Label: b.Name, Checked: b.Name == d.Branch})
	}
	v.Frame = a.productFrame(c, "Add observation", row)
	return render(c, status, page.Manual(v))
}

// manualCreate adds an observation.
func (a *Admin) manualCreate(c *gin.Context) error {
	row, err := a.assessableProduct(c)
	if err != nil {
		return err
	}
	d := observationDraft(c)
	o, done, err := a.Observations.Create(c.Request.Context(), actorOf(c), row.ID, d)
	if isFormError(err) {
		return a.manualNewPage(c, web.StatusOf(err), row, d, c.PostForm("severity"), err)
	}
	return a.assessed(c, done, err, "Observation added", observationPath(row.ID, o.ID))
}

// manualObservation returns the observation of the path, if a user has added it and the actor can
// change it.
func (a *Admin) manualObservation(c *gin.Context) (finding, error) {
	f, err := a.assessableObservation(c)
	if err == nil && f.Scanner != models.ManualScanner {
		const text = "You can edit and delete only observations that were added manually. Assess this one instead"
		err = fault.New(fault.Conflict, text)
	}
	return f, err
}

// manualEdit shows the form of an observation that was added manually.
func (a *Admin) manualEdit(c *gin.Context) error {
	f, err := a.manualObservation(c)
	if err != nil {
		return err
	}
	d := observation.Draft{
		Title:       f.Title,
		Description: f.Description,
		Component:   f.Component,
		Location:    f.Location,
		Fix:         f.Fix,
		URL:         f.URL,
	}
	return a.manualEditPage(c, http.StatusOK, f, d, f.Severity.String(), nil)
}

func (a *Admin) manualEditPage(
	c *gin.Context, status int, f finding, d observation.Draft, severity string, formErr error,
) error {
	return render(c, status, page.Manual(page.ManualView{
		Frame:      a.productFrame(c, "Edit observation", f.product),
		ID:         f.ID,
		Version:    f.Version,
		Fields:     manualFields(d),
		Errors:     conflictErrors(formErr),
		Conflict:   fault.Is(formErr, fault.Conflict),
		Severities: severityOptions(severity),
	}))
}

// conflictErrors returns the errors of a form. After a conflict they name the fields that another user
// has changed.
func conflictErrors(err error) map[string]string {
	errs := assessErrors(err)
	if fault.Is(err, fault.Conflict) {
		for _, f := range fault.FieldsOf(err) {
			errs[f.Name] = f.Message
		}
	}
	return errs
}

// manualSave changes an observation that was added manually.
func (a *Admin) manualSave(c *gin.Context) error {
	f, err := a.manualObservation(c)
	if err != nil {
		return err
	}
	d := observationDraft(c)
	if version, parseErr := strconv.ParseInt(c.PostForm("version"), 10, 64); parseErr == nil {
		d.IfVersion = &version // without one, the last save wins
	}
	_, done, err := a.Observations.Edit(c.Request.Context(), actorOf(c), f.ID, d)
	if !isFormError(err) || isOutdated(err) {
		return a.assessed(c, done, err, "Observation saved", f.path())
	}
	if d.IfVersion != nil {
		f.Version = *d.IfVersion
	}
	return a.manualEditPage(c, web.StatusOf(err), f, d, c.PostForm("severity"), err)
}

// manualDeleteConfirm names what is lost, and what that means for the gate.
func (a *Admin) manualDeleteConfirm(c *gin.Context) error {
	f, err := a.manualObservation(c)
	if err != nil {
		return err
	}
	g, duplicates, err := a.Observations.Without(c.Request.Context(), actorOf(c), f.ID)
	if err != nil {
		return err
	}
	return a.askPage(c, http.StatusOK, "Delete observation", layout.NavProducts, page.AskView{
		Title:   "Delete “" + f.Title + "”?",
		Effects: lossOf(f, g, duplicates),
		Cancel:  f.path(),
		Crumbs: []ui.Crumb{
			{Label: "Products", Href: "/products"},
			{Label: f.product.Name, Href: productPath(f.product.ID)},
			{Label: f.Title, Href: f.path()},
		},
		Buttons: []page.AskButton{{Label: "Delete observation", Danger: true}},
	})
}

// lossOf says what a deletion means. g is the gate without the observation, whose duplicates count
// again.
func lossOf(f finding, g observation.BranchGate, duplicates int) []string {
	list := []string{"The observation and its assessment history will be deleted. This cannot be undone."}
	stays := "gate of " + g.Branch + " remains " + ui.GateWord(string(g.After)) + "."
	if duplicates > 0 {
		list = append(list, ui.Plural(duplicates, "duplicate counts", "duplicates count")+" again.")
	} else if !f.Status.Active() {
		return append(list, "The observation does not count now, so the "+stays)
	}
	if f.Status.Active() {
		now, without := ui.Number(f.branch.Counts.Of(f.Severity)), ui.Number(g.Counts.Of(f.Severity))
		list = append(list, "The observation counts now: "+f.branch.Name+" has "+now+" active "+f.Severity.String()+
			", and "+without+" without it.")
	}
	if g.Before == g.After {
		return append(list, "The "+stays)
	}
	before, after := ui.GateWord(string(g.Before)), ui.GateWord(string(g.After))
	return append(list, "The gate of "+g.Branch+" changes from "+before+" to "+after+".")
}

// manualDelete deletes an observation that was added manually.
func (a *Admin) manualDelete(c *gin.Context) error {
	f, err := a.manualObservation(c)
	if err != nil {
		return err
	}
	done, err := a.Observations.Delete(c.Request.Context(), actorOf(c), f.ID, nil)
	if fault.Is(err, fault.Conflict) {
		return a.redirect(c, "bad", "Observation not deleted", textOf(err), f.path())
	}
	return a.assessed(c, done, err, "Observation “"+f.Title+"” deleted", f.list())
}
