package admin

import (
	"github.com/gin-gonic/gin"

	"gatecrier/app/authz"
	"gatecrier/app/observation"
	"gatecrier/models"
	"gatecrier/templates/page"
	"gatecrier/templates/ui"
)

// observationsTab lists the observations that match the filter of the URL.
func (a *Admin) observationsTab(c *gin.Context, row models.ProductRow, v *page.ProductView) error {
	ctx, actor := c.Request.Context(), actorOf(c)
	q, err := a.observationQuery(c, row, c.Request.URL.Query())
	if err != nil {
		return err
	}
	q.Limit, q.After = pageSize+1, observationKey(c.Query("after"))
	var rows []models.Observation
	if q.wrong == "" {
		if rows, err = a.Store.Observations(ctx, actor.Scope(), q.ObservationFilter); err != nil {
			return err
		}
	}
	branches, err := a.Store.Branches(ctx, actor.Scope(), row.ID)
	if err != nil {
		return err
	}
	policy, err := a.policyOf(c, row.Product)
	if err != nil {
		return err
	}
	t := &v.Observations
	t.Show, t.Chips = q.chips()
	t.Filter, t.Hidden = q.fields(branches, v.Sources), q.hidden()
	if t.CanAssess, err = authz.May(ctx, a.Store, actor, authz.Assess, row.ID); err != nil {
		return err
	}
	if err := a.assessmentRuns(c, row.ID, t); err != nil {
		return err
	}
	if err := a.observationPages(c, &q, &rows, t); err != nil {
		return err
	}
	counts := q.branch.Effective(policy.Counting)
	for _, o := range rows {
		t.Rows = append(t.Rows, a.observationRow(c, o, policy, counts))
	}
	return nil
}

// assessmentRuns adds the assessments of many observations that are in progress.
func (a *Admin) assessmentRuns(c *gin.Context, productID int64, t *page.ObservationsTab) error {
	runs, err := a.Observations.Running(c.Request.Context(), actorOf(c), productID)
	t.Here = c.Request.URL.RequestURI()
	if len(runs) == 0 && c.GetHeader("HX-Target") == page.AssessmentsID {
		c.Header("HX-Trigger", page.AssessedEvent)
	}
	for _, r := range runs {
		t.Runs = append(t.Runs, page.AssessmentProgress{
			By: r.Input.Actor, Done: r.Total - r.Remaining(), Total: r.Total, At: r.CreatedAt,
			Waivers: r.Input.Action == models.ActionExpire,
		})
	}
	return err
}

// observationPages cuts the rows to one page, and says how many match in all. It only counts them
// if there are more than one page.
func (a *Admin) observationPages(
	c *gin.Context, q *observationQuery, rows *[]models.Observation, t *page.ObservationsTab,
) error {
	list := *rows
	shown := min(len(list), pageSize)
	t.Total = shown
	t.Pager.Export = exportLink(c)
	if q.After != nil {
		t.Pager.First = link(q.path, q.pairs...)
	}
	if len(list) > pageSize {
		last := list[pageSize-1]
		t.Pager.Next = link(q.path, append(q.pairs, "after", formatInt(int64(last.Severity))+"-"+formatInt(last.ID))...)
	}
	*rows = list[:shown]
	if q.wrong == "" && (q.After != nil || len(list) > pageSize) {
		f := q.ObservationFilter
		f.After, f.Limit = nil, observation.MaxSelected+1
		var err error
		if t.Total, err = a.Store.CountObservations(c.Request.Context(), actorOf(c).Scope(), f); err != nil {
			return err
		}
	}
	t.TooMany = t.Total > observation.MaxSelected
	switch {
	case t.TooMany:
		t.Pager.Text = ui.Number(int64(shown)) + " of more than " + ui.Number(observation.MaxSelected)
	case t.Total > shown:
		t.Pager.Text = ui.Number(int64(shown)) + " of " + ui.Plural(t.Total, "observation", "observations")
	default:
		t.Pager.Text = ui.Plural(shown, "observation", "observations") + " shown"
	}
	if t.Total > shown && !t.TooMany {
		t.All = link(q.path+"/observations/assess", append(q.pairs, "all", formatInt(t.Total))...)
	}
	return nil
}
