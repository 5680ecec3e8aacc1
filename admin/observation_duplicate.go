package admin

import (
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"gatecrier/app/fault"
	"gatecrier/app/observation"
	"gatecrier/app/web"
	"gatecrier/models"
	"gatecrier/templates/page"
)

// duplicateRoutes adds the page that marks an observation as a duplicate.
func (a *Admin) duplicateRoutes(r router) {
	r.get(observationRoute+"/duplicate", a.duplicate)
	r.post(observationRoute+"/duplicate", a.duplicateSave)
}

// duplicate shows the form that chooses the original of an observation.
func (a *Admin) duplicate(c *gin.Context) error {
	f, err := a.assessableObservation(c)
	if err != nil {
		return err
	}
	return a.duplicatePage(c, http.StatusOK, f, nil)
}

func (a *Admin) duplicatePage(c *gin.Context, status int, f finding, formErr error) error {
	rows, err := a.Store.ObservationsLike(c.Request.Context(), actorOf(c).Scope(), f.Observation, maxDuplicates)
	if err != nil {
		return err
	}
	v := page.DuplicateView{
		Row: page.ObservationRow{ID: f.ID, Title: f.Title, Component: f.Component, Scanner: f.Scanner}, Branch: f.branch.Name,
		Typed: c.PostForm("number"), Comment: c.PostForm("comment"), Errors: assessErrors(formErr),
	}
	for _, o := range rows {
		v.Rows = append(v.Rows, duplicateRow(o, idOf(c.PostForm("duplicate_of"))))
	}
	v.Frame = a.productFrame(c, "Mark as duplicate", f.product)
	return render(c, status, page.Duplicate(v))
}

// duplicateSave marks an observation as a duplicate of the one that was chosen.
func (a *Admin) duplicateSave(c *gin.Context) error {
	f, err := a.assessableObservation(c)
	if err != nil {
		return err
	}
	text := strings.TrimSpace(c.PostForm("number"))
	if text == "" {
		text = c.PostForm("duplicate_of")
	}
	assessment := observation.Assessment{
		Status: models.StatusDuplicate, DuplicateOf: idOf(text), Comment: c.PostForm("comment"),
	}
	selection := observation.Selection{ProductID: f.product.ID, IDs: []int64{f.ID}}
	var done observation.Done
	if assessment.DuplicateOf < 1 {
		err = fault.BadField("duplicate_of", "Choose an observation, or enter its ID")
	} else {
		done, err = a.Observations.AssessMany(c.Request.Context(), actorOf(c), selection, assessment)
	}
	if isFormError(err) {
		return a.duplicatePage(c, web.StatusOf(err), f, err)
	}
	return a.assessed(c, done, err, "Observation marked as duplicate", f.path())
}
