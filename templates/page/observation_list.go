package page

import (
	"gatecrier/templates/layout"
	"gatecrier/templates/ui"
)

// ObservationListView is the list of observations of all products that the user can view.
type ObservationListView struct {
	Frame      layout.View
	Views      SavedViews
	Show       []ui.Chip // active ones, the others, all
	Severities []ui.Chip
	Applied    []ui.Removable // product, group, branch
	Form       ObservationListForm
	Sorting    ui.Sorting // by severity, product and newest
	Rows       []ListedObservation
	Pager      ui.Pager
	Further    string // where the search continues, if it stopped before the page was full; "" = nowhere
	Narrowed   bool   // a filter is set
}

// ObservationListForm is the part of the filter beside the chips.
type ObservationListForm struct {
	Query     string
	Component string
	Branch    string // exact name; "" = none
	Statuses  []ui.Option
	Worse     []ui.Option // severities, each with all that are worse
	Exploited []ui.Option // whether it is known to be exploited
	Fixes     []ui.Option // whether a version fixes it
	Assessed  []ui.Option // whether a user has assessed it
	Branches  []ui.Option // default branches, or all
	Products  []ui.Option
	Groups    []ui.Option // empty = there are none
	Sorts     []ui.Option
	Hidden    []ui.Hidden // the chips' part
	Clear     string      // the list without filters; "" = no filter is set
	More      bool        // one of the fields that are folded is set
}

// ListedObservation is an observation with its product.
type ListedObservation struct {
	ObservationRow
	ProductID int64
	Product   string
	Branch    string
	EPSS      string // "93.7%"; "" = not known
	Score     string // of CVSS: "9.8"; "" = not known
}
