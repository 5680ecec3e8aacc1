package admin

import (
	"strings"

	"github.com/gin-gonic/gin"

	"gatecrier/app/gate"
	"gatecrier/app/web"
	"gatecrier/models"
	"gatecrier/templates/layout"
	"gatecrier/templates/page"
	"gatecrier/templates/ui"
)

// productFrame returns the frame of a page below a product's.
func (a *Admin) productFrame(c *gin.Context, title string, row models.ProductRow) page.ProductFrame {
	return page.ProductFrame{View: a.frame(c, title, layout.NavProducts), ID: row.ID, Name: row.Name}
}

// observationRow returns an observation as lists show it. policy and the effective counts belong to
// the gate of its branch.
func (a *Admin) observationRow(
	c *gin.Context, o models.Observation, policy gate.Policy, counts models.Counts,
) page.ObservationRow {
	r := page.ObservationRow{
		ID:          o.ID,
		Title:       o.Name(),
		Description: descriptionLine(o),
		URL:         web.HTTPLink(o.URL),
		Severity:    o.Severity.String(),
		Component:   o.Component,
		Location:    o.Location,
		Fix:         o.Fix,
		Unfixed:     o.Unfixed,
		KEV:         o.KEV,
		Status:      string(o.Status),
		FirstSeen:   a.inUserZone(c, o.FirstSeenAt),
		Scanner:     o.Scanner,
		Until:       a.inUserZone(c, o.Assessed.Until),
		FailsGate:   failsGate(o, policy, counts),
	}
	if o.Assessed.Any() {
		r.By = o.Assessed.By
	}
	r.VEX = o.VEX.Status != "" && o.Assessed.Status == "" && o.InReport()
	if o.Assessed.Status != o.Status {
		r.Said = string(o.Assessed.Status)
	}
	if reported := o.ReportSeverity(); reported != o.Severity {
		r.Reported = reported.String()
	}
	return r
}

// failsGate reports whether an observation is one that a gate fails by.
func failsGate(o models.Observation, policy gate.Policy, counts models.Counts) bool {
	severity, counted := policy.Counting.CountsAs(o.Severity, o.Flags())
	return o.Status.Active() && policy.Active && counted && counts.Of(severity) > policy.Thresholds.Of(severity)
}

func duplicateRow(o models.Observation, chosen int64) page.DuplicateRow {
	return page.DuplicateRow{
		ID:        o.ID,
		Title:     o.Name(),
		Component: o.Component,
		Severity:  o.Severity.String(),
		Scanner:   o.Scanner,
		Location:  o.Location,
		Chosen:    o.ID == chosen,
	}
}

func severityOptions(current string) []ui.Option {
	var list []ui.Option
	for _, s := range models.Severities() {
		list = append(list, ui.Option{Value: s.String(), Label: s.String(), Checked: s.String() == current})
	}
	return list
}

func orWorse(s models.Severity) string {
	if s == models.Critical {
		return "critical"
	}
	return s.String() + " or worse"
}

// statusWord writes a status as words.
func statusWord(s models.Status) string { return strings.ReplaceAll(string(s), "_", " ") }

// maxDuplicates bounds the duplicates, and the candidates for one, that a page lists.
const maxDuplicates = 20
