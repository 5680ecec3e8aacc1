package admin

import (
	"slices"

	"github.com/gin-gonic/gin"

	"gatecrier/app/authz"
	"gatecrier/app/observation"
	"gatecrier/models"
	"gatecrier/templates/page"
)

// observationsTab lists the observations that match the filter of the URL.
func (a *Admin) observationsTab(c *gin.Context, row models.ProductRow, v *page.ProductView) error {
	ctx, actor := c.Request.Context(), actorOf(c)
	q, err := a.observationQuery(c, row, c.Request.URL.Query())
	if err != nil {
		return err
	}
	p := pageOf(c, observationOptions()...)
	p.in(q.path, q.pairs...)
	q.pairs = append(q.pairs, p.kept()...)
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
	rows, err := a.matchingObservations(c, &p, q, t)
	if err != nil {
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

// matchingObservations reads the rows of the page, and says how many match in all. It only counts them if
// there are more than one page.
func (a *Admin) matchingObservations(
	c *gin.Context, p *listPage, q observationQuery, t *page.ObservationsTab,
) ([]models.Observation, error) {
	ctx, scope, f := c.Request.Context(), actorOf(c).Scope(), q.ObservationFilter
	rows, pager, err := readPage(p, rowsOf[models.Observation]{
		read: func(at models.Place, limit int) ([]models.Observation, error) {
			if q.wrong != "" {
				return nil, nil
			}
			f.Place, f.Limit = at, limit
			return a.Store.Observations(ctx, scope, f)
		},
		key: models.ObservationOrders.Key,
		count: func() (n int, err error) {
			f.Limit = observation.MaxSelected + 1
			t.Total, err = a.Store.CountObservations(ctx, scope, f)
			return t.Total, err
		},
		maxCount: observation.MaxSelected,
		one:      "observation", many: "observations",
	})
	if err != nil {
		return nil, err
	}
	t.Sorting, t.Pager = p.sorting(), pager
	t.Pager.Export = exportLink(c)
	t.Total, t.TooMany = max(t.Total, len(rows)), t.Total > observation.MaxSelected
	if t.Total > len(rows) && !t.TooMany {
		t.All = link(q.path+"/observations/assess", append(slices.Clone(p.filter), "all", formatInt(t.Total))...)
	}
	return rows, nil
}
