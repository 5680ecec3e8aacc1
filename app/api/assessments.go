package api

import (
	"context"
	"net/http"
	"time"

	"gatecrier/app/fault"
	"gatecrier/app/observation"
	"gatecrier/models"
)

// outcomeBody is the effect of an assessment on a branch's gate.
type outcomeBody struct {
	Branch string           `json:"branch"`
	Before models.GateState `json:"before" enum:"none,passed,failed"`
	After  models.GateState `json:"after" enum:"none,passed,failed"`
	Why    string           `json:"why"`
	Counts models.Counts    `json:"counts"`
}

func outcomeOf(g observation.BranchGate) outcomeBody {
	return outcomeBody{Branch: g.Branch, Before: g.Before, After: g.After, Why: g.Why, Counts: g.Counts}
}

// assessmentDoneBody is an observation after an assessment, with the gate of its branch.
type assessmentDoneBody struct {
	ObservationBody
	Gate *outcomeBody `json:"gate" doc:"The branch's gate before and after"`
}

func assessedOf(o models.Observation, productID int64, done observation.Done) assessmentDoneBody {
	b := assessmentDoneBody{ObservationBody: observationOf(o, productID)}
	if len(done.Gates) > 0 {
		gate := outcomeOf(done.Gates[0])
		b.Gate = &gate
	}
	return b
}

type assessInput struct {
	IDPath
	IfMatch

	Body struct {
		ManualFields
		Version     *int64               `json:"version,omitempty" doc:"If sent, the observation must still have this version; otherwise 409 names what changed since, and who changed it"`
		Status      patch[models.Status] `json:"status,omitempty" doc:"open, affected, in_review, resolved, duplicate, false_positive, not_affected, not_security or risk_accepted; null removes the assessment"`
		Severity    patch[string]        `json:"severity,omitempty" doc:"critical, high, medium, low, none or unknown; null: from the report"`
		Comment     string               `json:"comment,omitempty" doc:"The reason; required for a waiver"`
		WaiverUntil patch[time.Time]     `json:"waiver_until,omitempty" doc:"When a waiver (risk_accepted) ends"`
		DuplicateOf patch[int64]         `json:"duplicate_of,omitempty" doc:"The ID of the observation of this branch that it is a duplicate of, or null"`
	}
}

// ManualFields are the fields of an observation that was entered by hand. A patch either
// changes these and the entered severity, or assesses the observation.
type ManualFields struct {
	Title       patch[string] `json:"title,omitempty" doc:"Only for an observation that was entered manually; can be sent with severity, but not with an assessment"`
	Description patch[string] `json:"description,omitempty" doc:"Only for an observation that was entered manually"`
	Component   patch[string] `json:"component,omitempty" doc:"Only for an observation that was entered manually"`
	Location    patch[string] `json:"location,omitempty" doc:"Only for an observation that was entered manually"`
	Fix         patch[string] `json:"fix,omitempty" doc:"Only for an observation that was entered manually"`
	URL         patch[string] `json:"url,omitempty" doc:"Only for an observation that was entered manually"`
}

func (f ManualFields) sent() bool {
	return f.Title.Sent || f.Description.Sent || f.Component.Sent || f.Location.Sent || f.Fix.Sent || f.URL.Sent
}

func (f ManualFields) apply(d *observation.Draft) {
	for _, field := range []struct {
		to   *string
		sent patch[string]
	}{
		{&d.Title, f.Title},
		{&d.Description, f.Description},
		{&d.Component, f.Component},
		{&d.Location, f.Location},
		{&d.Fix, f.Fix},
		{&d.URL, f.URL},
	} {
		if field.sent.Sent {
			*field.to = field.sent.Value
		}
	}
}

// historyBody is a row of an observation's history.
type historyBody struct {
	ID          int64                   `json:"id"`
	At          time.Time               `json:"at"`
	Actor       string                  `json:"actor" doc:"Empty if no user did it: a report did, a waiver ended, the observation moved, or the original of a duplicate was removed"`
	Action      models.AssessmentAction `json:"action" enum:"assess,clear,expire,move,create,edit,reopen,vex,find,resolve,return" doc:"find: a report contained it for the first time (the last row, id 0); resolve: a report no longer contained it; return: a report contained it again; move: its new location fits another finding as well, so its assessment ended; reopen: the original of a duplicate was resolved or deleted, so the duplicate counts again; vex: the statement of a VEX document changed"`
	WasStatus   models.Status           `json:"was_status" doc:"The values that counted before"`
	Status      models.Status           `json:"status" doc:"The new assessment, or the values that count again"`
	WasSeverity models.Severity         `json:"was_severity"`
	Severity    models.Severity         `json:"severity"`
	Comment     string                  `json:"comment"`
	WaiverUntil *time.Time              `json:"waiver_until"`
	DuplicateOf *int64                  `json:"duplicate_of"`
}

func historyOf(h models.Assessment) historyBody {
	return historyBody{
		ID:          h.ID,
		At:          h.At,
		Actor:       h.Actor,
		Action:      h.Action,
		WasStatus:   h.WasStatus,
		Status:      h.Status,
		WasSeverity: h.WasSeverity,
		Severity:    h.Severity,
		Comment:     h.Comment,
		WaiverUntil: optional(h.Until),
		DuplicateOf: unlessZero(h.DuplicateOf),
	}
}

func (a *API) assessments() {
	register(a, onPatch("/observations/{id}", "assess-observation"),
		"Assess an observation, or edit one that was entered manually (JSON merge patch)",
		a.assess)
	register(a, onPost("/products/{id}/observations/assess", "assess-observations", http.StatusOK),
		"Assess many observations: all or none; more than 100 are assessed in parts",
		a.assessMany)
	register(a, onGet("/products/{id}/assessments", "running-assessments"),
		"List bulk assessments that are in progress, oldest first",
		a.runningAssessments)
	register(a, onGet("/observations/{id}/history", "observation-history"),
		"List the history of an observation, newest first: assessments, and what reports did",
		a.assessmentHistory)
}

func (a *API) assess(ctx context.Context, in *assessInput) (*one[assessmentDoneBody], error) {
	actor := actorOf(ctx)
	was, productID, err := a.Observations.Get(ctx, actor, in.ID)
	if err != nil {
		return nil, err
	}
	ifVersion, err := in.version(in.Body.Version)
	if err != nil {
		return nil, err
	}
	if in.Body.sent() {
		return a.amend(ctx, in, productID, ifVersion)
	}
	assessment, err := assessmentOf(in, was)
	if err != nil {
		return nil, err
	}
	assessment.IfVersion = ifVersion
	o, done, err := a.Observations.Assess(ctx, actor, in.ID, assessment)
	return changedOf(o.Version, assessedOf(o, productID, done)), err
}

// amend changes an observation that was entered by hand.
func (a *API) amend(
	ctx context.Context, in *assessInput, productID int64, ifVersion *int64,
) (*one[assessmentDoneBody], error) {
	b := in.Body
	var fieldErrs fault.Fields
	for name, sent := range map[string]bool{
		"status":       b.Status.Sent,
		"comment":      b.Comment != "",
		"waiver_until": b.WaiverUntil.Sent,
		"duplicate_of": b.DuplicateOf.Sent,
	} {
		if sent {
			fieldErrs.Add(name, "Send edits and assessments in separate requests")
		}
	}
	if err := fieldErrs.Err(); err != nil {
		return nil, err
	}
	severity := models.Unknown
	if b.Severity.Sent {
		var err error
		if severity, err = severityOf(b.Severity.Value); err != nil {
			return nil, err
		}
	}
	o, done, err := a.Observations.Amend(ctx, actorOf(ctx), in.ID, func(d *observation.Draft) {
		b.apply(d)
		d.IfVersion = ifVersion
		if b.Severity.Sent {
			d.Severity = severity
		}
	})
	return changedOf(o.Version, assessedOf(o, productID, done)), err
}

// assessmentOf returns the assessment of a patch. The patch can leave out the status where it
// only changes the end of a waiver, or the observation that this one is a duplicate of.
func assessmentOf(in *assessInput, was models.Observation) (observation.Assessment, error) {
	b := in.Body
	assessment := observation.Assessment{
		Clear:         b.Status.Null,
		Status:        b.Status.Value,
		ClearSeverity: b.Severity.Null,
		Comment:       b.Comment,
		Until:         b.WaiverUntil.Value,
		DuplicateOf:   b.DuplicateOf.Value,
	}
	switch {
	case b.Status.Sent:
	case b.WaiverUntil.Sent && was.Assessed.Status == models.StatusRiskAccepted,
		b.DuplicateOf.Sent && was.Assessed.Status == models.StatusDuplicate:
		assessment.Status = was.Assessed.Status
	}
	if b.Severity.Sent && !b.Severity.Null {
		s, err := severityOf(b.Severity.Value)
		if err != nil {
			return assessment, err
		}
		assessment.Severity = &s
	}
	return assessment, nil
}

func (a *API) assessmentHistory(ctx context.Context, in *idPageInput) (*list[historyBody], error) {
	var before int64
	if err := seek(in.Cursor, &before); err != nil {
		return nil, err
	}
	rows, err := a.Observations.History(ctx, actorOf(ctx), in.ID, before, in.Limit+1)
	if err != nil {
		return nil, err
	}
	return answer(rows, in.Limit, historyOf, func(h models.Assessment) any { return h.ID })
}
