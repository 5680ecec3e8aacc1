package page

import (
	"strings"
	"time"

	"gatecrier/templates/layout"
	"gatecrier/templates/ui"
)

func below(title string) ProductFrame {
	return ProductFrame{View: frame(title, layout.NavProducts), ID: 7, Name: long}
}

// selectable returns the list for a user who can assess, with all that a row can show.
func selectable() ObservationsTab {
	t := observations()
	t.CanAssess, t.All, t.Total, t.Hidden = true, "/products/7/observations/assess?all=83", 83, [][2]string{{"q", script}}
	t.Here, t.Runs = "/products/7", []AssessmentProgress{{By: script, Done: 1200, Total: 10_000, At: now}}
	t.Show = []ui.Chip{
		{Label: "Active", Href: "?", Count: 83, Current: true},
		{Label: "Inactive", Href: "?active=false", Count: -1},
	}
	t.Filter = FindingFilter{
		Query:  script,
		Hidden: [][2]string{{"severity", "high"}},
		Clear:  "/products/7",
		Branches: []ui.Option{
			{Label: "main (default)", Checked: true},
			{Value: script, Label: script},
			{Value: long, Label: long},
		},
		Statuses: []ui.Option{{Label: "any"}, {Value: "in_review", Label: "in review"}},
		Scanners: []ui.Option{
			{Label: "any"},
			{Value: "a", Label: script},
			{Value: "b", Label: arabic},
		},
		People: []ui.Option{{Label: "any"}},
		CWE:    script, Wrong: script, More: true,
	}
	t.Rows[0].KEV, t.Rows[1].Unfixed, t.Rows[1].Fix = true, true, ""
	t.Rows[0].Status, t.Rows[0].By, t.Rows[0].Reported = "in_review", script, "high"
	t.Rows[1].Status, t.Rows[1].By, t.Rows[1].Until = "risk_accepted", long, days(-30)
	t.Rows[2].Status, t.Rows[2].Said, t.Rows[2].By = "resolved", "false_positive", arabic
	return t
}

func assessing() AssessForm {
	return AssessForm{
		Action: "/products/7/observations/assess",
		Hidden: [][2]string{{"id", "1"}, {"q", script}},
		Until:  "2026-12-20",
		First:  "2026-11-20",
		Button: "Assess 83 observations",
		Statuses: []ui.Option{
			{Label: "as it is"},
			{Value: "risk_accepted", Label: "risk accepted", Checked: true},
			{Value: "duplicate", Label: "duplicate"},
		},
		Severities: []ui.Option{{Label: "as it is"}},
		Duplicate:  true,
		Comment:    script,
		Errors: map[string]string{
			"":             "There are 82 observations now, not 83: look at the list again",
			"waiver_until": "Must be in the future",
			"comment":      "Enter the reason for accepting the risk",
			"status":       script,
			"duplicate_of": script,
			"severity":     script,
		},
	}
}

// everyDetail returns all that a report can know, some of it hostile.
func everyDetail() ObservationDetails {
	return ObservationDetails{
		HTML:  "<p><strong>Impact</strong></p>\n<ul>\n<li>one</li>\n</ul>\n<pre><code>" + long + long + "</code></pre>\n",
		Score: "9.8", CVSS: "3.1", Vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", EPSS: "93.7%", Percentile: "99.8%",
		CWEs:       []Weakness{{"CWE-79", "https://cwe.mitre.org/data/definitions/79.html"}, {ID: script}},
		Aliases:    []string{"GHSA-rxwq-x6h5-x525", script},
		PURL:       "pkg:deb/debian/" + long + long,
		Locations:  []string{script, long + long},
		References: []string{"https://advisories.example/" + long, "javascript:alert(1)", script},
		Name:       script,
		Rule:       script,
		Kind:       script,
	}
}

// assessmentRows returns the lines of a history, of each kind one.
func assessmentRows() []SaidRow {
	return []SaidRow{
		{
			At:      ago(time.Hour),
			Actor:   script,
			Did:     "assessed it",
			Was:     Verdict{"open", "critical"},
			Is:      Verdict{"risk_accepted", "high"},
			Comment: script + "\n" + strings.Repeat(long+" ", 6),
			Until:   days(-30),
			SameAs:  8,
		},
		{At: days(2), Did: "Waiver expired", Was: Verdict{"risk_accepted", "high"}, Is: Verdict{"open", "high"}},
		{
			At:    days(3),
			Actor: long,
			Did:   "reset the assessment",
			Was:   Verdict{"false_positive", "low"},
			Is:    Verdict{"open", "low"},
		},
		{At: days(4), Did: "Moved", From: "src/a.py:12", To: "src/a.py:15"},
		{At: days(4), Did: "Moved", From: script + long},
		{At: days(4), Actor: arabic, Did: "entered it", Was: Verdict{"", "unknown"}, Is: Verdict{"open", "unknown"}},
	}
}

func observationStories() []story {
	tab := product(TabObservations)
	tab.Observations = selectable()
	over := tab
	over.Observations.All, over.Observations.TooMany = "", true
	nothing := tab
	nothing.Observations.Rows, nothing.Observations.Pager = nil, ui.Pager{}

	row := selectable().Rows[1]
	row.URL = "https://advisories.example/" + long
	known := ObservationView{
		Frame:    below(script),
		Row:      row,
		Branch:   script,
		List:     "/products/7?branch=x",
		Source:   arabic,
		Format:   "SARIF",
		InReport: true,
		Changed:  days(1),
		Reported: Verdict{
			"open",
			"critical",
		},
		Said:   Verdict{"risk_accepted", "high"},
		SaidAt: ago(time.Hour),
		Counts: "Does not count towards the gate of " + script + ".",
		Same: &DuplicateRow{
			ID:        8,
			Title:     script,
			Component: long,
			Scanner:   arabic,
		},
		Others:    []DuplicateRow{{ID: 9, Title: long + long, Component: script}, {ID: 10, Title: single}},
		Over:      true,
		CanAssess: true,
		Form:      assessing(),
		Pager:     ui.Pager{Next: "?before=1", Text: "4 entries shown"},
		History:   assessmentRows(),
	}
	known.Details = everyDetail()
	known.Row.KEV = true
	gone := known
	gone.InReport = false
	gone.Resolved = days(1)
	gone.Manual = true
	gone.CanAssess = false
	gone.History = nil
	gone.Same = nil
	gone.Others = nil
	mine := known
	mine.Manual = true
	bare := ObservationView{
		Frame:    below(single),
		Row:      ObservationRow{ID: 1, Title: single, Severity: "unknown", Status: "open"},
		Branch:   "main",
		List:     "/products/7",
		InReport: true,
		Reported: Verdict{"open", "unknown"},
		Counts:   "It counts.",
	}
	return []story{
		{"observations-selectable", Product(tab)},
		{"observations-too-many", Product(over)},
		{"observations-nothing-found", Product(nothing)},
		{
			"assess",
			Assess(AssessView{
				Frame: below("Assess"),
				What:  "All matching observations on  " + script,
				N:     83,
				Rows:  selectable().Rows,
				Form:  assessing(),
				Back:  "/products/7?q=x",
			}),
		},
		{"observation", Observation(known)},
		{"observation-vex", Observation(withVEX(known))},
		{"observation-resolved", Observation(gone)},
		{"observation-manual", Observation(mine)},
		{"observation-bare", Observation(bare)},
	}
}

// observationFormStories returns the stories of the forms of an observation.
func observationFormStories() []story {
	row := selectable().Rows[1]
	row.URL = "https://advisories.example/" + long
	dups := DuplicateView{
		Frame:   below("Same"),
		Row:     row,
		Branch:  script,
		Typed:   script,
		Comment: script,
		Errors: map[string]string{
			"":             "A large import is at work",
			"duplicate_of": "The original is in another branch",
			"comment":      "At most 4,000 characters",
		},
		Rows: []DuplicateRow{
			{ID: 1, Title: script, Component: long, Scanner: arabic, Location: long + long, Chosen: true},
			{ID: 2, Title: long + long, Component: single},
		},
	}
	form := ManualView{
		Frame:      below("Enter"),
		Branches:   []ui.Option{{Value: script, Label: script}},
		Severities: []ui.Option{{Value: "high", Label: "high"}},
		Fields:     map[string]string{"title": script, "description": script, "url": "javascript:alert(1)"},
		Errors: map[string]string{
			"":            script,
			"title":       "Must not be empty",
			"severity":    "Choose a severity",
			"branch":      script,
			"url":         "Enter a URL that begins with http:// or https://",
			"description": "Too long",
		},
	}
	edit := form
	edit.ID, edit.Branches = 3, nil
	return []story{
		{"duplicate", Duplicate(dups)},
		{"duplicate-none", Duplicate(DuplicateView{Frame: below("Same"), Row: row, Branch: script})},
		{"manual", Manual(form)},
		{"manual-edit", Manual(edit)},
	}
}
