package page

import (
	"strings"

	"gatecrier/templates/layout"
	"gatecrier/templates/ui"
)

// UploadView is the form for a report, and the result of the last one. It posts
// file, branch, scanner, source and clean (multipart) to /products/{id}/upload.
type UploadView struct {
	Frame   layout.View
	ID      int64
	Product string
	Branch  string // as typed
	Default string // the default branch
	Scanner string
	Source  string
	Clean   bool // the scan ran and found nothing
	BaseURL string
	Errors  map[string]string // by the name of the field; "file" with the place in the report
	Result  *ImportResult     // nil before the first
}

// ImportResult is what a report has changed.
type ImportResult struct {
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

// moved says what the report was and what the gate did.
func (r ImportResult) moved() string {
	text := "A " + r.Format + " report"
	if r.VEX != nil {
		text = "The VEX document " + r.VEX.Document
	} else if r.Scanner != "" && !strings.EqualFold(r.Scanner, r.Format) {
		text += " of " + r.Scanner
	}
	if r.Source != "" {
		text += ", source " + r.Source
	}
	switch {
	case !r.Evaluated:
		return text + " for the branch " + r.Branch + "."
	case r.Before == r.After:
		return text + "; the gate stays " + r.After + ", so nobody is told."
	}
	return text + "; the gate went from " + r.Before + " to " + r.After + "."
}
