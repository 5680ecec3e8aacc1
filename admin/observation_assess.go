package admin

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"gatecrier/app/fault"
	"gatecrier/app/observation"
	"gatecrier/app/web"
	"gatecrier/models"
	"gatecrier/templates/page"
	"gatecrier/templates/ui"
)

// assessRoutes adds the assessment of a selection of observations.
func (a *Admin) assessRoutes(r router) {
	r.get(observationsRoute+"/assess", a.assessConfirm)
	r.post(observationsRoute+"/assess", a.assessMany)
}

// maxSelectedByID bounds the observations that a selection names one by one. A filter can find
// more.
const maxSelectedByID = 500

// selection is what to assess: observations by their ids, or all that match the filter.
type selection struct {
	query observationQuery
	ids   []int64
	all   int // the number that the filter found; 0 with ids
}

// assessWait is how long the form waits for the end of a large assessment.
const assessWait = 2 * time.Second

// filterField is the field of the form that carries the filter.
const filterField = "filter"

func (s *selection) isEmpty() bool { return len(s.ids) == 0 && s.all == 0 }

// listPath returns the path of the list that was selected from.
func (s *selection) listPath() string { return link(s.query.path, s.query.pairs...) }

// hidden returns the hidden fields that carry the selection over. The filter is one field, since
// the form has fields of the same names.
func (s *selection) hidden() [][2]string {
	_, filter, _ := strings.Cut(s.listPath(), "?")
	list := [][2]string{{filterField, filter}}
	for _, id := range s.ids {
		list = append(list, [2]string{"id", formatInt(id)})
	}
	if len(s.ids) == 0 {
		list = append(list, [2]string{"all", formatInt(s.all)})
	}
	return list
}

// selection reads a selection: ids or a number, and the filter.
func (a *Admin) selection(c *gin.Context, row models.ProductRow, values, filter url.Values) (selection, error) {
	q, err := a.observationQuery(c, row, filter)
	if err == nil {
		err = q.err()
	}
	s := selection{query: q}
	if err != nil {
		return s, err
	}
	for _, text := range values["id"] {
		id := idOf(text)
		if id < 1 {
			return s, fault.NewNotFound("observation")
		}
		s.ids = append(s.ids, id)
	}
	slices.Sort(s.ids)
	s.ids = slices.Compact(s.ids)
	if len(s.ids) > maxSelectedByID {
		return s, fault.New(fault.Invalid, "You can select at most 500 observations one by one. Use a filter to assess more")
	}
	if len(s.ids) == 0 {
		s.all = max(0, int(idOf(values.Get("all"))))
	}
	return s, nil
}

// assessConfirm shows the form that assesses a selection. It changes nothing.
func (a *Admin) assessConfirm(c *gin.Context) error {
	row, err := a.assessableProduct(c)
	if err != nil {
		return err
	}
	s, err := a.selection(c, row, c.Request.URL.Query(), c.Request.URL.Query())
	if err != nil {
		return err
	}
	return a.assessPage(c, http.StatusOK, row, s, a.assessForm(c, "", "", nil))
}

// assessPage renders the form that assesses a selection, with the present number of observations.
func (a *Admin) assessPage(c *gin.Context, status int, row models.ProductRow, s selection, form page.AssessForm) error {
	if s.isEmpty() {
		const text = "Select observations, or all that match a filter, to assess them together."
		return a.redirect(c, "wait", "Nothing selected", text, s.listPath())
	}
	rows, n, err := a.selected(c, row, s)
	if err != nil {
		return err
	}
	if n == 0 || n > observation.MaxSelected {
		text := ui.Number(int64(n)) + " observations match. You can assess 1 to 10,000 in bulk."
		return a.redirect(c, "wait", "Bulk assessment not possible", text, s.listPath())
	}
	v := page.AssessView{What: "Individually selected", N: n, Form: form, Back: s.listPath()}
	if len(s.ids) == 0 {
		v.What, s.all = s.query.words(), n
	}
	for _, o := range rows[:min(len(rows), maxListed)] {
		v.Rows = append(v.Rows, page.ObservationRow{
			Title: o.Title, Component: o.Component, Severity: o.Severity.String(), Status: string(o.Status),
		})
	}
	v.Form.Action, v.Form.Hidden, v.Form.Duplicate = observationsPath(row.ID)+"/assess", s.hidden(), true
	v.Form.Button = "Assess " + ui.Plural(n, "observation", "observations")
	v.Frame = a.productFrame(c, "Assess observations", row)
	return render(c, status, page.Assess(v))
}

// selected returns the first observations of a selection, and how many it has.
func (a *Admin) selected(c *gin.Context, row models.ProductRow, s selection) ([]models.Observation, int, error) {
	ctx, scope := c.Request.Context(), actorOf(c).Scope()
	if len(s.ids) > 0 {
		rows, err := a.Store.Observations(ctx, scope, models.ObservationFilter{
			ProductID: row.ID, IDs: s.ids, All: true, Limit: len(s.ids),
		})
		if err == nil && len(rows) < len(s.ids) {
			err = fault.NewNotFound("observation")
		}
		return rows, len(rows), err
	}
	f := s.query.ObservationFilter
	f.Limit = maxListed
	rows, err := a.Store.Observations(ctx, scope, f)
	if err != nil || len(rows) < maxListed {
		return rows, len(rows), err
	}
	f.Limit = observation.MaxSelected + 1
	n, err := a.Store.CountObservations(ctx, scope, f)
	return rows, n, err
}

// assessMany assesses all that are selected in the same way.
func (a *Admin) assessMany(c *gin.Context) error {
	row, err := a.assessableProduct(c)
	if err != nil {
		return err
	}
	if err := c.Request.ParseForm(); err != nil {
		return fault.Wrap(fault.Malformed, "The form could not be read. Reload the page and try again", err)
	}
	filter, err := filterOf(c.PostForm(filterField))
	if err != nil {
		return err
	}
	s, err := a.selection(c, row, url.Values{"id": c.PostFormArray("id"), "all": {c.PostForm("all")}}, filter)
	if err != nil {
		return err
	}
	if s.isEmpty() {
		return a.assessPage(c, http.StatusOK, row, s, page.AssessForm{})
	}
	selected := observation.Selection{ProductID: row.ID, IDs: s.ids, Expected: s.all, Wait: assessWait}
	if len(s.ids) == 0 {
		selected.Filter = &s.query.ObservationFilter
	}
	done, err := a.assessSelection(c, selected)
	if isFormError(err) {
		form := a.assessForm(c, c.PostForm("status"), c.PostForm("severity"), err)
		return a.assessPage(c, web.StatusOf(err), row, s, form)
	}
	title := ui.Plural(done.Changed, "observation", "observations") + " assessed"
	if err == nil && done.Remaining > 0 {
		const text = "The rest continues in the background. The list shows the progress."
		title = ui.Number(int64(done.Changed)) + " of " + ui.Plural(done.Total(), "observation", "observations") + " assessed"
		return a.done(c, nil, title, text, s.listPath())
	}
	if done.Skipped > 0 {
		title += ", " + ui.Number(int64(done.Skipped)) + " skipped because they were changed or deleted"
	}
	return a.assessed(c, done, err, title, s.listPath())
}

// filterOf reads the filter of a form. It checks the encoding of its values, which the check of the
// form itself does not see.
func filterOf(text string) (url.Values, error) {
	filter, err := url.ParseQuery(text)
	for _, values := range filter {
		for _, v := range values {
			if !utf8.ValidString(v) || strings.ContainsRune(v, 0) {
				err = errors.New("no text")
			}
		}
	}
	if err != nil {
		return nil, fault.Wrap(fault.Malformed, "This form is out of date. Reload the page and try again", err)
	}
	return filter, nil
}
