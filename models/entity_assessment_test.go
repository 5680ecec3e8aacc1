package models_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatecrier/models"
	"gatecrier/models/modelstest"
)

// assessmentCase is an observation as it can be before an assessment.
type assessmentCase struct {
	report models.Status
	gone   bool
	said   []models.AssessmentInput
}

// Observation.Assess and the statement of Tx.Assess have the same effect, after any earlier
// assessment.
func TestAssessIsTheSameInCodeAndStore(t *testing.T) {
	clock := modelstest.NewClock(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))
	low, critical := models.Low, models.Critical
	steps := []models.AssessmentInput{
		{Action: models.ActionAssess, Status: models.StatusFalsePositive, Actor: "ann"},
		{Action: models.ActionAssess, Status: models.StatusInReview, Severity: &low, Actor: "ann"},
		{Action: models.ActionAssess, Severity: &critical, Actor: "bob"},
		{
			Action:  models.ActionAssess,
			Status:  models.StatusRiskAccepted,
			Until:   clock.Now().Add(time.Hour),
			Noticed: true,
			Comment: "why",
			Actor:   "ann",
		},
		{Action: models.ActionAssess, Status: models.StatusDuplicate, DuplicateOf: 1, Actor: "ann"},
		{Action: models.ActionClear, ClearStatus: true, ClearSeverity: true, Actor: "ann"},
		{Action: models.ActionClear, ClearSeverity: true, Actor: "bob"},
		{Action: models.ActionAssess, ClearSeverity: true, Status: models.StatusOpen, Actor: "bob"},
		{Action: models.ActionExpire, ClearStatus: true},
		{Action: models.ActionReopen, ClearStatus: true, Comment: "why"},
	}
	var cases []assessmentCase
	for _, report := range []models.Status{models.StatusOpen, models.StatusNotAffected} {
		for _, gone := range []bool{false, true} {
			for _, first := range steps {
				for _, second := range steps {
					cases = append(cases, assessmentCase{report, gone, []models.AssessmentInput{first, second}})
				}
			}
		}
	}
	modelstest.EachAt(t, clock.Now, func(t *testing.T, s *models.Store) {
		source := someSource(t, s)
		for i, c := range cases {
			id := insertOne(t, s, source, fmt.Sprint("case ", i), c.report)
			if c.gone {
				write(t, s, func(tx *models.Tx) error { return tx.ResolveObservations([]int64{id}) })
			}
			for _, j := range c.said {
				before := observationOf(t, s, id)
				clock.Advance(time.Second)
				write(t, s, func(tx *models.Tx) error { return tx.Assess([]int64{id}, j) })
				want, got := before.Assess(j, s.Now()), observationOf(t, s, id)
				want.ChangedAt, want.Version = got.ChangedAt, got.Version
				if got.Version <= before.Version {
					t.Errorf("%+v: version %d after %d", j, got.Version, before.Version)
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%+v of %+v: code against store (-code +store):\n%s", j, before, diff)
				}
				active, err := s.CountObservations(t.Context(), all, models.ObservationFilter{IDs: []int64{id}, Limit: 1})
				if err != nil || (active == 1) != got.Status.Active() {
					t.Errorf("%+v: status %s is counted as active %d times, %v", j, got.Status, active, err)
				}
				history, err := s.Assessments(t.Context(), id, 0, 1)
				if err != nil {
					t.Fatal(err)
				}
				h := history[0]
				if h.WasStatus != before.Status || h.WasSeverity != before.Severity || h.Severity != got.Severity ||
					!h.Until.Equal(j.Until) ||
					h.DuplicateOf != j.DuplicateOf ||
					h.Actor != j.Actor {
					t.Errorf("history of %+v: %+v", j, h)
				}
				if !c.gone && h.Status != got.Status {
					t.Errorf("history of %+v has %s, not %s", j, h.Status, got.Status)
				}
			}
		}
	})
}

// A source of a large import in progress returns a conflict; another one is shifted and gets a
// new version, so that an import compares again.
func TestShiftSource(t *testing.T) {
	modelstest.Each(t, func(t *testing.T, s *models.Store) {
		source := someSource(t, s)
		write(t, s, func(tx *models.Tx) error { return tx.ShiftSource(source.ID, highs(2)) })
		moved := source
		err := s.Write(t.Context(), func(tx *models.Tx) error { return tx.SaveSource(&moved) })
		if err == nil {
			t.Error("an import that was compared before is taken")
		}
		got, ok, err := s.Source(t.Context(), source.BranchID, "x", "")
		if err != nil || !ok || got.Counts.High != 2 {
			t.Fatalf("the source: %+v, %v", got, err)
		}
		write(t, s, func(tx *models.Tx) error { return tx.BeginStaging(&got, 1) })
		err = s.Write(t.Context(), func(tx *models.Tx) error { return tx.ShiftSource(source.ID, highs(1)) })
		if err == nil {
			t.Error("a shift is taken under a large import")
		}
	})
}

// highs are n active observations without flags.
func highs(n int64) models.Breakdown { return models.Breakdown{Counts: models.Counts{High: n}} }

// someSource is a source of a product's default branch.
func someSource(t *testing.T, s *models.Store) models.Source {
	t.Helper()
	w := world{t: t, s: s}
	product := w.product("Shop", w.user("ann"))
	source := models.Source{Scanner: "x", Format: "grype", LastReportAt: s.Now()}
	write(t, s, func(tx *models.Tx) error {
		g, err := tx.GateOf(product, "")
		if err != nil {
			return err
		}
		source.BranchID = g.Branch.ID
		return tx.SaveSource(&source)
	})
	source, _, err := s.Source(t.Context(), source.BranchID, "x", "")
	if err != nil {
		t.Fatal(err)
	}
	return source
}

func insertOne(t *testing.T, s *models.Store, source models.Source, title string, report models.Status) (id int64) {
	t.Helper()
	write(t, s, func(tx *models.Tx) (err error) {
		id, err = tx.InsertObservation(models.Observation{
			BranchID: source.BranchID, SourceID: source.ID, Identity: []byte(title), Title: title, Severity: models.High,
			ReportStatus: report, Status: report, FirstSeenAt: tx.Now(), ChangedAt: tx.Now(),
		})
		return err
	})
	return id
}

func observationOf(t *testing.T, s *models.Store, id int64) models.Observation {
	t.Helper()
	o, _, err := s.Observation(t.Context(), all, id)
	if err != nil {
		t.Fatal(err)
	}
	return o
}
