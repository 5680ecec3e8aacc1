package page

import (
	"time"

	"gatecrier/templates/layout"
	"gatecrier/templates/ui"
)

// ProductFrame is the frame of a page below a product's.
type ProductFrame struct {
	layout.View
	ID   int64
	Name string
}

// crumbs returns the crumbs that lead to the product, and further.
func (f ProductFrame) crumbs(more ...ui.Crumb) []ui.Crumb {
	return append([]ui.Crumb{{Label: "Products", Href: "/products"}, {Label: f.Name, Href: productPath(f.ID)}}, more...)
}

// ObservationView is an observation with all its details.
type ObservationView struct {
	Frame     ProductFrame
	Row       ObservationRow
	Details   ObservationDetails
	Branch    string
	List      string // the list of its branch
	Source    string // the name of its source; "" = unnamed
	Format    string // of its report; "" = not known
	Manual    bool   // a user has entered it
	InReport  bool   // the last report holds it
	Changed   time.Time
	Resolved  time.Time // zero = it is not
	Reported  Verdict   // what the report says
	VEX       VEXSaid   // what a VEX document says
	Said      Verdict   // the assessment; an empty part is as reported
	SaidAt    time.Time
	Counts    string // what it means for the gate
	Same      *DuplicateRow
	Others    []DuplicateRow // that are duplicates of it
	Over      bool           // there are more of them
	History   []SaidRow
	Pager     ui.Pager
	CanAssess bool
	Form      AssessForm
}

// ObservationDetails are the details of the report beyond the observation's row. Empty texts are
// unknown.
type ObservationDetails struct {
	HTML       string // the description, where it is Markdown: restricted HTML
	Score      string // of CVSS: "9.8"
	CVSS       string // its version: "3.1"
	Vector     string
	EPSS       string // "93.7%"
	Percentile string // "99.8%"
	CWEs       []Weakness
	Aliases    []string
	PURL       string
	Locations  []string // beside that of the row
	References []string // URLs, and other texts
	Name       string   // of the rule or the vulnerability, where the title is its ID
	Rule, Kind string
}

// Weakness is a CWE with the page of its definition.
type Weakness struct{ ID, URL string }

// Verdict is a status and a severity.
type Verdict struct{ Status, Severity string }

// DuplicateRow is another observation.
type DuplicateRow struct {
	ID                                  int64
	Title, Component, Severity, Scanner string
	Location                            string
	Chosen                              bool
}

// SaidRow is a line of an observation's history.
type SaidRow struct {
	At      time.Time
	Actor   string
	Did     string // "assessed the observation"
	Was, Is Verdict
	Comment string
	Until   time.Time
	SameAs  int64 // the observation that it was called a duplicate of

	From, To string // its place or name, if it has moved; To is "" if that is not known
}

// DuplicateView asks for the original of an observation.
type DuplicateView struct {
	Frame   ProductFrame
	Row     ObservationRow
	Branch  string
	Rows    []DuplicateRow // candidates
	Typed   string         // an id
	Comment string
	Errors  map[string]string
}

// ManualView is the form of an observation that a user adds.
type ManualView struct {
	Frame      ProductFrame
	ID         int64 // 0 = a new one
	Version    int64 // that is edited
	Conflict   bool  // another user has changed it meanwhile
	Branches   []ui.Option
	Severities []ui.Option
	Fields     map[string]string // as typed, by name
	Errors     map[string]string
}

func (v ManualView) action() string {
	if v.ID == 0 {
		return observationsPath(v.Frame.ID)
	}
	return observationPath(v.Frame.ID, v.ID) + "/edit"
}

func (v ManualView) cancel() string {
	if v.ID == 0 {
		return productPath(v.Frame.ID)
	}
	return observationPath(v.Frame.ID, v.ID)
}

func (v ManualView) title() string {
	if v.ID == 0 {
		return "Add observation"
	}
	return "Edit observation"
}

// notSaved says what happens to the input after an error.
func (v ManualView) notSaved() string {
	if v.Conflict {
		return "Nothing was saved. The form keeps your input. Save again to replace the current values."
	}
	return "No changes were made."
}

// field returns a line of text of the form.
func (v ManualView) field(name, label string, most int, required bool) ui.Field {
	help := map[string]string{
		"component": "The affected component, with its version",
		"location":  "File, image or path",
		"fix":       "The version with the fix",
		"url":       "The URL of the advisory",
	}
	return ui.Field{
		Name:         name,
		Label:        label,
		Value:        v.Fields[name],
		MaxLength:    most,
		Required:     required,
		Autocomplete: "off",
		Error:        v.Errors[name],
		Help:         help[name],
	}
}
