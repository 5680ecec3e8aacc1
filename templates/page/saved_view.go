package page

import (
	"gatecrier/templates/layout"
	"gatecrier/templates/ui"
)

// SavedViews are the views of a list that the user has saved, above its filters.
type SavedViews struct {
	List    []ui.Chip
	Page    string // the list
	Query   string // the filters of the page, as the URL has them
	CanSave bool   // the filters are those of no view
	Edit    string // the page that renames and deletes the current view; "" = none is current
}

// SavedViewView is the page that renames a saved view.
type SavedViewView struct {
	Frame layout.View
	ID    int64
	Name  string
	Back  string // the list with its filters
	Error string // what is wrong with the name
}

func viewPath(n int64) string { return "/views/" + id(n) }
