package admin

import (
	"net/url"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"gatecrier/app/fault"
	"gatecrier/app/observation"
	"gatecrier/models"
	"gatecrier/templates/page"
	"gatecrier/templates/ui"
)

// observationQuery is the filter of a product's observations as the URL has it.
type observationQuery struct {
	models.ObservationFilter
	branch models.Branch
	path   string   // the product's page
	pairs  []string // names and values in the URL
	cwe    string   // the weakness as typed
	wrong  string   // what is wrong with it; nothing is found then
}

// observationQuery reads the filter of a URL, or of a form with the same fields. Unknown values are
// left out; for an unknown branch it returns a "not found" error.
func (a *Admin) observationQuery(c *gin.Context, row models.ProductRow, values url.Values) (observationQuery, error) {
	q := observationQuery{branch: row.Default, path: productPath(row.ID)}
	if name := values.Get("branch"); name != "" && name != row.Default.Name {
		var err error
		if q.branch, err = a.Store.BranchByName(c.Request.Context(), actorOf(c).Scope(), row.ID, name); err != nil {
			return q, err
		}
		q.keep("branch", name)
	}
	q.BranchID = q.branch.ID
	if s, ok := models.SeverityByName(values.Get("severity")); ok {
		q.Severity = &s
		q.keep("severity", s.String())
	}
	switch s := models.Status(values.Get("status")); {
	case slices.Contains(observation.Assessable(), s):
		q.Status = s
		q.keep("status", string(s))
	case values.Get("active") == "false":
		q.Inactive = true
		q.keep("active", "false")
	case values.Get("active") == "all":
		q.All = true
		q.keep("active", "all")
	}
	if q.Scanner = values.Get("scanner"); q.Scanner != "" {
		q.keep("scanner", q.Scanner)
	}
	if q.Text = strings.TrimSpace(values.Get("q")); q.Text != "" {
		q.keep("q", q.Text)
	}
	if values.Get("assessed") == "true" {
		q.Assessed = true
		q.keep("assessed", "true")
	}
	q.readReported(values)
	return q, nil
}

// readReported reads the parts of the filter that are about what reports say.
func (q *observationQuery) readReported(values url.Values) {
	if values.Get("kev") == "true" {
		q.KEV = true
		q.keep("kev", "true")
	}
	switch f := models.FixState(values.Get("fix")); f {
	case models.FixAvailable, models.FixNone:
		q.Fix = f
		q.keep("fix", string(f))
	}
	if q.cwe = strings.TrimSpace(values.Get("cwe")); q.cwe == "" {
		return
	}
	q.keep("cwe", q.cwe)
	var ok bool
	if q.CWE, ok = models.WeaknessID(q.cwe); !ok {
		q.wrong = "Enter a weakness such as CWE-79, or its number"
	}
}

// err returns an error of the field that is wrong, or nil.
func (q *observationQuery) err() error {
	if q.wrong == "" {
		return nil
	}
	return fault.BadField("cwe", q.wrong)
}

func (q *observationQuery) keep(name, value string) { q.pairs = append(q.pairs, name, value) }

// withParam returns the URL of the list with another value of one part of the filter, "" for none.
func (q *observationQuery) withParam(name, value string, without ...string) string {
	return link(q.path, append(withoutPairs(q.pairs, append(without, name)...), name, value)...)
}

// hidden returns the hidden fields that carry the filter over to a form, without the parts that the
// form asks for.
func (q *observationQuery) hidden(without ...string) [][2]string {
	var list [][2]string
	rest := withoutPairs(q.pairs, without...)
	for i := 0; i < len(rest); i += 2 {
		list = append(list, [2]string{rest[i], rest[i+1]})
	}
	return list
}

// onlyBranch reports whether no other part of the filter than branch and severity narrows the list.
func (q *observationQuery) onlyBranch() bool {
	return q.Status == "" && !q.Inactive && !q.All && q.Scanner == "" && q.Text == "" && !q.Assessed &&
		!q.onReported()
}

// onReported reports whether the filter narrows the list by what only some reports say.
func (q *observationQuery) onReported() bool { return q.KEV || q.Fix != "" || q.cwe != "" }

// words describes the filter.
func (q *observationQuery) words() string {
	show := "active"
	switch {
	case q.Status != "":
		show = statusWord(q.Status)
	case q.All:
		show = "active and inactive"
	case q.Inactive:
		show = "inactive"
	}
	parts := []string{show}
	if q.Severity != nil {
		parts = append(parts, q.Severity.String())
	}
	if q.Assessed {
		parts = append(parts, "assessed")
	}
	if q.KEV {
		parts = append(parts, "known exploited")
	}
	switch q.Fix {
	case models.FixAvailable:
		parts = append(parts, "with a fix")
	case models.FixNone:
		parts = append(parts, "without a fixed version yet")
	}
	if q.CWE != "" {
		parts = append(parts, "of "+q.CWE)
	}
	if q.Scanner != "" {
		parts = append(parts, "by "+q.Scanner)
	}
	if q.Text != "" {
		parts = append(parts, "with “"+q.Text+"”")
	}
	return "All matching observations on " + q.branch.Name + ": " + strings.Join(parts, ", ")
}

// chips returns the parts of the filter that are links. They have the branch's numbers where no
// other part narrows the list.
func (q *observationQuery) chips() (show, severities []ui.Chip) {
	active := -1
	if q.onlyBranch() && q.Severity == nil {
		active = int(q.branch.Counts.Total())
	}
	listed := q.Status == ""
	show = []ui.Chip{
		{Label: "Active", Href: q.withParam("active", "", "status"), Count: active, Current: listed && !q.Inactive && !q.All},
		{Label: "Inactive", Href: q.withParam("active", "false", "status"), Count: -1, Current: listed && q.Inactive},
		{Label: "All", Href: q.withParam("active", "all", "status"), Count: -1, Current: listed && q.All},
	}
	severities = []ui.Chip{
		{Label: "Any severity", Href: q.withParam("severity", ""), Count: -1, Current: q.Severity == nil},
	}
	for _, s := range models.Severities() {
		n := -1
		if q.onlyBranch() {
			n = int(q.branch.Counts.Of(s))
		}
		current := q.Severity != nil && *q.Severity == s
		if n != 0 || current {
			severities = append(severities, ui.Chip{
				Label: ui.Title(s.String()), Href: q.withParam("severity", s.String()), Count: n, Current: current,
			})
		}
	}
	return show, severities
}

// fields returns the parts of the filter that a form has.
func (q *observationQuery) fields(branches []models.Branch, sources []page.SourceRow) page.FindingFilter {
	f := page.FindingFilter{
		Query: q.Text, Hidden: q.hidden("branch", "status", "scanner", "q", "assessed", "kev", "fix", "cwe"),
		CWE: q.cwe, Wrong: q.wrong, More: q.onReported(),
	}
	for i, b := range branches {
		value := b.Name
		if i == 0 { // the default branch, which the URL does not name
			value = ""
		}
		f.Branches = append(f.Branches, ui.Option{Value: value, Label: b.Name, Checked: b.ID == q.branch.ID})
	}
	f.Statuses = []ui.Option{{Label: "any"}}
	for _, s := range observation.Assessable() {
		f.Statuses = append(f.Statuses, ui.Option{Value: string(s), Label: statusWord(s), Checked: s == q.Status})
	}
	var scanners []string
	for _, s := range sources {
		if s.Branch == q.branch.Name && s.Format != models.FormatCounts {
			scanners = append(scanners, s.Scanner)
		}
	}
	if q.Scanner != "" {
		scanners = append(scanners, q.Scanner)
	}
	slices.Sort(scanners)
	f.Scanners = []ui.Option{{Label: "any"}}
	for _, s := range slices.Compact(scanners) {
		f.Scanners = append(f.Scanners, ui.Option{Value: s, Label: s, Checked: s == q.Scanner})
	}
	f.People = []ui.Option{{Label: "any"}, {Value: "true", Label: "assessed by users", Checked: q.Assessed}}
	f.Exploited = []ui.Option{{Label: "any"}, {Value: "true", Label: "known exploited", Checked: q.KEV}}
	f.Fixes = []ui.Option{
		{Label: "any"},
		{Value: string(models.FixAvailable), Label: "available", Checked: q.Fix == models.FixAvailable},
		{Value: string(models.FixNone), Label: "none yet", Checked: q.Fix == models.FixNone},
	}
	if len(withoutPairs(q.pairs, "branch")) > 0 {
		f.Clear = link(q.path, "branch", q.branchParam())
	}
	return f
}

// branchParam returns the branch as the URL names it, "" for the default one.
func (q *observationQuery) branchParam() string {
	if q.branch.Default {
		return ""
	}
	return q.branch.Name
}
