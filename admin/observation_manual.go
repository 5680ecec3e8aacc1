package admin

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"gatecrier/app/fault"
	"gatecrier/app/observation"
	"gatecrier/app/web"
	"gatecrier/models"
	"gatecrier/templates/page"
	"gatecrier/templates/ui"
)

// manualRoutes adds the pages of observations that users enter.
func (a *Admin) manualRoutes(r router) {
	r.post(observationsRoute, a.manualCreate)
	r.get(observationsRoute+"/new", a.manualNew)
	r.get(observationRoute+"/edit", a.manualEdit)
	r.post(observationRoute+"/edit", a.manualSave)
	r.get(observationRoute+"/delete", a.manualDeleteConfirm)
	r.post(observationRoute+"/delete", a.manualDelete)
}

// observationDraft reads the form of an observation that somebody enters.
func observationDraft(c *gin.Context) (observation.Draft, error) {
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
		return d, fault.BadField("severity", "Say how severe it is")
	}
	return d, nil
}

// manualFields are the texts of a draft by the names of their fields.
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

// manualNew asks for an observation.
func (a *Admin) manualNew(c *gin.Context) error {
	row, err := a.assessableProduct(c)
	if err != nil {
		return err
	}
	return a.manualNewPage(c, http.StatusOK, row, observation.Draft{Branch: c.Query("branch")}, "", nil)
}

func (a *Admin) manualNewPage(
	c *gin.Context, status int, row models.ProductRow, d observation.Draft, severity string, wrong error,
) error {
	branches, err := a.Store.Branches(c.Request.Context(), actorOf(c).Scope(), row.ID)
	if err != nil {
		return err
	}
	v := page.ManualView{
		Fields:     manualFields(d),
		Errors:     assessErrors(wrong),
		Severities: append([]ui.Option{{Label: "choose one"}}, severityOptions(severity)...),
	}
	for _, b := range branches {
		v.Branches = append(v.Branches, ui.Option{Value: b.Name, Label: b.Name, Checked: b.Name == d.Branch})
	}
	v.Frame = a.productFrame(c, "Enter an observation", row)
	return render(c, status, page.Manual(v))
}

// manualCreate enters an observation.
func (a *Admin) manualCreate(c *gin.Context) error {
	row, err := a.assessableProduct(c)
	if err != nil {
		return err
	}
	d, err := observationDraft(c)
	var o models.Observation
	var done observation.Done
	if err == nil {
		o, done, err = a.Observations.Create(c.Request.Context(), actorOf(c), row.ID, d)
	}
	if fault.Is(err, fault.Invalid) || fault.Is(err, fault.Conflict) {
		return a.manualNewPage(c, web.StatusOf(err), row, d, c.PostForm("severity"), err)
	}
	if err != nil {
		return err
	}
	a.flashAssessed(c, "The observation is there", done)
	web.SeeOther(c, observationPath(row.ID, o.ID))
	return nil
}

// manualObservation is an observation that somebody has entered, for who may change it.
func (a *Admin) manualObservation(c *gin.Context) (finding, error) {
	f, err := a.assessableObservation(c)
	if err == nil && f.Scanner != models.ManualScanner {
		err = fault.New(
			fault.Conflict,
			"Only observations that were entered by hand are edited or deleted: assess this one instead",
		)
	}
	return f, err
}

// manualEdit is the form of one that is there.
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
	c *gin.Context, status int, f finding, d observation.Draft, severity string, wrong error,
) error {
	v := page.ManualView{ID: f.ID, Fields: manualFields(d), Errors: assessErrors(wrong), Severities: severityOptions(severity)}
	v.Frame = a.productFrame(c, "Edit an observation", f.product)
	return render(c, status, page.Manual(v))
}

// manualSave changes one.
func (a *Admin) manualSave(c *gin.Context) error {
	f, err := a.manualObservation(c)
	if err != nil {
		return err
	}
	d, err := observationDraft(c)
	var done observation.Done
	if err == nil {
		_, done, err = a.Observations.Edit(c.Request.Context(), actorOf(c), f.ID, d)
	}
	if fault.Is(err, fault.Invalid) || fault.Is(err, fault.Conflict) {
		return a.manualEditPage(c, web.StatusOf(err), f, d, c.PostForm("severity"), err)
	}
	if err != nil {
		return err
	}
	a.flashAssessed(c, "Saved", done)
	web.SeeOther(c, f.path())
	return nil
}

// manualDeleteConfirm says what is lost, and what that means for the gate.
func (a *Admin) manualDeleteConfirm(c *gin.Context) error {
	f, err := a.manualObservation(c)
	if err != nil {
		return err
	}
	g, err := a.Observations.Without(c.Request.Context(), actorOf(c), f.ID)
	if err != nil {
		return err
	}
	frame := a.productFrame(c, "Delete an observation", f.product)
	return render(c, http.StatusOK, page.Ask(page.AskView{
		Frame:   frame.View,
		Title:   "Delete “" + f.Title + "”?",
		Effects: lossOf(f, g),
		Action:  f.path() + "/delete",
		Cancel:  f.path(),
		Crumbs: []ui.Crumb{
			{Label: "Products", Href: "/products"},
			{Label: f.product.Name, Href: productPath(f.product.ID)},
			{Label: f.Title, Href: f.path()},
		},
		Buttons: []page.AskButton{{Label: "Delete the observation", Danger: true}},
	}))
}

// lossOf says what a deletion means.
func lossOf(f finding, g observation.BranchGate) []string {
	list := []string{"The observation goes, with its history of who has said what of it. It cannot be brought back."}
	if !f.Status.Active() {
		return append(list, "It does not count now, so the gate of "+g.Branch+" stays "+ui.Title(string(g.After))+".")
	}
	list = append(
		list,
		"It counts now: "+f.branch.Name+" has "+ui.Number(
			f.branch.Counts.Of(f.Severity),
		)+" active "+f.Severity.String()+", and "+ui.Number(g.Counts.Of(f.Severity))+" without it.",
	)
	if g.Before == g.After {
		return append(list, "The gate of "+g.Branch+" stays "+ui.Title(string(g.After))+".")
	}
	return append(
		list,
		"The gate of "+g.Branch+" changes from "+ui.Title(string(g.Before))+" to "+ui.Title(string(g.After))+".",
	)
}

// manualDelete deletes one.
func (a *Admin) manualDelete(c *gin.Context) error {
	f, err := a.manualObservation(c)
	if err != nil {
		return err
	}
	done, err := a.Observations.Delete(c.Request.Context(), actorOf(c), f.ID)
	if fault.Is(err, fault.Conflict) {
		a.flash(c, "bad", "Not deleted", textOf(err))
		web.SeeOther(c, f.path())
		return nil
	}
	if err != nil {
		return err
	}
	a.flashAssessed(c, f.Title+" is deleted", done)
	web.SeeOther(c, f.list())
	return nil
}
