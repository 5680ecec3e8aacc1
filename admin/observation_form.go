package admin

import (
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"gatecrier/app/observation"
	"gatecrier/models"
	"gatecrier/templates/page"
	"gatecrier/templates/ui"
)

// clearAssessment is the choice of the form that resets an assessment.
const clearAssessment = "clear"

// waiverDays is the length of a waiver unless the user chooses another.
const waiverDays = 30

// assessForm returns the form, with what was sent and the errors if err is not nil.
func (a *Admin) assessForm(c *gin.Context, status, severity string, err error) page.AssessForm {
	zone := a.formZone(c)
	today := a.Store.Now().In(zone)
	f := page.AssessForm{
		Statuses: []ui.Option{
			{Label: "Unchanged"},
		},
		Severities: []ui.Option{{Label: "Unchanged"}},
		Comment:    c.PostForm("comment"),
		Same:       c.PostForm("duplicate_of"),
		Until: today.AddDate(0, 0, waiverDays).
			Format(time.DateOnly),
		First:  today.Format(time.DateOnly),
		Zone:   a.uiZone(zone, time.Time{}),
		Button: "Save assessment",
		Errors: assessErrors(err),
	}
	if text := c.PostForm("waiver_until"); text != "" {
		f.Until = text
	}
	for _, s := range observation.Assessable() {
		f.Statuses = append(f.Statuses, ui.Option{Value: string(s), Label: statusWord(s), Checked: string(s) == status})
	}
	f.Statuses = append(f.Statuses, ui.Option{
		Value: clearAssessment, Label: "Reset to the reported value", Checked: status == clearAssessment,
	})
	f.Severities = append(f.Severities, severityOptions(severity)...)
	return f
}

// assessmentOf reads the form. A waiver ends with its last day in the zone of the form. The fields for a
// waiver and for an original are only read with their statuses.
func (a *Admin) assessmentOf(c *gin.Context) observation.Assessment {
	assessment := observation.Assessment{Status: models.Status(c.PostForm("status")), Comment: c.PostForm("comment")}
	if assessment.Status == clearAssessment {
		assessment.Status, assessment.Clear = "", true
	}
	if text := c.PostForm("severity"); text != "" {
		s, ok := models.SeverityByName(text)
		if !ok {
			assessment.Unread.Add("severity", "Choose critical, high, medium, low, none or unknown")
		}
		assessment.Severity = &s
	}
	if text := c.PostForm("waiver_until"); text != "" && assessment.Status == models.StatusRiskAccepted {
		day, ok := readDay(text, a.formZone(c))
		if !ok {
			assessment.Unread.Add("waiver_until", "Enter a date as YYYY-MM-DD")
		} else {
			assessment.Until = day.end().Add(-time.Second)
		}
	}
	if text := strings.TrimSpace(c.PostForm("duplicate_of")); text != "" && assessment.Status == models.StatusDuplicate {
		id, err := strconv.ParseInt(text, 10, 64)
		if err != nil || id < 1 {
			assessment.Unread.Add("duplicate_of", "Enter the ID of an observation")
		}
		assessment.DuplicateOf = id
	}
	return assessment
}

// assessSelection assesses a selection as the form says.
func (a *Admin) assessSelection(c *gin.Context, sel observation.Selection) (observation.Done, error) {
	return a.Observations.AssessMany(c.Request.Context(), actorOf(c), sel, a.assessmentOf(c))
}

// assessErrors returns an error's messages by field. What is about no field of the form is under
// "".
func assessErrors(err error) map[string]string {
	errs := fieldErrors(err)
	if err == nil || errs != nil && errs["ids"] == "" && errs["filter"] == "" {
		return errs
	}
	text := textOf(err)
	for _, name := range []string{"ids", "filter"} {
		if errs[name] != "" {
			text = errs[name]
		}
	}
	return map[string]string{"": text}
}

// assessed ends a form that changes observations: it says what was done and what that has made of
// the gates, and leads on; or it returns err.
func (a *Admin) assessed(c *gin.Context, done observation.Done, err error, title, to string) error {
	if err != nil {
		return err
	}
	var parts []string
	text := ""
	for _, g := range done.Gates {
		name := "the gate"
		if !g.Default {
			name = "the gate of " + g.Branch
		}
		switch {
		case g.Before != g.After:
			parts = append(parts, name+" changed from "+ui.GateWord(string(g.Before))+" to "+ui.GateWord(string(g.After)))
		case len(done.Gates) == 1 && g.After != models.GateNone:
			parts = append(parts, name+" remains "+ui.GateWord(string(g.After)))
		}
		if g.After == models.GateFailed {
			text = ui.Title(g.Why)
		}
		if g.Held.Any() {
			text = "Notifications are sent unless the gate changes back; the hold time ends " +
				ui.Relative(g.Held.Until, a.Store.Now()) + "."
		}
	}
	if len(parts) > 0 {
		title += ": " + strings.Join(parts, ", ")
	}
	return a.done(c, nil, title, text, to)
}
