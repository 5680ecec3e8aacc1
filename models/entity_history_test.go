package models_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

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
		for title, want := range map[string]string{
			"CVE-0": "resolve open>resolved, return resolved>open, resolve open>resolved",
			"CVE-1": "",
			"CVE-2": "vex open>not_affected",
		} {
			rows, err := s.Assessments(t.Context(), ids[title], 0, 10)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, r := range rows {
				got = append([]string{fmt.Sprintf("%s %s>%s", r.Action, r.WasStatus, r.Status)}, got...)
			}
			if text := strings.Join(got, ", "); text != want {
				t.Errorf("%s: %q, want %q", title, text, want)
			}
		}
		if o, _, err := s.Observation(t.Context(), scope, again.ID); err != nil || o.Version != 0 {
			t.Errorf("version %d, %v", o.Version, err)
		}
	})
}
