package page

import (
	"strconv"

	"gatecrier/templates/layout"
	"gatecrier/templates/ui"
)

// SearchView is what a search over all pages and things has found.
type SearchView struct {
	Frame layout.View
	Query string
	Kinds []SearchKind
}

// SearchKind are results of one kind.
type SearchKind struct {
	Name    string // in ids
	Label   string
	Icon    string
	Results []SearchResult
	More    string // the list of all that match; "" = none
}

// SearchResult is one result.
type SearchResult struct {
	Label  string
	Detail string // "" = nothing
	Href   string
}

// total returns how many results there are.
func (v SearchView) total() int {
	n := 0
	for _, k := range v.Kinds {
		n += len(k.Results)
	}
	return n
}

// status returns the number of results in words.
func (v SearchView) status() string {
	if v.total() == 0 {
		return "No results"
	}
	return ui.Plural(v.total(), "result", "results")
}

func (k SearchKind) optionID(i int) string { return "palette-" + k.Name + "-" + strconv.Itoa(i) }
