package api

import (
	"context"
	"time"

	"gatecrier/app/fault"
	"gatecrier/app/observation"
	"gatecrier/models"
)

type assessManyInput struct {
	ID   int64 `path:"id"`
	Body struct {
		IDs         []int64    `json:"ids,omitempty" maxItems:"10000" doc:"The IDs of observations of the product"`
		Filter      *listed    `json:"filter,omitempty" doc:"Instead of ids: all observations that the filter matches, up to 10,000"`
		Expected    int        `json:"expected,omitempty" minimum:"1" doc:"With a filter: the expected number of observations; a different number is a conflict (409)"`
		Status      string     `json:"status,omitempty" enum:"open,affected,in_review,resolved,duplicate,false_positive,not_affected,not_security,risk_accepted"`
		Clear       bool       `json:"clear,omitempty" doc:"Remove their assessments"`
		Severity    string     `json:"severity,omitempty" enum:"critical,high,medium,low,none,unknown"`
		Comment     string     `json:"comment,omitempty" doc:"The reason; required for a waiver"`
		WaiverUntil *time.Time `json:"waiver_until,omitempty" doc:"When a waiver (risk_accepted) ends"`
		DuplicateOf int64      `json:"duplicate_of,omitempty" minimum:"1" doc:"With status duplicate: the ID of the original"`
	}
}

// listed is the filter of a list of observations, in a body.
type listed struct {
	Branch   string `json:"branch,omitempty" doc:"Default: the default branch"`
	Severity string `json:"severity,omitempty" enum:"critical,high,medium,low,none,unknown"`
	Status   string `json:"status,omitempty" enum:"open,affected,in_review,resolved,duplicate,false_positive,not_affected,not_security,risk_accepted"`
	Active   string `json:"active,omitempty" enum:"true,false,all" doc:"Default: true"`
	Q        string `json:"q,omitempty"`
	Scanner  string `json:"scanner,omitempty"`
	Assessed bool   `json:"assessed,omitempty"`
	KEV      bool   `json:"kev,omitempty"`
	Fix      string `json:"fix,omitempty" enum:"available,none"`
	CWE      string `json:"cwe,omitempty"`
}

// listedFilter returns the filter in a body as that of a product's observations.
func (a *API) listedFilter(ctx context.Context, productID int64, l listed) (models.ObservationFilter, error) {
	weakness, err := weaknessOf("filter.cwe", l.CWE)
	if err != nil {
		return models.ObservationFilter{}, err
	}
	return a.filterOf(ctx, productID, observationFilter{
		Branch:   l.Branch,
		Severity: l.Severity,
		Status:   l.Status,
		Active:   l.Active,
		Q:        l.Q,
		Scanner:  l.Scanner,
		Assessed: l.Assessed,
		KEV:      l.KEV,
		Fix:      l.Fix,
		CWE:      weakness,
	})
}

type manyAnswer struct {
	Body struct {
		Changed   int           `json:"changed"`
		Skipped   int           `json:"skipped" doc:"Skipped: deleted, or assessed by a user, since the request"`
		Remaining int           `json:"remaining" doc:"Assessed in the background, across restarts; GET /products/{id}/assessments shows the progress"`
		Gates     []outcomeBody `json:"gates" doc:"The current gate of each branch concerned"`
	}
}

func (a *API) assessMany(ctx context.Context, in *assessManyInput) (*manyAnswer, error) {
	b := in.Body
	sel := observation.Selection{ProductID: in.ID, IDs: b.IDs, Expected: b.Expected}
	switch {
	case b.Filter != nil && b.IDs != nil:
		return nil, fault.BadField("filter", "Send either ids or a filter")
	case b.Filter != nil:
		f, err := a.listedFilter(ctx, in.ID, *b.Filter)
		if err != nil {
			return nil, err
		}
		sel.Filter = &f
	case b.Expected != 0:
		return nil, fault.BadField("expected", "Can only be sent with a filter")
	}
	assessment := observation.Assessment{
		Clear:       b.Clear,
		Status:      models.Status(b.Status),
		Comment:     b.Comment,
		DuplicateOf: b.DuplicateOf,
		Until:       valueOf(b.WaiverUntil),
	}
	if b.Severity != "" {
		s, err := severityOf(b.Severity)
		if err != nil {
			return nil, err
		}
		assessment.Severity = &s
	}
	done, err := a.Observations.AssessMany(ctx, actorOf(ctx), sel, assessment)
	out := &manyAnswer{}
	out.Body.Changed, out.Body.Skipped, out.Body.Remaining = done.Changed, done.Skipped, done.Remaining
	out.Body.Gates = make([]outcomeBody, len(done.Gates))
	for i, g := range done.Gates {
		out.Body.Gates[i] = outcomeOf(g)
	}
	return out, err
}

// assessmentRunBody is the progress of an assessment of many observations.
type assessmentRunBody struct {
	ID        int64     `json:"id"`
	Actor     string    `json:"actor"`
	CreatedAt time.Time `json:"created_at"`
	Total     int       `json:"total"`
	Changed   int       `json:"changed"`
	Skipped   int       `json:"skipped" doc:"Skipped: deleted, or assessed by a user, since it began"`
}

func (a *API) runningAssessments(ctx context.Context, in *IDPath) (*list[assessmentRunBody], error) {
	out := &list[assessmentRunBody]{}
	out.Body.Items = []assessmentRunBody{}
	runs, err := a.Observations.Running(ctx, actorOf(ctx), in.ID)
	for _, r := range runs {
		out.Body.Items = append(out.Body.Items, assessmentRunBody{
			ID: r.ID, Actor: r.Input.Actor, CreatedAt: r.CreatedAt, Total: r.Total, Changed: r.Changed, Skipped: r.Skipped,
		})
	}
	return out, err
}
