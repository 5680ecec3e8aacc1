package page

import (
	"gatecrier/templates/layout"
	"gatecrier/templates/ui"
)

// UploadView is the form for a report, and the result of the last one. It posts
// file, branch, scanner and source (multipart) to /products/{id}/upload.
type UploadView struct {
	Frame   layout.View
	ID      int64
	Product string
	Branch  string // as typed
	Default string // the default branch
	Scanner string
	Source  string
	BaseURL string
	Errors  map[string]string // by the name of the field; "file" with the place in the report
	Result  *ImportResult     // nil before the first
}

// ImportResult is what a report has changed.
type ImportResult struct {
	Format                           string // "Grype"
	Scanner, Branch                  string
	New, Updated, Reopened, Resolved int
	Counts                           ui.Counts
	Before, After                    string // states of the gate
	Why                              string
	Evaluated                        bool // false for a branch that is not the default one
}
