package models

import (
	"context"
	"slices"
)

// How many rows a search of observations reads.
const (
	firstFind   = 500   // at first, with conditions that the rows must be read for
	maxFindRead = 2_000 // at once
	maxFind     = 5_000 // before the search stops: the next page continues it
)

// ObservationSort is the order of a list of observations across products.
type ObservationSort string

// The orders.
const (
	SortSeverity ObservationSort = ""        // worst first, then by product
	SortNewest   ObservationSort = "newest"  // first seen last
	SortProduct  ObservationSort = "product" // by product, worst first
	SortEPSS     ObservationSort = "epss"    // most likely exploited first, without those that have no EPSS
)

// Valid reports whether s is one of the orders.
func (s ObservationSort) Valid() bool {
	return slices.Contains([]ObservationSort{SortSeverity, SortNewest, SortProduct, SortEPSS}, s)
}

// FindFilter narrows a list of observations across products. Zero fields do not narrow.
type FindFilter struct {
	ProductID   int64
	GroupID     int64  // of their product
	Branch      string // exact name, in place of the default branches
	AllBranches bool   // of all branches, in place of the default branches
	Severity    *Severity
	AtLeast     bool   // Severity or worse
	Inactive    bool   // inactive ones, instead of active ones
	All         bool   // active and inactive ones
	Status      Status // exact; Inactive and All are ignored then
	Text        string // of the title, in any case: see Match
	Match       TextMatch
	Component   string // part of the component, in any case
	KEV         bool   // only those that are known to be exploited
	Fix         FixState
	Assessed    bool // only those that a user has assessed
	Sort        ObservationSort
	After       *FoundKey // the last row of the page before
	Limit       int       // at most 500
	Quick       bool      // stops after a few rows, for what is found while a user types
}

// TextMatch says how a text matches titles.
type TextMatch string

// The matches.
const (
	MatchPart   TextMatch = ""       // an identifier begins the title, another text is part of it
	MatchBegins TextMatch = "begins" // the text begins the title
	MatchWhole  TextMatch = "whole"  // the text is the title
)

// begins reports whether the text begins the title, so that the index of titles finds it.
func (f FindFilter) begins() bool {
	return f.Text != "" && (f.Match != MatchPart || IsIdentifier(f.Text))
}

// maxRead returns how many rows are read before the search stops.
func (f FindFilter) maxRead() int {
	if f.Quick {
		return maxFindRead
	}
	return maxFind
}

// FoundKey is the keyset of a list of observations across products, for all orders.
type FoundKey struct {
	Severity Severity `json:"s"`
	Inactive bool     `json:"i,omitempty"`
	Product  string   `json:"p,omitempty"`
	BranchID int64    `json:"b"`
	ID       int64    `json:"n"`
	EPSS     float64  `json:"e,omitempty"`
}

// FoundObservation is an observation with its product.
type FoundObservation struct {
	Observation
	ProductID int64
	Product   string
}

// FoundPage is a page of a list of observations across products.
type FoundPage struct {
	Rows    []FoundObservation
	Next    *FoundKey // the keyset of the next page, nil on the last page
	Partial bool      // the search stopped before the page was full: Next continues it
	Total   int       // how many match, -1 if that is not known
	// Active counts the active observations of the branches that the filter selects.
	Active Counts
}

// FindObservations lists observations across the products in scope.
//
// It reads candidates in their order from indexes that have only their keys (see findSource), and
// then those rows whose texts the filter looks at. So a page costs what it shows, and not what
// there is; a search for a text stops after maxFind rows.
func (r queries) FindObservations(ctx context.Context, scope Scope, f FindFilter) (FoundPage, error) {
	page := FoundPage{Total: -1}
	source, branches, err := r.findSource(ctx, scope, f)
	if err != nil {
		return page, err
	}
	page.Active = branches.counts()
	cond := f.rowCondition()
	size, want := f.Limit+1, f.Limit+1
	if cond.text != "" {
		size = max(size, firstFind)
	}
	for read := 0; ; size = min(size*4, maxFindRead) {
		keys, cost, err := source.next(ctx, min(size, f.maxRead()-read))
		if err != nil {
			return page, err
		}
		read += cost
		last := source.position()
		if cond.text != "" && len(keys) > 0 {
			if keys, err = r.matching(ctx, keys, cond); err != nil {
				return page, err
			}
		}
		if list, ok := source.(*listedKeys); ok && page.Total < 0 && f.After == nil && list.done() && len(keys) < want {
			page.Total = len(keys)
		}
		for len(keys) > 0 && len(page.Rows) < want { // a row that is not visible yet leaves a gap
			n := min(len(keys), want-len(page.Rows))
			rows, err := r.foundRows(ctx, scope, keys[:n])
			if err != nil {
				return page, err
			}
			page.Rows, keys = append(page.Rows, rows...), keys[n:]
		}
		switch {
		case len(page.Rows) >= want:
			page.Rows = page.Rows[:f.Limit]
			page.Next = page.Rows[f.Limit-1].key()
			return page, nil
		case last == nil:
			return page, nil
		case read >= f.maxRead():
			page.Next, page.Partial = last, true
			return page, nil
		}
	}
}

// key returns the keyset of a row.
func (o FoundObservation) key() *FoundKey {
	return &FoundKey{
		Severity: o.Severity, Inactive: !o.Status.Active(), Product: o.Product, BranchID: o.BranchID, ID: o.ID,
		EPSS: o.Details.Decode().EPSS,
	}
}

// severities returns the range of severities that the filter lets through.
func (f FindFilter) severities() (from, to Severity) {
	switch {
	case f.Severity == nil:
		return Critical, Unknown
	case f.AtLeast:
		return Critical, *f.Severity
	}
	return *f.Severity, *f.Severity
}

// actives returns which of active and inactive ones the filter lets through, active ones first.
func (f FindFilter) actives() []bool {
	switch {
	case f.Status != "":
		return []bool{f.Status.Active()}
	case f.All:
		return []bool{true, false}
	}
	return []bool{!f.Inactive}
}

// rowCondition returns the conditions on the row o that no key decides, "" for none.
func (f FindFilter) rowCondition() sqlFragment {
	var cond sqlFragment
	if f.Status != "" {
		cond.and("o.status = ?", f.Status)
	}
	if f.Text != "" {
		pattern := contains(f.Text)
		if f.begins() {
			pattern = pattern[1:]
		}
		if f.Match == MatchWhole {
			pattern = pattern[:len(pattern)-1]
		}
		cond.and(`lower(o.title) LIKE lower(?) ESCAPE '\'`, pattern)
	}
	if f.Component != "" {
		cond.and(`lower(o.component) LIKE lower(?) ESCAPE '\'`, contains(f.Component))
	}
	if f.Assessed {
		cond.and(assessedSQL)
	}
	ObservationFilter{KEV: f.KEV, Fix: f.Fix}.whereReported(&cond)
	return cond
}

// matching returns those of the keys whose rows meet a condition, in their order.
func (r queries) matching(ctx context.Context, keys []FoundKey, cond sqlFragment) ([]FoundKey, error) {
	ids := make([]int64, len(keys))
	for i, k := range keys {
		ids[i] = k.ID
	}
	set := idSet(r.dialect, "o.id", ids)
	found := map[int64]bool{}
	err := r.query(ctx, `
		SELECT o.id
		FROM observations o
		WHERE `+set.text+cond.text, append(set.args, cond.args...), func(rows scanner) error {
		var id int64
		err := rows.Scan(&id)
		found[id] = true
		return err
	})
	return slices.DeleteFunc(keys, func(k FoundKey) bool { return !found[k.ID] }), err
}

// foundRows reads the rows of keys in scope, in the order of the keys. It leaves out rows that are
// not visible yet, or not any more.
func (r queries) foundRows(ctx context.Context, scope Scope, keys []FoundKey) ([]FoundObservation, error) {
	ids := make([]int64, len(keys))
	at := make(map[int64]int, len(keys))
	for i, k := range keys {
		ids[i], at[k.ID] = k.ID, i
	}
	set := idSet(r.dialect, "o.id", ids)
	visible, args := scope.where("b.product_id")
	var list []FoundObservation
	err := r.query(ctx, `
		SELECT `+observationColumns+`, b.name, b.product_id, p.name
		FROM observations o
		JOIN branches b ON b.id = o.branch_id
		JOIN products p ON p.id = b.product_id
		JOIN sources s ON s.id = o.source_id
		WHERE `+set.text+`
		AND o.since <= s.version
		AND `+visible, append(set.args, args...),
		collect(&list, func(o *FoundObservation) []any {
			return append(o.dst(), &o.Branch, &o.ProductID, &o.Product)
		}))
	slices.SortFunc(list, func(a, b FoundObservation) int { return at[a.ID] - at[b.ID] })
	return list, err
}
