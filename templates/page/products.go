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
	Chips     []ui.Chip      // all, failed, passed, none with their counts
	Filters   []ui.Removable // by group, and stale ones
	Sorting   ui.Sorting     // by gate, name and observations
	Keep      []ui.Hidden    // the rest of the URL, for a search
	Rows      []ProductRow
	Pager     ui.Pager
	Total     int // without any filter
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

// summary says what a product is, and who can create one.
func (v ProductsView) summary() string {
	text := "Applications with a security gate each."
	if who := unless(v.CanCreate, "Administrators can create products."); who != "" {
		text += " " + who
	}
	return text
}
