package admin

import (
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"gatecrier/app/authz"
	"gatecrier/app/gate"
	"gatecrier/app/observation"
	"gatecrier/app/settings"
	"gatecrier/app/web"
	"gatecrier/models"
	"gatecrier/templates/page"
	"gatecrier/templates/ui"
)

// observationRoutes adds the page of an observation.
func (a *Admin) observationRoutes(r router) {
	r.get(observationRoute, a.observation)
	r.post(observationRoute+"/assess", a.assessOne)
}

// observation shows an observation.
func (a *Admin) observation(c *gin.Context) error {
	f, err := a.findingOf(c)
	if err != nil {
		return err
	}
	return a.observationPage(c, http.StatusOK, f, a.assessForm(c, "", "", nil))
}

func (a *Admin) observationPage(c *gin.Context, status int, f finding, form page.AssessForm) error {
	ctx, actor := c.Request.Context(), actorOf(c)
	policy, err := a.policyOf(c, f.product.Product)
	if err != nil {
		return err
	}
	form.Action = f.path() + "/assess"
	v := page.ObservationView{
		Row:      a.observationRow(c, f.Observation, policy, f.branch.Effective(policy.Counting)),
		Details:  observationDetails(f.Observation),
		Branch:   f.branch.Name,
		List:     f.list(),
		Manual:   f.Scanner == models.ManualScanner,
		InReport: f.InReport(),
		Changed:  a.inUserZone(c, f.ChangedAt),
		Resolved: a.inUserZone(c, f.ResolvedAt),
		SaidAt:   a.inUserZone(c, f.Assessed.At),
		Form:     form,
		Reported: page.Verdict{Status: string(f.ReportStatus), Severity: f.ReportSeverity().String()},
		VEX: page.VEXSaid{
			Status: string(f.VEX.Status), Document: f.VEX.Document, Justification: f.VEX.Justification,
		},
		Said:   page.Verdict{Status: string(f.Assessed.Status)},
		Counts: contribution(f, policy),
	}
	v.Row.Description = f.Description // with its lines
	if f.Assessed.ReportSeverity != nil {
		v.Said.Severity = f.Severity.String()
	}
	if v.CanAssess, err = authz.May(ctx, a.Store, actor, authz.Assess, f.product.ID); err != nil {
		return err
	}
	for _, fill := range []func(*gin.Context, finding, *page.ObservationView) error{
		a.sourceFacts, a.duplicateFacts, a.assessmentHistory,
	} {
		if err := fill(c, f, &v); err != nil {
			return err
		}
	}
	v.Frame = a.productFrame(c, f.Name(), f.product)
	return render(c, status, page.Observation(v))
}

// contribution says how an observation counts for the gate of its branch.
func contribution(f finding, policy gate.Policy) string {
	counts := f.branch.Effective(policy.Counting)
	severity, counted := policy.Counting.CountsAs(f.Severity, f.Flags())
	n, s := counts.Of(severity), severity.String()
	of := "Counts towards the gate: "
	if severity != f.Severity {
		of = "Counts towards the gate as " + s + ", because it is known to be exploited: "
	}
	if n == 1 {
		of += "the only active " + s + " observation on " + f.branch.Name
	} else {
		of += "one of " + ui.Number(n) + " active " + s + " observations on " + f.branch.Name
	}
	switch {
	case !f.Status.Active():
		return "Does not count towards the gate of " + f.branch.Name + "."
	case !policy.Active:
		return of + ". The gate is disabled."
	case !counted:
		return "Does not count towards the gate of " + f.branch.Name + ": only observations with a fix count."
	case policy.Thresholds.Of(severity) >= settings.NoLimit:
		return of + ". This severity has no threshold."
	case failsGate(f.Observation, policy, counts):
		return of + " (threshold " + ui.Number(policy.Thresholds.Of(severity)) + "). The gate fails because of it."
	}
	return of + " (" + ui.Number(policy.Thresholds.Of(severity)) + " allowed)."
}

// sourceFacts names the source of an observation.
func (a *Admin) sourceFacts(c *gin.Context, f finding, v *page.ObservationView) error {
	sources, err := a.Store.Sources(c.Request.Context(), actorOf(c).Scope(), f.product.ID)
	for _, s := range sources {
		if s.ID == f.SourceID {
			v.Source = s.Name
			if !strings.EqualFold(s.Format, s.Scanner) {
				v.Format = s.Format
			}
		}
	}
	return err
}

// duplicateFacts finds the original of an observation, and its duplicates.
func (a *Admin) duplicateFacts(c *gin.Context, f finding, v *page.ObservationView) error {
	ctx, actor := c.Request.Context(), actorOf(c)
	if id := f.Assessed.DuplicateOf; id != 0 {
		o, _, err := a.Observations.Get(ctx, actor, id)
		if err != nil {
			return err
		}
		row := duplicateRow(o, 0)
		v.Same = &row
	}
	others, err := a.Store.Observations(ctx, actor.Scope(), models.ObservationFilter{
		ProductID: f.product.ID, Same: f.ID, All: true, Limit: maxDuplicates + 1,
	})
	if v.Over = len(others) > maxDuplicates; v.Over {
		others = others[:maxDuplicates]
	}
	for _, o := range others {
		v.Others = append(v.Others, duplicateRow(o, 0))
	}
	return err
}

// actionWords describes the actions of the history.
var actionWords = map[models.AssessmentAction]string{
	models.ActionAssess: "assessed the observation",
	models.ActionClear:  "reset the assessment",
	models.ActionExpire: "Waiver expired",
	models.ActionMove:   "Assessment ended: the observation moved, and another one matches as well",
	models.ActionCreate: "added the observation",
	models.ActionEdit:   "edited the observation",
	models.ActionReopen: "No longer a duplicate",
	models.ActionVEX:    "assessed the observation with a VEX document",

	models.ActionFind:    "Found in a report",
	models.ActionResolve: "Resolved: a report no longer contained it",
	models.ActionReturn:  "Reopened: a report contained it again",
}

// assessmentHistory fills one page of the history of assessments.
func (a *Admin) assessmentHistory(c *gin.Context, f finding, v *page.ObservationView) error {
	p := forwardPageOf(c, idParam(beforeField))
	p.in(f.path())
	rows, err := a.Observations.History(c.Request.Context(), actorOf(c), f.ID, idOf(p.Key), p.size+1)
	if err != nil {
		return err
	}
	var below *models.Assessment
	if len(rows) > p.size {
		below = &rows[p.size]
	}
	rows, v.Pager, err = cut(&p, rows, "entry", "entries", func(r models.Assessment) string { return formatInt(r.ID) })
	if err != nil {
		return err
	}
	for _, r := range rows {
		did := actionWords[r.Action]
		if r.Action == models.ActionVEX && r.Actor == "" {
			did = "Assessed by a VEX document when it was found"
		}
		v.History = append(v.History, page.SaidRow{
			At:      a.inUserZone(c, r.At),
			Actor:   r.Actor,
			Did:     did,
			Comment: r.Comment,
			Until:   a.inUserZone(c, r.Until),
			SameAs:  r.DuplicateOf,
			Was: page.Verdict{
				Status:   string(r.WasStatus),
				Severity: r.WasSeverity.String(),
			},
			Is: page.Verdict{Status: string(r.Status), Severity: r.Severity.String()},
		})
	}
	if !f.MovedAt.IsZero() && f.MovedFrom != "" {
		v.History = withMove(v.History, a.moveRow(c, f.Observation), p.Key != "", below)
		if v.Pager.Prev == "" && v.Pager.Next == "" {
			v.Pager.Text = ui.Plural(len(v.History), "entry", "entries") + " shown"
		}
	}
	return nil
}

// moveRow returns the last move of an observation as a line of its history.
func (a *Admin) moveRow(c *gin.Context, o models.Observation) page.SaidRow {
	to, renamed := movedTo(o)
	row := page.SaidRow{At: a.inUserZone(c, o.MovedAt), Did: "Moved", From: o.MovedFrom, To: to}
	if renamed {
		row.Did = "Renamed"
	}
	return row
}

// assessOne assesses one observation.
func (a *Admin) assessOne(c *gin.Context) error {
	f, err := a.assessableObservation(c)
	if err != nil {
		return err
	}
	done, err := a.assessSelection(c, observation.Selection{ProductID: f.product.ID, IDs: []int64{f.ID}})
	if isFormError(err) {
		form := a.assessForm(c, c.PostForm("status"), c.PostForm("severity"), err)
		return a.observationPage(c, web.StatusOf(err), f, form)
	}
	title := "Observation assessed"
	if c.PostForm("status") == clearAssessment {
		title = "Assessment reset"
	}
	return a.assessed(c, done, err, title, f.path())
}
