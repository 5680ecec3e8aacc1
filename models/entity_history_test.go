package models_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatecrier/models"
	"gatecrier/models/modelstest"
)

// What reports do to an observation is in its history: rows for resolved and reopened ones only, and
// for what a VEX document says of a new one. They make no other version of it.
func TestHistory_OfReports(t *testing.T) {
	modelstest.Each(t, func(t *testing.T, s *models.Store) {
		src := someSource(t, s)
		write(t, s, func(tx *models.Tx) error { return tx.SaveSource(&src) })
		branch, source := src.BranchID, src.ID
		at := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
		list := make([]models.Observation, 3)
		for i := range list {
			list[i] = models.Observation{
				BranchID: branch, SourceID: source, Identity: fmt.Appendf(nil, "finding %d", i), Title: fmt.Sprint("CVE-", i),
				Severity: models.High, ReportStatus: models.StatusOpen, Status: models.StatusOpen, FirstSeenAt: at, ChangedAt: at,
			}
		}
		list[2].Status, list[2].VEX.Status = models.StatusNotAffected, models.StatusNotAffected
		write(t, s, func(tx *models.Tx) error { return tx.InsertObservations(list) })
		scope := all
		found, err := s.Observations(t.Context(), scope, models.ObservationFilter{ProductID: 1, All: true, Limit: 10})
		if err != nil || len(found) != 3 {
			t.Fatal(found, err)
		}
		ids := map[string]int64{}
		for _, o := range found {
			ids[o.Title] = o.ID
		}
		again := list[0]
		again.ID = ids["CVE-0"]
		known := list[1]
		known.ID = ids["CVE-1"]
		write(t, s, func(tx *models.Tx) error { return tx.ResolveObservations([]int64{again.ID}) })
		write(t, s, func(tx *models.Tx) error { return tx.UpdateObservations([]models.Observation{again, known}) })
		write(t, s, func(tx *models.Tx) error { return tx.ResolveObservations([]int64{again.ID}) })
		want := map[string]string{
			"CVE-0": "resolve open>resolved, return resolved>open, resolve open>resolved",
			"CVE-1": "",
			"CVE-2": "vex open>not_affected",
		}
		if diff := cmp.Diff(want, histories(t, s)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if o, _, err := s.Observation(t.Context(), scope, again.ID); err != nil || o.Version != 0 {
			t.Errorf("version %d, %v", o.Version, err)
		}
	})
}

// The rows of a large import are in histories once it counts, each once; an import that never counts
// leaves none.
func TestHistory_OfLargeImport(t *testing.T) {
	modelstest.Each(t, func(t *testing.T, s *models.Store) {
		source := someSource(t, s)
		gone := insertOne(t, s, source, "gone", models.StatusOpen)
		back := insertOne(t, s, source, "back", models.StatusOpen)
		write(t, s, func(tx *models.Tx) error { return tx.ResolveObservations([]int64{back}) })
		stage := func(counts bool) {
			t.Helper()
			source := mustSource(t, s, source)
			added := models.Observation{
				BranchID: source.BranchID, SourceID: source.ID, Identity: []byte("new"), Title: "new", Severity: models.High,
				ReportStatus: models.StatusOpen, Status: models.StatusNotAffected, FirstSeenAt: s.Now(), ChangedAt: s.Now(),
				Since: source.Version + 1, VEX: models.VEX{Status: models.StatusNotAffected},
			}
			again := added
			again.ID, again.Identity, again.Title, again.Status, again.VEX = back, nil, "back", models.StatusOpen, models.VEX{}
			missing := models.Observation{ID: gone, Status: models.StatusResolved}
			write(t, s, func(tx *models.Tx) error {
				err := tx.BeginStaging(&source, 3)
				if err == nil {
					err = tx.InsertObservations([]models.Observation{added})
				}
				if err == nil {
					err = tx.StageChanges(source.ID, source.Version+1, []models.Observation{again, missing})
				}
				if err == nil && counts {
					err = tx.SaveSource(&source)
				}
				return err
			})
			for done := false; !done; {
				write(t, s, func(tx *models.Tx) (err error) {
					done, err = tx.SettleSome(source.ID, 1)
					return err
				})
			}
		}
		for _, counts := range []bool{false, true} {
			stage(counts)
			want := map[string]string{"gone": "", "back": "resolve open>resolved"}
			if counts {
				want = map[string]string{
					"gone": "resolve open>resolved", "back": "resolve open>resolved, return resolved>open",
					"new": "vex open>not_affected",
				}
			}
			if diff := cmp.Diff(want, histories(t, s)); diff != "" {
				t.Errorf("counts: %t (-want +got):\n%s", counts, diff)
			}
		}
	})
}

// histories returns the history of each observation, the oldest row first, by its title.
func histories(t *testing.T, s *models.Store) map[string]string {
	t.Helper()
	list, err := s.Observations(t.Context(), all, models.ObservationFilter{ProductID: 1, All: true, Limit: 10})
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]string{}
	for _, o := range list {
		rows, err := s.Assessments(t.Context(), o.ID, 0, 10)
		if err != nil {
			t.Fatal(err)
		}
		var lines []string
		for _, r := range slices.Backward(rows) {
			lines = append(lines, fmt.Sprintf("%s %s>%s", r.Action, r.WasStatus, r.Status))
		}
		texts[o.Title] = strings.Join(lines, ", ")
	}
	return texts
}
