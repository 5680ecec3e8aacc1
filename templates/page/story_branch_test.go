package page

import (
	"time"

	"gatecrier/templates/layout"
	"gatecrier/templates/ui"
)

func branches() BranchesTab {
	sorted := sorting("name", "gate", "last_report")
	return BranchesTab{Kept: "30 days", Pager: pager("1–4 of 8 branches"), Sorting: sorted, Rows: []BranchRow{
		{
			ID:         1,
			Name:       "main",
			Default:    true,
			Protected:  true,
			Gate:       "failed",
			Counts:     ui.Counts{Critical: 2, High: 3, Medium: 14, Low: 61},
			LastReport: ago(31 * time.Minute),
		},
		{
			ID:         2,
			Name:       script,
			Gate:       "failed",
			Counts:     ui.Counts{Critical: 5, High: 3},
			LastReport: ago(5 * time.Minute),
			Adds:       &ui.Counts{Critical: 3, High: 2, Low: 1},
		},
		{ID: 3, Name: "feature/" + long, Protected: true, Gate: "passed", LastReport: days(40), Adds: &ui.Counts{}},
		{ID: 4, Name: arabic, Gate: "none", Counts: ui.Counts{Medium: 120_000}},
	}}
}

func comparison(known bool) ComparisonView {
	rows := branches().Rows
	v := ComparisonView{
		Frame:     frame("Branch", layout.NavProducts),
		ProductID: 7,
		Product:   long,
		KnownList: known,
		CanEdit:   true,
	}
	v.Branch, v.Default = rows[1], rows[0]
	v.Branch.Why, v.Default.Why = "5 critical (threshold 0), 3 high (threshold 0)", script
	v.Added = ui.Counts{Critical: 3, High: 2, Low: 1}
	v.Known = ui.Counts{High: 1}
	v.Shared = ui.Counts{Critical: 2, Medium: 120_000}
	v.Gone = ui.Counts{Medium: 4}
	v.Chips = []ui.Chip{
		{Label: "Added", Href: "?", Count: 6, Current: !known},
		{Label: "Known there", Href: "?list=known", Count: 1, Current: known},
	}
	v.Severities = []ui.Chip{
		{Label: "All", Href: "?", Count: 6, Current: true},
		{Label: "Critical", Href: "?severity=critical", Count: 3},
	}
	v.Pager = ui.Pager{First: "?", Next: "?after=1-7", Text: "6 observations shown"}
	for _, o := range observations().Rows {
		row := AddedRow{ObservationRow: o}
		if known {
			row.There = "risk_accepted"
		}
		v.Rows = append(v.Rows, row)
	}
	return v
}

func branchStories() []story {
	tab, none, reader := product(TabBranches), product(TabBranches), product(TabBranches)
	tab.Branches, reader.Branches, reader.CanEdit = branches(), branches(), false
	none.Branches.Query = script
	empty, def := comparison(false), comparison(true)
	empty.Rows, empty.CanEdit = nil, false
	def.Branch = def.Default
	badge := product(TabSettings)
	badge.Badge = BadgeForm{
		Path:  "/badge/ABCDEFGHIJKLMNOPQRSTUVWXYZ.svg",
		URL:   "https://gate.northquay.example/badge/ABCDEFGHIJKLMNOPQRSTUVWXYZ.svg",
		State: "failed",
	}
	return []story{
		{"branches", Product(tab)},
		{"branches-found-none", Product(none)},
		{"branches-reader", Product(reader)},
		{"comparison", Comparison(comparison(false))},
		{"comparison-known", Comparison(comparison(true))},
		{"comparison-empty", Comparison(empty)},
		{"comparison-default", Comparison(def)},
		{"settings-badge", Product(badge)},
	}
}
