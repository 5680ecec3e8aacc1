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

// observationListQuery is the filter of the list of observations as the URL has it.
type observationListQuery struct {
	models.FindFilter
	pairs []string
	kept  []string // the size of a page, in its URL
}

// observationSorts are the orders that the form offers.
var observationSorts = []struct {
	sort  models.ObservationSort
	label string
}{
	{models.SortSeverity, "severity"},
	{models.SortNewest, "newest first"},
	{models.SortEPSS, "EPSS, highest first"},
	{models.SortProduct, "product"},
}

// observationListParams are the parameters of the list.
func observationListParams() []listParam {
	sort := listParam{name: "sort"}
	for _, s := range observationSorts {
		sort.values = append(sort.values, string(s.sort))
	}
	sort.values = sort.values[1:] // the default has no name
	return forwardParams(foundKeyParam(), append(anyText("product", "group", "branch", "q", "component"),
		severityParam("severity"), severityParam("min_severity"),
		oneOf("status", observation.Assessable()...),
		oneOf("active", "false", "all"), oneOf("branches", "all"), oneOf("kev", "true"), oneOf("assessed", "true"),
		oneOf("fix", models.FixAvailable, models.FixNone), sort)...)
}

// readObservationList reads the filter of a URL. Unknown values are left out. It returns a "not found"
// error for a text that is no id.
func readObservationList(values url.Values) (observationListQuery, error) {
	var q observationListQuery
	for _, part := range []struct {
		name string
		to   *int64
	}{{"product", &q.ProductID}, {"group", &q.GroupID}} {
		text := values.Get(part.name)
		if text == "" {
			continue
		}
		if *part.to = idOf(text); *part.to < 1 {
			return q, fault.NewNotFound(part.name)
		}
		q.keep(part.name, text)
	}
	q.Branch = q.text(values, "branch")
	q.Text = q.text(values, "q")
	q.Component = q.text(values, "component")
	q.AllBranches = q.is(values, "branches", "all")
	q.KEV = q.is(values, "kev", "true")
	q.Assessed = q.is(values, "assessed", "true")
	q.readSeverity(values)
	switch s := models.Status(values.Get("status")); {
	case slices.Contains(observation.Assessable(), s):
		q.Status = s
		q.keep("status", string(s))
	case q.is(values, "active", "false"):
		q.Inactive = true
	case q.is(values, "active", "all"):
		q.All = true
	}
	switch f := models.FixState(values.Get("fix")); f {
	case models.FixAvailable, models.FixNone:
		q.Fix = f
		q.keep("fix", string(f))
	}
	if s := models.ObservationSort(values.Get("sort")); s != "" && s.Valid() {
		q.Sort = s
		q.keep("sort", string(s))
	}
	return q, nil
}

func (q *observationListQuery) readSeverity(values url.Values) {
	for _, name := range []string{"severity", "min_severity"} {
		if s, ok := models.SeverityByName(values.Get(name)); ok && q.Severity == nil {
			q.Severity, q.AtLeast = &s, name == "min_severity"
			q.keep(name, s.String())
		}
	}
}

func (q *observationListQuery) keep(name, value string) { q.pairs = append(q.pairs, name, value) }

// text reads a text of the filter.
func (q *observationListQuery) text(values url.Values, name string) string {
	text := strings.TrimSpace(values.Get(name))
	if text != "" {
		q.keep(name, text)
	}
	return text
}

// is reports whether a part of the filter has a value.
func (q *observationListQuery) is(values url.Values, name, value string) bool {
	if values.Get(name) != value {
		return false
	}
	q.keep(name, value)
	return true
}

// withParam returns the URL of the list with another value of one part of the filter, "" for none,
// and without some others.
func (q *observationListQuery) withParam(name, value string, without ...string) string {
	rest := withoutPairs(q.pairs, append(without, name)...)
	return link(foundPath, slices.Concat(rest, []string{name, value}, q.kept)...)
}

// sorting returns the links of the heads of columns. Each order has one direction.
func (q *observationListQuery) sorting() ui.Sorting {
	links := ui.Sorting{}
	for _, o := range []struct {
		column    string
		sort      models.ObservationSort
		direction string
	}{
		{"severity", models.SortSeverity, "ascending"},
		{"product", models.SortProduct, "ascending"},
		{"newest", models.SortNewest, "descending"},
	} {
		l := ui.SortLink{Href: q.withParam("sort", string(o.sort))}
		if q.Sort == o.sort {
			l = ui.SortLink{Direction: o.direction}
		}
		links[o.column] = l
	}
	return links
}

// chips returns the parts of the filter that are links. The severities have the numbers of the
// branches where no other part narrows the list.
func (q *observationListQuery) chips(counts models.Counts) (show, severities []ui.Chip) {
	listed := q.Status == ""
	show = []ui.Chip{
		{Label: "Active", Href: q.withParam("active", "", "status"), Count: -1, Current: listed && !q.Inactive && !q.All},
		{Label: "Inactive", Href: q.withParam("active", "false", "status"), Count: -1, Current: listed && q.Inactive},
		{Label: "All", Href: q.withParam("active", "all", "status"), Count: -1, Current: listed && q.All},
	}
	severities = []ui.Chip{{
		Label: "Any severity", Href: q.withParam("severity", "", "min_severity"), Count: -1, Current: q.Severity == nil,
	}}
	others := withoutPairs(q.pairs, "product", "group", "branch", "branches", "severity", "min_severity", "sort")
	counted := len(others) == 0 &&
		q.Sort != models.SortEPSS
	for _, s := range models.Severities() {
		n := -1
		if counted {
			n = int(counts.Of(s))
		}
		severities = append(severities, ui.Chip{
			Label: ui.Title(s.String()), Href: q.withParam("severity", s.String(), "min_severity"), Count: n,
			Current: q.Severity != nil && !q.AtLeast && *q.Severity == s,
		})
	}
	return show, severities
}

// observationListForm returns the form that changes the filter.
func (a *Admin) observationListForm(c *gin.Context, q observationListQuery) (page.ObservationListForm, error) {
	f := page.ObservationListForm{
		Query: q.Text, Component: q.Component, Branch: q.Branch,
		Exploited: []ui.Option{{Label: "any"}, {Value: "true", Label: "known exploited", Checked: q.KEV}},
		Assessed:  []ui.Option{{Label: "any"}, {Value: "true", Label: "assessed by a user", Checked: q.Assessed}},
		Branches:  []ui.Option{{Label: "default branches"}, {Value: "all", Label: "all branches", Checked: q.AllBranches}},
		Fixes: []ui.Option{
			{Label: "any"},
			{Value: string(models.FixAvailable), Label: "available", Checked: q.Fix == models.FixAvailable},
			{Value: string(models.FixNone), Label: "none yet", Checked: q.Fix == models.FixNone},
		},
		Statuses: []ui.Option{{Label: "any"}},
		Worse:    []ui.Option{{Label: "any"}},
	}
	for _, s := range observation.Assessable() {
		f.Statuses = append(f.Statuses, ui.Option{Value: string(s), Label: statusWord(s), Checked: s == q.Status})
	}
	for _, s := range models.Severities() {
		checked := q.Severity != nil && q.AtLeast && *q.Severity == s
		if s > models.Low && !checked { // all severities are worse than these
			continue
		}
		f.Worse = append(f.Worse, ui.Option{Value: s.String(), Label: orWorse(s), Checked: checked})
	}
	for _, s := range observationSorts {
		f.Sorts = append(f.Sorts, ui.Option{Value: string(s.sort), Label: s.label, Checked: s.sort == q.Sort})
	}
	for _, name := range []string{"active", "severity"} {
		if i := slices.Index(q.pairs, name); i >= 0 && i%2 == 0 {
			f.Hidden = append(f.Hidden, ui.Hidden{Name: name, Value: q.pairs[i+1]})
		}
	}
	f.Hidden = append(f.Hidden, hiddenFields(q.kept)...)
	if len(q.pairs) > 0 {
		f.Clear = foundPath
	}
	shown := withoutPairs(q.pairs, "q", "min_severity", "severity", "active")
	f.More = len(shown) > 0
	var err error
	if f.Products, err = a.productChoices(c, q.ProductID); err != nil {
		return f, err
	}
	f.Groups, err = a.groupChoices(c, q.GroupID)
	return f, err
}

// observationListNames names the product, the group and the branch of the filter, each with a link
// that removes it.
func (a *Admin) observationListNames(c *gin.Context, q observationListQuery) ([]ui.Removable, error) {
	ctx, actor := c.Request.Context(), actorOf(c)
	var list []ui.Removable
	add := func(label, name string) {
		list = append(list, ui.Removable{Label: label, Clear: q.withParam(name, "")})
	}
	if q.ProductID != 0 {
		row, err := a.Products.Get(ctx, actor, q.ProductID)
		if err != nil {
			return nil, err
		}
		add(row.Name, "product")
	}
	if q.GroupID != 0 {
		row, err := a.Products.Group(ctx, actor, q.GroupID)
		if err != nil {
			return nil, err
		}
		add("group "+row.Name, "group")
	}
	switch {
	case q.Branch != "":
		add("branch "+q.Branch, "branch")
	case q.AllBranches:
		add("all branches", "branches")
	}
	if q.Severity != nil && q.AtLeast {
		add(orWorse(*q.Severity), "min_severity")
	}
	return list, nil
}
