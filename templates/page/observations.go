package page

import (
	"strings"
	"time"

	"github.com/a-h/templ"

	"gatecrier/templates/ui"
)

// ObservationsTab lists observations, worst first, filtered by the URL.
type ObservationsTab struct {
	Show    []ui.Chip // active ones, the others, all
	Chips   []ui.Chip // severities with counts
	Filter  FindingFilter
	Rows    []ObservationRow
	Sorting ui.Sorting // by severity
	Pager   ui.Pager

	CanAssess bool                 // the rows can be selected
	Hidden    [][2]string          // the filter, for the form of a selection
	All       string               // the page that assesses all that the filter finds; "" = none
	Total     int                  // how many it finds
	Here      string               // this page
	Runs      []AssessmentProgress // assessments of many observations in progress
	TooMany   bool                 // it finds more than are assessed in one step
}

// AssessmentsID is the id of the section of assessments in progress.
const AssessmentsID = "assessments"

// AssessedEvent is the browser's event that refreshes the list of observations: the last assessment in
// progress has ended.
const AssessedEvent = "assessed"

// refresh returns the attributes of the list, which is refreshed once when assessments end: a refresh
// meanwhile would undo a selection.
func (t ObservationsTab) refresh() templ.Attributes {
	if len(t.Runs) == 0 {
		return nil
	}
	return templ.Attributes{
		"hx-get": t.Here, "hx-select": "#observations", "hx-trigger": AssessedEvent + " from:body", "hx-swap": "outerHTML",
	}
}

// FindingFilter is the part of the filter beside the chips.
type FindingFilter struct {
	Query    string
	Branches []ui.Option
	Statuses []ui.Option
	Scanners []ui.Option
	People   []ui.Option // whether it was assessed
	Hidden   [][2]string // the chips' part
	Clear    string      // the list without filters; "" = no filter is set

	Exploited []ui.Option // whether it is known to be exploited
	Fixes     []ui.Option // whether a version fixes it
	CWE       string      // a weakness, as typed
	Wrong     string      // what is wrong with CWE; "" = nothing
	More      bool        // one of these is set
}

// ObservationRow is one observation.
type ObservationRow struct {
	ID          int64
	Title       string
	Description string
	URL         string // of the advisory; "" = none
	Severity    string
	Reported    string // the severity of its report, if an assessment has changed it
	Component   string
	Location    string
	Fix         string // the version that fixes it; "" = unknown
	Unfixed     bool   // no version fixes it yet
	KEV         bool   // it is known to be exploited
	Status      string
	Said        string // the assessed status, if another one is in force; "" = none
	By          string // the user who has assessed it; "" = none
	VEX         bool   // the status is that of a VEX document
	Until       time.Time
	FailsGate   bool // its severity is over the limit
	FirstSeen   time.Time
	Scanner     string
}

// AssessmentProgress is the progress of an assessment of many observations, or of waivers that end.
type AssessmentProgress struct {
	By          string // who assesses them
	Done, Total int
	At          time.Time
	Waivers     bool // that end; By is empty
}

// text returns the progress: "1,200 of 10,000 observations assessed".
func (r AssessmentProgress) text() string {
	if r.Waivers {
		return ui.Number(int64(r.Done)) + " of " + ui.Plural(r.Total, "waiver", "waivers") + " ended"
	}
	return ui.Number(int64(r.Done)) + " of " + ui.Plural(r.Total, "observation", "observations") + " assessed"
}

// AssessForm is the form that assesses observations.
type AssessForm struct {
	Action     string // path
	Hidden     [][2]string
	Statuses   []ui.Option
	Severities []ui.Option
	Comment    string
	Until      string  // a day, as fields take it
	First      string  // the first day that can be chosen
	Zone       ui.Zone // of these days
	Duplicate  bool    // the form has a field for the original
	Same       string  // that id
	Button     string
	Errors     map[string]string // by the name of the field
}

// AssessView is the page that assesses several observations.
type AssessView struct {
	Frame ProductFrame
	What  string // the selection in words
	N     int
	Rows  []ObservationRow // the first of them
	Form  AssessForm
	Back  string
}

// more returns how many observations are not named.
func (v AssessView) more() int { return v.N - len(v.Rows) }

// word returns a status in words.
func word(status string) string { return strings.ReplaceAll(status, "_", " ") }

func observationsPath(product int64) string { return productPath(product) + "/observations" }

func observationPath(product, n int64) string { return observationsPath(product) + "/" + id(n) }
