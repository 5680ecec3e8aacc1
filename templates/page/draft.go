package page

import "gatecrier/templates/ui"

// DraftView is the note about a form that was sent after its session had ended.
type DraftView struct {
	Note ui.Note
	Rest []DraftText
}

// DraftText is a typed text that the page has no field for.
type DraftText struct{ Name, Value string }

// RefusedView is the note about a form that was refused.
type RefusedView struct {
	Note   ui.Note
	Rest   []DraftText
	Action string // of the form, if it can be saved all the same
}
