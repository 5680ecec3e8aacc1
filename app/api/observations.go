package api

import (
	"context"
	"net/http"
	"time"

	"gatecrier/app/fault"
	"gatecrier/app/observation"
	"gatecrier/models"
)

// ObservationBody is an observation as the API returns it.
type ObservationBody struct {
	ID             int64           `json:"id"`
	ProductID      int64           `json:"product_id"`
	Branch         string          `json:"branch"`
	Title          string          `json:"title"`
	Description    string          `json:"description"`
	Severity       models.Severity `json:"severity" doc:"The effective severity: of the assessment, or else of the report"`
	Status         models.Status   `json:"status" doc:"The effective status: resolved if it is not in the last report; otherwise of the assessment, of a VEX document, or of the report, in this order"`
	ReportSeverity models.Severity `json:"report_severity"`
	ReportStatus   models.Status   `json:"report_status"`
	VEX            *vexBody        `json:"vex" doc:"The statement of a VEX document, which overrides the report, or null"`
	Assessment     *assessedBody   `json:"assessment" doc:"The assessment, or null"`
	Component      string          `json:"component"`
	Location       string          `json:"location"`
	Fix            string          `json:"fix"`
	URL            string          `json:"url"`
	Scanner        string          `json:"scanner" doc:"manual: entered by a user"`
	FirstSeen      time.Time       `json:"first_seen"`
	Resolved       *time.Time      `json:"resolved" doc:"Since when it is no longer in its report, or null"`
	Version        int64           `json:"version" doc:"Incremented by each assessment and each edit; 0: none yet"`
	DetailsBody
}

// assessedBody is the assessment of an observation by a user.
type assessedBody struct {
	Status      *models.Status   `json:"status" doc:"null: from the report"`
	Severity    *models.Severity `json:"severity" doc:"null: from the report"`
	By          string           `json:"by"`
	At          time.Time        `json:"at"`
	WaiverUntil *time.Time       `json:"waiver_until"`
	DuplicateOf *int64           `json:"duplicate_of"`
}

func observationOf(o models.Observation, productID int64) ObservationBody {
	b := ObservationBody{
		ID:             o.ID,
		ProductID:      productID,
		Branch:         o.Branch,
		Title:          o.Title,
		Description:    o.Description,
		Severity:       o.Severity,
		Status:         o.Status,
		ReportSeverity: o.ReportSeverity(),
		ReportStatus:   o.ReportStatus,
		Component:      o.Component,
		Location:       o.Location,
		Fix:            o.Fix,
		URL:            o.URL,
		Scanner:        o.Scanner,
		FirstSeen:      o.FirstSeenAt,
		Resolved:       optional(o.ResolvedAt),
		Version:        o.Version,
		DetailsBody:    detailsOf(o),
	}
	b.VEX = vexOf(o)
	if assessed := o.Assessed; assessed.Any() {
		b.Assessment = &assessedBody{
			By:          assessed.By,
			At:          assessed.At,
			WaiverUntil: optional(assessed.Until),
			Status:      unlessZero(assessed.Status),
			DuplicateOf: unlessZero(assessed.DuplicateOf),
		}
		if assessed.ReportSeverity != nil {
			b.Assessment.Severity = &o.Severity
		}
	}
	return b
}

// unlessZero returns a pointer to v, nil for a zero value.
func unlessZero[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}

// observationFilter selects observations of a product, for a list or for an assessment.
type observationFilter struct {
	Branch, Severity, Status, Active, Q, Scanner string
	Assessed, KEV                                bool
	Fix, CWE                                     string
}

// filterOf returns the filter of a product's observations. It finds the branch by its name.
func (a *API) filterOf(ctx context.Context, productID int64, f observationFilter) (models.ObservationFilter, error) {
	b, err := a.Store.BranchByName(ctx, actorOf(ctx).Scope(), productID, f.Branch)
	if err != nil {
		return models.ObservationFilter{}, err
	}
	m := models.ObservationFilter{
		ProductID: productID,
		BranchID:  b.ID,
		Inactive:  f.Active == "false",
		All:       f.Active == "all",
		Status:    models.Status(f.Status),
		Scanner:   f.Scanner,
		Text:      f.Q,
		Assessed:  f.Assessed,
		KEV:       f.KEV,
		Fix:       models.FixState(f.Fix),
		CWE:       f.CWE,
	}
	if s, ok := models.SeverityByName(f.Severity); ok {
		m.Severity = &s
	}
	return m, nil
}

type observationsInput struct {
	BranchQuery
	Page
	Severity string `query:"severity" enum:"critical,high,medium,low,none,unknown"`
	Status   string `query:"status" enum:"open,affected,in_review,resolved,duplicate,false_positive,not_affected,not_security,risk_accepted" doc:"Exact status; active is ignored then"`
	Active   string `query:"active" enum:"true,false,all" default:"true" doc:"false: those that do not count; all: both kinds"`
	Q        string `query:"q" doc:"Part of the title, the component, the location or the description"`
	Scanner  string `query:"scanner" doc:"Exact"`
	Assessed string `query:"assessed" enum:"true" doc:"true: only those that users have assessed"`
	KEV      string `query:"kev" enum:"true" doc:"true: only those that are known to be exploited"`
	Fix      string `query:"fix" enum:"available,none" doc:"available: only those with a fix; none: only those that no version fixes yet"`
	CWE      string `query:"cwe" doc:"Only those with this weakness: CWE-79, or 79"`
}

func (a *API) observations() {
	register(a, onGet("/products/{id}/observations", "list-observations"),
		"List a branch's observations, worst first",
		a.listObservations)
	register(a, onPost("/products/{id}/observations", "create-observation", http.StatusCreated),
		"Create an observation manually. No report resolves it",
		a.enter)
	register(a, onGet("/observations/{id}", "get-observation"),
		"Get an observation",
		func(ctx context.Context, in *IDGet) (*one[ObservationBody], error) {
			o, productID, err := a.Observations.Get(ctx, actorOf(ctx), in.ID)
			return oneOf(o.Version, observationOf(o, productID)), err
		})
	register(a, onDelete("/observations/{id}", "delete-observation"),
		"Delete an observation that was entered manually",
		func(ctx context.Context, in *IDDelete) (*struct{}, error) {
			version, err := in.version(nil)
			if err != nil {
				return nil, err
			}
			_, err = a.Observations.Delete(ctx, actorOf(ctx), in.ID, version)
			return nil, err
		})
}

func (a *API) listObservations(ctx context.Context, in *observationsInput) (*list[ObservationBody], error) {
	weakness, err := weaknessOf("cwe", in.CWE)
	if err != nil {
		return nil, err
	}
	f, err := a.filterOf(ctx, in.ID, observationFilter{
		Branch:   in.Branch,
		Severity: in.Severity,
		Status:   in.Status,
		Active:   in.Active,
		Q:        in.Q,
		Scanner:  in.Scanner,
		Assessed: in.Assessed == "true",
		KEV:      in.KEV == "true",
		Fix:      in.Fix,
		CWE:      weakness,
	})
	if err != nil {
		return nil, err
	}
	f.Limit, f.Versions = in.Limit+1, true
	if err := seekPlace(in.Cursor, models.ObservationOrders, &f.Place); err != nil {
		return nil, err
	}
	rows, err := a.Store.Observations(ctx, actorOf(ctx).Scope(), f)
	if err != nil {
		return nil, err
	}
	body := func(o models.Observation) ObservationBody { return observationOf(o, in.ID) }
	return answer(rows, in.Limit, body, func(o models.Observation) any {
		return models.ObservationOrders.Key(f.Place, o)
	})
}

type draftInput struct {
	ID   int64 `path:"id"`
	Body struct {
		Branch      string `json:"branch,omitempty" doc:"Default: the default branch"`
		Title       string `json:"title" doc:"1 to 255 characters"`
		Description string `json:"description,omitempty"`
		Severity    string `json:"severity" enum:"critical,high,medium,low,none,unknown"`
		Component   string `json:"component,omitempty"`
		Location    string `json:"location,omitempty"`
		Fix         string `json:"fix,omitempty"`
		URL         string `json:"url,omitempty"`
	}
}

// enter creates an observation that a user enters by hand.
func (a *API) enter(ctx context.Context, in *draftInput) (*created[assessmentDoneBody], error) {
	b := in.Body
	severity, err := severityOf(b.Severity)
	if err != nil {
		return nil, err
	}
	o, done, err := a.Observations.Create(ctx, actorOf(ctx), in.ID, observation.Draft{
		Branch:      b.Branch,
		Title:       b.Title,
		Description: b.Description,
		Severity:    severity,
		Component:   b.Component,
		Location:    b.Location,
		Fix:         b.Fix,
		URL:         b.URL,
	})
	return createdAt(pathTo("/observations", o.ID), o.Version, assessedOf(o, in.ID, done)), err
}

// severityOf returns the severity of a name, or an error of the field severity.
func severityOf(name string) (models.Severity, error) {
	s, ok := models.SeverityByName(name)
	if !ok {
		return s, fault.BadField("severity", "Choose critical, high, medium, low, none or unknown")
	}
	return s, nil
}
