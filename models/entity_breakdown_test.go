package models_test

import (
	"fmt"
	"strconv"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatecrier/models"
	"gatecrier/models/modelstest"
)

// flagText reads the stored counts of flagged observations of a table's only row.
func flagText(t *testing.T, s *models.Store, table string) string {
	t.Helper()
	var text string
	if err := s.Get(t.Context(), "SELECT flagged FROM "+table, nil, &text); err != nil {
		t.Fatal(err)
	}
	return text
}

// A source and a branch keep all counts. Without flagged observations the column is empty, as it
// is in rows from before the migration.
func TestBreakdown_IsStored(t *testing.T) {
	modelstest.Each(t, func(t *testing.T, s *models.Store) {
		source := someSource(t, s)
		for _, list := range [][]counted{someCounted(50), {{models.High, models.Flags{}}}, someCounted(9), nil} {
			want := breakdownOf(list)
			source.Breakdown = want
			write(t, s, func(tx *models.Tx) error {
				if err := tx.SaveSource(&source); err != nil {
					return err
				}
				g, err := tx.GateOf(1, "")
				if err != nil {
					return err
				}
				if err := tx.Recount(&g.Branch, want); err != nil {
					return err
				}
				return tx.SaveGate(g.Branch)
			})
			source = mustSource(t, s, source)
			if diff := cmp.Diff(want, source.Breakdown); diff != "" {
				t.Errorf("the source (-want +got):\n%s", diff)
			}
			row, err := s.Product(t.Context(), all, 1)
			if err != nil || row.Default.Breakdown != want {
				t.Errorf("the branch: %+v, %v, want %+v", row.Default.Breakdown, err, want)
			}
			plain := want == models.Breakdown{Counts: want.Counts}
			if a, b := flagText(t, s, "sources"), flagText(t, s, "branches"); a != b || (a == "") != plain {
				t.Errorf("stored as %q and %q", a, b)
			}
		}
	})
}

// Shifts at the same time add up, also those of flagged observations.
func TestShiftSource_AtTheSameTime(t *testing.T) {
	modelstest.Each(t, func(t *testing.T, s *models.Store) {
		source := someSource(t, s)
		list := someCounted(40)
		var wg sync.WaitGroup
		for _, o := range list {
			wg.Go(func() {
				err := s.Write(t.Context(), func(tx *models.Tx) error {
					return tx.ShiftSource(source.ID, breakdownOf([]counted{o}))
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		got := mustSource(t, s, source)
		if diff := cmp.Diff(breakdownOf(list), got.Breakdown); diff != "" {
			t.Errorf("after all (-want +got):\n%s", diff)
		}
		if got.Version != source.Version+int64(len(list)) {
			t.Errorf("version %d, want %d shifts after %d", got.Version, len(list), source.Version)
		}
		var none models.Breakdown
		none.Add(models.Low, models.Flags{KEV: true}, 1)
		err := s.Write(t.Context(), func(tx *models.Tx) error { return tx.ShiftSource(source.ID+1, none) })
		if err == nil {
			t.Error("a source that does not exist is shifted")
		}
	})
}

// insertFlagged inserts active observations of a source, and returns their ids.
func insertFlagged(t *testing.T, s *models.Store, source models.Source, list []counted) []int64 {
	t.Helper()
	rows := make([]models.Observation, len(list))
	for i, o := range list {
		rows[i] = models.Observation{
			BranchID: source.BranchID, SourceID: source.ID, Identity: fmt.Append(nil, "flagged ", i), Title: fmt.Sprint(i),
			Severity: o.severity, KEV: o.flags.KEV, Unfixed: o.flags.Unfixed, ReportStatus: models.StatusOpen,
			Status: models.StatusOpen, FirstSeenAt: s.Now(), ChangedAt: s.Now(),
		}
	}
	write(t, s, func(tx *models.Tx) error { return tx.InsertObservations(rows) })
	ids := make([]int64, len(list))
	err := s.EachObservation(t.Context(), source.ID, func(o *models.Observation) {
		n, err := strconv.Atoi(o.Title)
		if err != nil {
			t.Error(err)
		}
		ids[n] = o.ID
	})
	if err != nil {
		t.Fatal(err)
	}
	return ids
}

// A difference in flags alone is drift, and is corrected.
func TestTallySources_CountsFlags(t *testing.T) {
	modelstest.Each(t, func(t *testing.T, s *models.Store) {
		source, list := someSource(t, s), someCounted(30)
		insertFlagged(t, s, source, list)
		want := breakdownOf(list)
		source.Breakdown = models.Breakdown{Counts: want.Counts}
		write(t, s, func(tx *models.Tx) error { return tx.SaveSource(&source) })
		tally := func() models.SourceTally {
			t.Helper()
			tallies, err := s.TallySources(t.Context(), []int64{source.BranchID})
			if err != nil || len(tallies[source.BranchID]) != 1 {
				t.Fatal(tallies, err)
			}
			return tallies[source.BranchID][0]
		}
		found := tally()
		if diff := cmp.Diff(want, found.Counted); diff != "" || !found.Drifted() {
			t.Errorf("drifted %t (-want +got):\n%s", found.Drifted(), diff)
		}
		write(t, s, func(tx *models.Tx) error { return tx.Correct(found) })
		if found = tally(); found.Drifted() || found.Breakdown != want {
			t.Errorf("after the correction: %+v", found)
		}
	})
}

// The observations that fail a gate are those that count, the known exploited ones first, each by
// the severity as which it counts.
func TestFailingObservations(t *testing.T) {
	kev, unfixed := models.Flags{KEV: true}, models.Flags{Unfixed: true}
	list := []counted{
		{models.Low, kev},
		{models.Critical, unfixed},
		{models.High, models.Flags{KEV: true, Unfixed: true}},
		{models.Critical, models.Flags{}},
		{models.High, models.Flags{}},
		{models.High, unfixed},
		{models.Critical, kev},
	}
	critical, high := []models.Severity{models.Critical}, []models.Severity{models.High}
	modelstest.Each(t, func(t *testing.T, s *models.Store) {
		source := someSource(t, s)
		ids := insertFlagged(t, s, source, list)
		for _, test := range []struct {
			c     models.Counting
			over  []models.Severity
			limit int
			want  []int // positions in the list
		}{
			{models.Counting{}, append(high, models.Critical), 9, []int{6, 3, 1, 5, 4, 2}},
			{models.Counting{OnlyFixable: true}, append(high, models.Critical), 9, []int{6, 3, 4}},
			{models.Counting{KEVAsCritical: true}, critical, 9, []int{6, 2, 0, 3, 1}},
			{models.Counting{KEVAsCritical: true}, critical, 4, []int{6, 2, 0, 3}},
			{models.Counting{KEVAsCritical: true}, high, 9, []int{5, 4}},
			{models.Counting{OnlyFixable: true, KEVAsCritical: true}, critical, 9, []int{6, 0, 3}},
			{models.Counting{OnlyFixable: true, KEVAsCritical: true}, high, 9, []int{4}},
		} {
			got, err := s.FailingObservations(t.Context(), source.BranchID, test.over, test.c, test.limit)
			if err != nil {
				t.Fatal(err)
			}
			var want, found []int64
			for _, n := range test.want {
				want = append(want, ids[n])
			}
			for _, o := range got {
				found = append(found, o.ID)
			}
			if diff := cmp.Diff(want, found); diff != "" {
				t.Errorf("%+v, %v (-want +got):\n%s", test.c, test.over, diff)
			}
		}
	})
}

// What counts is stored with the thresholds of a product and of a group.
func TestCounting_IsStored(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		for i, c := range countings() {
			p := models.Product{Name: fmt.Sprint("Product ", i), GateMode: models.GateOwn, Counting: c}
			g := models.Group{Name: fmt.Sprint("Group ", i), GateMode: models.GateOwn, Counting: c}
			owner := w.user(fmt.Sprint("ann", i))
			w.write(func(tx *models.Tx) error {
				if err := tx.CreateProduct(&p, "main", owner); err != nil {
					return err
				}
				return tx.CreateGroup(&g, owner)
			})
			for _, want := range []models.Counting{c, {OnlyFixable: true}, {KEVAsCritical: true}, {}} {
				p.Counting, g.Counting = want, want
				w.write(func(tx *models.Tx) error {
					if err := tx.SaveProduct(&p); err != nil {
						return err
					}
					return tx.SaveGroup(&g)
				})
				row, err := w.s.Product(t.Context(), all, p.ID)
				group, groupErr := w.s.Group(t.Context(), all, g.ID)
				if err != nil || groupErr != nil || row.Counting != want || group.Counting != want {
					t.Errorf("%+v and %+v, want %+v; %v, %v", row.Counting, group.Counting, want, err, groupErr)
				}
			}
		}
	})
}
