package api

import (
	"context"
	"encoding/base64"
	"encoding/json"

	"gatecrier/models"
)

// foundBody is an observation of a list across products.
type foundBody struct {
	ObservationBody
	Product string `json:"product" doc:"The name of its product"`
}

type foundInput struct {
	Page
	Product     int64  `query:"product" minimum:"0" doc:"The id of a product"`
	Group       int64  `query:"group" minimum:"0" doc:"The id of a product group"`
	Branch      string `query:"branch" doc:"Exact name. Absent: the default branch of each product"`
	Branches    string `query:"branches" enum:"all" doc:"all: all branches"`
	Severity    string `query:"severity" enum:"critical,high,medium,low,none,unknown"`
	MinSeverity string `query:"min_severity" enum:"critical,high,medium,low,none,unknown" doc:"This one or worse"`
	Status      string `query:"status" enum:"open,affected,in_review,resolved,duplicate,false_positive,not_affected,not_security,risk_accepted" doc:"Exactly; active does not count then"`
	Active      string `query:"active" enum:"true,false,all" default:"true" doc:"false: those that do not count for a gate; all: both"`
	Q           string `query:"q" maxLength:"200" doc:"An identifier such as CVE-2026-1 begins the title. Any other text is part of the title"`
	Component   string `query:"component" maxLength:"200" doc:"Part of the component"`
	KEV         string `query:"kev" enum:"true" doc:"true: those that are known to be exploited"`
	Fix         string `query:"fix" enum:"available,none" doc:"available: those with a fix; none: those that no version fixes yet"`
	Assessed    string `query:"assessed" enum:"true" doc:"true: those that users have assessed"`
	Sort        string `query:"sort" enum:"severity,newest,product,epss" default:"severity" doc:"epss: only those that have an EPSS"`
}

// foundObservations adds the list of observations across products.
func (a *API) foundObservations() {
	register(a, onGet("/observations", "find-observations"),
		"List observations of all products",
		a.findObservations)
}

func (in *foundInput) filter() models.FindFilter {
	f := models.FindFilter{
		ProductID:   in.Product,
		GroupID:     in.Group,
		Branch:      in.Branch,
		AllBranches: in.Branches == "all",
		Inactive:    in.Active == "false",
		All:         in.Active == "all",
		Status:      models.Status(in.Status),
		Text:        in.Q,
		Component:   in.Component,
		KEV:         in.KEV != "",
		Fix:         models.FixState(in.Fix),
		Assessed:    in.Assessed != "",
		Limit:       in.Limit,
	}
	if in.Sort != "severity" {
		f.Sort = models.ObservationSort(in.Sort)
	}
	if s, ok := models.SeverityByName(in.MinSeverity); ok {
		f.Severity, f.AtLeast = &s, true
	}
	if s, ok := models.SeverityByName(in.Severity); ok {
		f.Severity, f.AtLeast = &s, false
	}
	return f
}

func (a *API) findObservations(ctx context.Context, in *foundInput) (*list[foundBody], error) {
	f := in.filter()
	if in.Cursor != "" {
		f.After = &models.FoundKey{}
		if err := seek(in.Cursor, f.After); err != nil {
			return nil, err
		}
	}
	page, err := a.Store.FindObservations(ctx, actorOf(ctx).Scope(), f)
	if err != nil {
		return nil, err
	}
	out := &list[foundBody]{}
	out.Body.Items = make([]foundBody, 0, len(page.Rows))
	for _, o := range page.Rows {
		out.Body.Items = append(out.Body.Items, foundBody{observationOf(o.Observation, o.ProductID), o.Product})
	}
	if page.Next != nil {
		text, err := json.Marshal(page.Next)
		if err != nil {
			return nil, err
		}
		out.Body.NextCursor = base64.RawURLEncoding.EncodeToString(text)
	}
	return out, nil
}
