package page

import (
	"time"

	"gatecrier/templates/layout"
	"gatecrier/templates/ui"
)

// ProductsView is the list of products, filtered by q and gate in the URL.
type ProductsView struct {
	Frame     layout.View
	Query     string
	Gate      string    // the state filtered by; "" = all
	Chips     []ui.Chip // all, failed, passed, none with their counts
	Stale     bool      // only those that are stale
	Sort      string    // "name"; "" = failing ones first
	ByName    string    // the same, sorted by name
	ByGate    string    // the same, failing ones first
	Rows      []ProductRow
	Pager     ui.Pager
	Total     int    // without any filter
	GroupID   int64  // the group filtered by, 0 = all
	Group     string // its name
	CanCreate bool
}

// ProductRow is a product in the list.
type ProductRow struct {
	ID         int64
	Name       string
	Group      string // of the product; "" = none
	GroupHref  string // the products of the group; "" = the user cannot see it
	Gate       string // failed, passed, none
	Why        string
	Since      time.Time
	Counts     ui.Counts
	LastReport time.Time // zero = never
	Source     string    // the scanner of the last report
	// StaleSince is when missing reports were announced; zero = none are missing.
	StaleSince time.Time
	Targets    int
}

// ProductNewView is the form for a new product. It posts name, description,
// default_branch and group_id to /products.
type ProductNewView struct {
	Frame         layout.View
	Name          string
	Description   string
	DefaultBranch string
	Groups        []ui.Option       // to choose from; empty = no choice
	Errors        map[string]string // by the name of the field
}

// kept returns the filters that a search keeps.
func (v ProductsView) kept() []Hidden {
	var kept []Hidden
	if v.GroupID != 0 {
		kept = append(kept, Hidden{"group", id(v.GroupID)})
	}
	if v.Stale {
		kept = append(kept, Hidden{"stale", "1"})
	}
	if v.Sort != "" {
		kept = append(kept, Hidden{"sort", v.Sort})
	}
	return kept
}

// summary says how many products there are, what one is, and who can create one.
func (v ProductsView) summary() string {
	text := "Applications with a security gate each."
	if v.Total > 0 {
		text = ui.Plural(v.Total, "product", "products") + ": applications with a security gate each."
	}
	if who := unless(v.CanCreate, "Administrators can create products."); who != "" {
		text += " " + who
	}
	return text
}
