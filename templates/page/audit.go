package page

import (
	"time"

	"gatecrier/templates/layout"
	"gatecrier/templates/ui"
)

// AuditView lists the changes with their users. The URL filters by kind, actor, q, product, since
// and until.
type AuditView struct {
	Frame        layout.View
	Kinds        []ui.Option
	Actor, Query string
	Since, Until string  // days, 2026-11-20
	Zone         ui.Zone // of these days
	ProductID    int64   // 0 = of everything
	Product      string
	All          string // the audit without filters; "" = none
	Errors       map[string]string
	Keep         []ui.Hidden // the rest of the URL, for the form of the filter
	Rows         []AuditRow
	Pager        ui.Pager
}

// AuditRow is a change.
type AuditRow struct {
	ID        int64
	At        time.Time
	Actor     string
	Action    string // create, change, delete, show, ...
	Kind      string
	Name      string
	ProductID int64 // 0 = none
	Product   string
	Fields    []AuditField
}

// AuditField is a field that a change has touched.
type AuditField struct {
	Name, Was, Became string
	Had, Has          bool // whether it existed before and after
}

// did returns what was done, in a word.
func (r AuditRow) did() string {
	switch r.Action {
	case "create":
		return "created"
	case "delete":
		return "deleted"
	case "show":
		return "shown"
	}
	return "changed"
}

// filtered reports whether a filter narrows the list.
func (v AuditView) filtered() bool {
	for _, k := range v.Kinds {
		if k.Checked && k.Value != "" {
			return true
		}
	}
	return v.Actor+v.Query+v.Since+v.Until != ""
}
