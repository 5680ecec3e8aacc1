package page

import (
	"net/url"
	"strings"
	"time"

	"gatecrier/templates/layout"
	"gatecrier/templates/ui"
)

// BranchesTab lists the branches of a product, the default one first. Its forms post to
// /products/{id}/branches/{branch}/protect and /unprotect. The pages /default and /delete there ask
// first.
type BranchesTab struct {
	Query   string
	Keep    []ui.Hidden // the rest of the URL, for a search
	Sorting ui.Sorting  // by name, gate and last_report
	Rows    []BranchRow
	Pager   ui.Pager
	Kept    string // after how long one without a report is removed: "30 days"; "" = never
}

// BranchRow is one branch.
type BranchRow struct {
	ID         int64
	Name       string
	Default    bool
	Protected  bool
	Gate       string
	Why        string
	Counts     ui.Counts
	LastReport time.Time  // zero = never
	Adds       *ui.Counts // what it adds to the default branch; nil = not known here
}

// ComparisonView is what a branch adds to the default branch of its product.
type ComparisonView struct {
	Frame           layout.View
	ProductID       int64
	Product         string
	Branch, Default BranchRow
	Since           time.Time // when the branch's gate came to say so
	Added, Known    ui.Counts
	Shared, Gone    ui.Counts
	Chips           []ui.Chip // added or known
	Severities      []ui.Chip
	KnownList       bool // it lists known observations, not added ones
	Rows            []AddedRow
	Sorting         ui.Sorting // by severity
	Pager           ui.Pager
	CanEdit         bool
}

// AddedRow is an observation of a branch.
type AddedRow struct {
	ObservationRow
	There string // its status in the default branch; "" = it has none such
}

// BadgeForm is a product's badge. Its form posts to /products/{id}/badge. The pages
// /products/{id}/badge/renew and /remove ask first.
type BadgeForm struct {
	Path  string // "" = none
	URL   string
	State string
}

func branchPath(product, branch int64, action string) string {
	path := productPath(product) + "/branches/" + id(branch)
	if action != "" {
		path += "/" + action
	}
	return path
}

// branchObservations returns the path of a branch's observations.
func branchObservations(product int64, name string) string {
	return productPath(product) + "?" + url.Values{"tab": {string(TabObservations)}, "branch": {name}}.Encode()
}

// adds says what a branch adds, worst first: "+3 critical, +2 high".
func adds(c ui.Counts) string {
	var parts []string
	for _, t := range c.List() {
		if t.N > 0 {
			parts = append(parts, ui.Number(t.N)+" "+t.Severity)
		}
	}
	if len(parts) == 0 {
		return "no new observations"
	}
	return strings.Join(parts[:min(2, len(parts))], ", ") + more(len(parts)-2)
}

func more(n int) string {
	if n <= 0 {
		return ""
	}
	return " …"
}

// statusText returns a status in words: "risk accepted".
func statusText(status string) string { return strings.ReplaceAll(status, "_", " ") }

// markdown returns a badge for a README that leads to the product.
func (b BadgeForm) markdown(productURL string) string {
	return "[![Security gate](" + b.URL + ")](" + productURL + ")"
}

func (b BadgeForm) productURL(product int64) string {
	return strings.TrimSuffix(b.URL, b.Path) + productPath(product)
}

// columns are the columns of the list of what the branch adds.
func (v ComparisonView) columns() []ui.Column {
	columns := []ui.Column{
		{Label: "Severity", Sort: "severity"},
		{Label: "Observation"},
		{Label: "Location"},
		{Label: "Scanner"},
		{Label: "First seen", Class: "num"},
	}
	if v.KnownList {
		columns[3].Label = "On the default branch"
	}
	return columns
}
