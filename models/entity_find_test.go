package models_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"gatecrier/models"
)

// findWorld has three products with observations on their default branches, and one on another.
type findWorld struct {
	world
	alpha, beta, gamma int64
	reader             int64 // of alpha and gamma
	group              int64 // of beta
}

func newFindWorld(t *testing.T, w world) findWorld {
	t.Helper()
	owner := w.user("owner")
	f := findWorld{world: w, reader: w.user("reader")}
	f.beta = w.product("Beta", owner)
	f.alpha = w.product("alpha", owner)
	f.gamma = w.product("Gamma", owner)
	f.group = w.group("group", owner)
	w.write(func(tx *models.Tx) error {
		_, err := tx.Exec(fmt.Sprintf("UPDATE products SET group_id = %d WHERE id = %d", f.group, f.beta))
		return err
	})
	w.member(f.reader, f.alpha, models.RoleReader)
	w.member(f.reader, f.gamma, models.RoleReader)
	epss := func(p float64) models.EncodedDetails { return models.Details{EPSS: p}.Encode() }
	f.add(f.alpha, "main",
		models.Observation{Title: "CVE-2026-1", Severity: models.High, Component: "zlib 1", Fix: "2", Details: epss(0.5)},
		models.Observation{Title: "CVE-2026-2", Severity: models.Critical, KEV: true},
		models.Observation{Title: "CVE-2026-3", Severity: models.Low, Status: models.StatusFalsePositive})
	f.add(f.beta, "main",
		models.Observation{Title: "CVE-2026-1", Severity: models.High, Component: "zlib 1", Details: epss(0.000012)},
		models.Observation{Title: "A heap overflow", Severity: models.Critical, Details: epss(0.9)})
	f.add(f.gamma, "main", models.Observation{Title: "GHSA-abcd", Severity: models.Medium, KEV: true, Unfixed: true})
	f.add(f.gamma, "next", models.Observation{Title: "CVE-2026-11", Severity: models.Critical})
	f.add(f.gamma, "main", models.Observation{Title: "staged", Severity: models.Critical, Since: 99})
	return f
}

// add adds observations to a branch, with its counts.
func (f findWorld) add(product int64, branch string, list ...models.Observation) {
	f.t.Helper()
	f.write(func(tx *models.Tx) error {
		if err := tx.EnsureBranch(product, branch, false); err != nil {
			return err
		}
		b, err := tx.BranchByName(tx.Context(), all, product, branch)
		if err != nil {
			return err
		}
		s := models.Source{BranchID: b.ID, Scanner: "x" + list[0].Title, Format: "sarif", LastReportAt: tx.Now()}
		if err := tx.SaveSource(&s); err != nil {
			return err
		}
		for i := range list {
			o := &list[i]
			if o.Status == "" {
				o.Status = models.StatusOpen
			}
			o.BranchID, o.SourceID, o.Identity = b.ID, s.ID, []byte(o.Title)
			o.ReportStatus, o.FirstSeenAt, o.ChangedAt = o.Status, tx.Now(), tx.Now()
			if o.Status.Active() {
				b.Counts.Add(o.Severity, 1)
			}
		}
		if err := tx.SaveGate(b); err != nil {
			return err
		}
		return tx.InsertObservations(list)
	})
}

// find lists all pages of a filter, one row a page.
func (f findWorld) find(scope models.Scope, filter models.FindFilter) string {
	f.t.Helper()
	var names []string
	filter.Limit = 1
	for range 20 {
		page, err := f.s.FindObservations(f.t.Context(), scope, filter)
		if err != nil {
			f.t.Fatal(err)
		}
		for _, o := range page.Rows {
			names = append(names, o.Product+":"+strings.TrimPrefix(o.Title, "CVE-2026-"))
		}
		if filter.After = page.Next; page.Next == nil {
			return strings.Join(names, " ")
		}
	}
	f.t.Fatalf("%+v does not end: %v", filter, names)
	return ""
}

func TestFindObservations_FilterAndOrder(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		f := newFindWorld(t, w)
		high := models.High
		for _, test := range []struct {
			want   string
			filter models.FindFilter
		}{
			{"alpha:2 Beta:A heap overflow alpha:1 Beta:1 Gamma:GHSA-abcd", models.FindFilter{}},
			{"alpha:2 alpha:1 Beta:A heap overflow Beta:1 Gamma:GHSA-abcd", models.FindFilter{Sort: models.SortProduct}},
			{"Gamma:GHSA-abcd Beta:A heap overflow Beta:1 alpha:2 alpha:1", models.FindFilter{Sort: models.SortNewest}},
			{"Beta:A heap overflow alpha:1 Beta:1", models.FindFilter{Sort: models.SortEPSS}},
			{"alpha:2 Beta:A heap overflow Gamma:11 alpha:1 Beta:1 Gamma:GHSA-abcd", models.FindFilter{AllBranches: true}},
			{"Gamma:11", models.FindFilter{Branch: "next"}},
			{"alpha:1 Beta:1", models.FindFilter{Severity: &high}},
			{"alpha:2 Beta:A heap overflow alpha:1 Beta:1", models.FindFilter{Severity: &high, AtLeast: true}},
			{"alpha:3", models.FindFilter{Inactive: true}},
			{"alpha:3", models.FindFilter{Status: models.StatusFalsePositive}},
			{"", models.FindFilter{Status: models.StatusAffected}},
			{"alpha:2 Beta:A heap overflow alpha:1 Beta:1 Gamma:GHSA-abcd alpha:3", models.FindFilter{All: true}},
			{
				"alpha:2 alpha:1 alpha:3 Beta:A heap overflow Beta:1 Gamma:GHSA-abcd",
				models.FindFilter{All: true, Sort: models.SortProduct},
			},
			{"alpha:1 Beta:1", models.FindFilter{Text: "cve-2026-1"}},
			{"alpha:1 Gamma:11 Beta:1", models.FindFilter{Text: "CVE-2026-1", AllBranches: true, Sort: "x"}},
			{"Gamma:GHSA-abcd", models.FindFilter{Text: "ghsa-"}},
			{"Beta:A heap overflow", models.FindFilter{Text: "HEAP"}},
			{"", models.FindFilter{Text: "%"}},
			{"alpha:1 Beta:1", models.FindFilter{Component: "Zlib"}},
			{"alpha:2 Gamma:GHSA-abcd", models.FindFilter{KEV: true}},
			{"alpha:1", models.FindFilter{Fix: models.FixAvailable}},
			{"Gamma:GHSA-abcd", models.FindFilter{Fix: models.FixNone}},
			{"", models.FindFilter{Assessed: true}},
			{"Beta:A heap overflow Beta:1", models.FindFilter{GroupID: f.group}},
			{"Gamma:GHSA-abcd", models.FindFilter{ProductID: f.gamma}},
		} {
			if test.filter.Sort == "x" { // by severity: the critical one first
				test.filter.Sort, test.want = models.SortSeverity, "Gamma:11 alpha:1 Beta:1"
			}
			if got := f.find(all, test.filter); got != test.want {
				t.Errorf("%+v:\n got %q,\nwant %q", test.filter, got, test.want)
			}
		}
	})
}

func TestFindObservations_Scope(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		f := newFindWorld(t, w)
		own := "alpha:2 alpha:1 Gamma:GHSA-abcd"
		for _, filter := range []models.FindFilter{
			{}, {Text: "cve-2026-1"}, {Sort: models.SortNewest}, {KEV: true}, {GroupID: f.group},
		} {
			if got := f.find(models.MemberScope(f.reader), filter); strings.Contains(got, "Beta") {
				t.Errorf("%+v shows another product: %s", filter, got)
			}
		}
		if got := f.find(models.MemberScope(f.reader), models.FindFilter{}); got != own {
			t.Errorf("got %q, want %q", got, own)
		}
		if got := f.find(models.ProductScope(f.beta), models.FindFilter{}); got != "Beta:A heap overflow Beta:1" {
			t.Errorf("a product's token gets %q", got)
		}
		if got := f.find(models.Scope{}, models.FindFilter{}); got != "" {
			t.Errorf("the zero scope gets %q", got)
		}
	})
}

// With more observations than are read at once, a search goes on from page to page.
func TestFindObservations_StopsAndGoesOn(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		f := newFindWorld(t, w)
		list := make([]models.Observation, 10_500)
		for i := range list {
			list[i] = models.Observation{Title: fmt.Sprintf("title %d", i), Severity: models.High}
		}
		list[len(list)-1].Title = "the needle"
		f.add(f.beta, "main", list...)
		for _, sort := range []models.ObservationSort{models.SortSeverity, models.SortProduct} {
			filter := models.FindFilter{Text: "needle", Limit: 10, Sort: sort}
			var found []string
			pages := 0
			for {
				page, err := w.s.FindObservations(t.Context(), all, filter)
				if err != nil {
					t.Fatal(err)
				}
				for _, o := range page.Rows {
					found = append(found, o.Title)
				}
				pages++
				if page.Next == nil {
					break
				}
				if !page.Partial {
					t.Errorf("a page of %d rows has a next one", len(page.Rows))
				}
				filter.After = page.Next
			}
			if pages != 3 || !slices.Equal(found, []string{"the needle"}) {
				t.Errorf("sorted by %q: %v on %d pages", sort, found, pages)
			}
		}
		page, err := w.s.FindObservations(t.Context(), all, models.FindFilter{Sort: models.SortNewest, Limit: 2})
		if err != nil || len(page.Rows) != 2 || page.Rows[0].Title != "the needle" || page.Next == nil || page.Partial {
			t.Errorf("the newest: %+v, %v", page, err)
		}
	})
}
