package models_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatecrier/models"
	"gatecrier/models/modelstest"
)

// markDuplicate assesses an observation as a duplicate.
func markDuplicate(t *testing.T, s *models.Store, id, original int64) {
	t.Helper()
	write(t, s, func(tx *models.Tx) error {
		return tx.Assess([]int64{id}, models.AssessmentInput{
			Action: models.ActionAssess, Status: models.StatusDuplicate, DuplicateOf: original, Actor: "ann",
		})
	})
}

// Duplicates are listed by their original, those of resolved originals by themselves, and none after
// their assessment has ended.
func TestDuplicates_AreListed(t *testing.T) {
	modelstest.Each(t, func(t *testing.T, s *models.Store) {
		source := someSource(t, s)
		ids := make([]int64, 5)
		for i, title := range []string{"a", "b", "c", "d", "e"} {
			ids[i] = insertOne(t, s, source, title, models.StatusOpen)
		}
		critical := models.Critical
		write(t, s, func(tx *models.Tx) error {
			return tx.Assess(ids[3:4], models.AssessmentInput{Action: models.ActionAssess, Severity: &critical})
		})
		markDuplicate(t, s, ids[1], ids[0])
		markDuplicate(t, s, ids[3], ids[0])
		markDuplicate(t, s, ids[4], ids[2])
		b := models.Duplicate{ID: ids[1], OriginalID: ids[0], Severity: models.High}
		d := models.Duplicate{ID: ids[3], OriginalID: ids[0], Severity: models.Critical}
		e := models.Duplicate{ID: ids[4], OriginalID: ids[2], Severity: models.High}
		wantDuplicates := func(originals []int64, want ...models.Duplicate) {
			t.Helper()
			got, err := s.DuplicatesOf(t.Context(), originals)
			if diff := cmp.Diff(want, got); err != nil || diff != "" {
				t.Errorf("of %v: %v (-want +got):\n%s", originals, err, diff)
			}
		}
		wantDuplicates(nil)
		wantDuplicates(ids[1:2])
		wantDuplicates(ids[:1], d, b)
		wantDuplicates(ids, d, b, e)

		orphans := func(after models.Duplicate, want ...models.Duplicate) {
			t.Helper()
			list, err := s.OrphanedDuplicates(t.Context(), after, 10)
			var got []models.Duplicate
			for _, o := range list {
				if got = append(got, o.Duplicate); o.ProductID != 1 || o.Branch != "main" {
					t.Errorf("in %+v", o)
				}
			}
			if diff := cmp.Diff(want, got); err != nil || diff != "" {
				t.Errorf("orphans: %v (-want +got):\n%s", err, diff)
			}
		}
		orphans(models.Duplicate{})
		write(t, s, func(tx *models.Tx) error { return tx.ResolveObservations([]int64{ids[0], ids[2]}) })
		orphans(models.Duplicate{}, b, d, e)
		orphans(b, d, e)
		orphans(d, e)
		write(t, s, func(tx *models.Tx) error {
			return tx.Assess(ids[1:2], models.AssessmentInput{Action: models.ActionReopen, ClearStatus: true})
		})
		orphans(models.Duplicate{}, d, e)
		wantDuplicates(ids[:1], d)
		resolved, err := s.ResolvedOf(t.Context(), ids)
		if diff := cmp.Diff(map[int64]bool{ids[0]: true, ids[2]: true}, resolved); err != nil || diff != "" {
			t.Errorf("resolved: %v (-want +got):\n%s", err, diff)
		}

		// What a large import can bring back is not resolved.
		write(t, s, func(tx *models.Tx) error { return tx.BeginStaging(&source, 1) })
		orphans(models.Duplicate{})
		if resolved, err := s.ResolvedOf(t.Context(), ids); err != nil || len(resolved) != 0 {
			t.Errorf("under a large import: %v, %v", resolved, err)
		}
		if err := s.Write(t.Context(), func(tx *models.Tx) error { return tx.RequireSettled(source.ID) }); err == nil {
			t.Error("the source is settled")
		}
	})
}

// What a large import has staged for a duplicate is read, and loses the assessed status with it.
func TestStagedChanges_OfDuplicate(t *testing.T) {
	modelstest.Each(t, func(t *testing.T, s *models.Store) {
		source := someSource(t, s)
		updated := insertOne(t, s, source, "updated", models.StatusOpen)
		gone := insertOne(t, s, source, "gone", models.StatusOpen)
		same := insertOne(t, s, source, "same", models.StatusOpen)
		changes := []models.Observation{
			{
				ID: updated, Title: "new", Component: "lib 2", Severity: models.Low, ReportStatus: models.StatusInReview,
				Status: models.StatusDuplicate,
			},
			{ID: gone, Status: models.StatusResolved},
		}
		write(t, s, func(tx *models.Tx) error {
			if err := tx.BeginStaging(&source, 2); err != nil {
				return err
			}
			return tx.StageChanges(source.ID, source.Version+1, changes)
		})
		want := map[int64]models.Observation{updated: changes[0], gone: changes[1]}
		ids := []int64{updated, gone, same}
		check := func() {
			t.Helper()
			var got map[int64]models.Observation
			write(t, s, func(tx *models.Tx) (err error) {
				got, err = tx.StagedChanges(ids)
				return err
			})
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("staged (-want +got):\n%s", diff)
			}
		}
		check()
		write(t, s, func(tx *models.Tx) error { return tx.ClearStaged(ids) })
		changed := changes[0]
		changed.Status = models.StatusInReview
		want[updated] = changed
		check()
		source.Counts.High = 2
		write(t, s, func(tx *models.Tx) error {
			if err := tx.SaveSource(&source); err != nil {
				return err
			}
			by := models.Breakdown{Counts: models.Counts{Low: 1}, KEV: models.Counts{Low: 1}}
			return tx.AddToSource(source.ID, by)
		})
		got, _, err := s.Source(t.Context(), source.BranchID, "x", "")
		if err != nil || got.Counts != (models.Counts{High: 2, Low: 1}) || got.KEV != (models.Counts{Low: 1}) ||
			got.Version != source.Version+1 {
			t.Errorf("the source: %+v, %v", got, err)
		}
	})
}
