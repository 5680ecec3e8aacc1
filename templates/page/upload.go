package page

import (
	"strconv"
	"strings"

	"gatecrier/templates/layout"
	"gatecrier/templates/ui"
)

// UploadView is the form for reports, and the results of the last ones. It posts
// file (several), format, branch, scanner, source and clean (multipart) to /products/{id}/upload.
type UploadView struct {
	Frame   layout.View
	ID      int64
	Product string
	Branch  string // as typed
	Default string // the default branch
	Scanner string
	Source  string
	Clean   bool   // the scan ran and found nothing
	Format  string // as chosen: "generic", else "" for the content's
	Formats string // that are recognized, as a list
	CanOwn  bool   // and so create tokens
	BaseURL string
	Errors  map[string]string // by the name of the field; "file" with the place in the report
	Results []ImportResult    // of the last upload, one per file
}

// ImportResult is what a report has changed.
type ImportResult struct {
	File                             string // its name
	Format                           string // its id, such as "grype"
	Scanner, Source, Branch          string
	New, Updated, Reopened, Resolved int
	Counts                           ui.Counts
	Before, After                    string // states of the gate
	Why                              string
	Evaluated                        bool // false for a branch that is not the default one
	Warnings                         []string
	VEX                              *VEXResult // nil for a report
}

// pushOptions returns the options with which push does the same as the form.
func (v UploadView) pushOptions() [][2]string {
	return [][2]string{
		{"--branch", v.Branch}, {"--scanner", v.Scanner}, {"--source", v.Source}, {"--report-format", v.Format},
	}
}

// reportFormats returns the choices of a report's format.
func reportFormats(chosen string) []ui.Option {
	return []ui.Option{
		{Value: "", Label: "Detect automatically", Checked: chosen == ""},
		{Value: "generic", Label: "Generic", Checked: chosen == "generic"},
	}
}

// imported is the title of results that do not affect a gate.
func imported(results []ImportResult) string {
	if len(results) > 1 {
		return "Reports imported. This branch does not affect the product's gate"
	}
	return "Report imported. This branch does not affect the product's gate"
}

// gateMoved says what was imported and how the gate changed.
func gateMoved(results []ImportResult) string {
	r := results[0]
	text := r.what()
	if len(results) > 1 {
		text = strconv.Itoa(len(results)) + " reports"
	}
	switch {
	case !r.Evaluated:
		return text + " imported for the branch " + r.Branch + "."
	case r.Before == r.After:
		return text + " imported. The gate remains " + ui.GateWord(r.After) + ", so no one is notified."
	}
	return text + " imported. Gate: " + ui.GateWord(r.Before) + " → " + ui.GateWord(r.After) + "."
}

// what names the report.
func (r ImportResult) what() string {
	text := ui.Title(r.Format) + " report"
	if r.VEX != nil {
		text = "VEX document " + r.VEX.Document
	} else if r.Scanner != "" && !strings.EqualFold(r.Scanner, r.Format) {
		text += " of " + r.Scanner
	}
	if r.Source != "" {
		text += ", source " + r.Source
	}
	return text
}
