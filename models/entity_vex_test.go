package models_test

import (
	"testing"
	"time"

	"gatecrier/models"
)

// insertVEX stores a VEX document of all branches with one statement, and returns its ID.
func insertVEX(tx *models.Tx, product int64, document string) (int64, error) {
	v := models.VEXDocument{ProductID: product, Document: document, Version: "1", Format: "openvex", MadeAt: tx.Now()}
	revision, err := tx.BeginVEX(&v)
	if err != nil {
		return 0, err
	}
	statement := models.VEXStatement{
		Vulnerability: `["CVE-1"]`, Products: `[]`, Status: models.StatusNotAffected, At: tx.Now(),
	}
	if err := tx.InsertVEXStatements(v.ID, revision, []models.VEXStatement{statement, statement}); err != nil {
		return 0, err
	}
	v.Revision, v.Statements, v.UploadedAt = revision, 2, tx.Now()
	return v.ID, tx.SaveVEX(v)
}

// What users and VEX documents say of an observation is computed by the same rules in Go and in SQL.
func TestVEX_StatusIsTheSameInGoAndSQL(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		o := owned{name: "shop", gate: models.GatePassed, state: models.DeliveryPending, news: make([]int64, 1)}.make(w)
		read := func() models.Observation {
			t.Helper()
			found, _, err := w.s.Observation(t.Context(), all, o.finding)
			if err != nil {
				t.Fatal(err)
			}
			return found
		}
		steps := []struct {
			name string
			do   func(tx *models.Tx, was models.Observation) (models.Observation, error)
			want models.Status
		}{
			{"assessed", nil, models.StatusInReview},
			{"said while assessed", say(models.StatusNotAffected), models.StatusInReview},
			{"taken back", assess(models.AssessmentInput{ClearStatus: true}), models.StatusNotAffected},
			{"said otherwise", say(models.StatusAffected), models.StatusAffected},
			{"assessed again", assess(models.AssessmentInput{Status: models.StatusFalsePositive}), models.StatusFalsePositive},
			{"nothing said while assessed", say(""), models.StatusFalsePositive},
			{"taken back again", assess(models.AssessmentInput{ClearStatus: true}), models.StatusOpen},
			{"fixed", say(models.StatusResolved), models.StatusResolved},
			{"nothing said", say(""), models.StatusOpen},
			{"gone", func(tx *models.Tx, was models.Observation) (models.Observation, error) {
				was.Status, was.ResolvedAt = models.StatusResolved, tx.Now()
				return was, tx.ResolveObservations([]int64{was.ID})
			}, models.StatusResolved},
			{"said of one that is gone", say(models.StatusAffected), models.StatusResolved},
		}
		for _, step := range steps {
			was := read()
			now := was
			if step.do != nil {
				w.write(func(tx *models.Tx) (err error) { now, err = step.do(tx, was); return err })
			}
			got := read()
			if got.Status != step.want || now.Status != step.want || !got.VEX.Same(now.VEX) ||
				got.Assessed.Status != now.Assessed.Status {
				t.Errorf("%s: stored %s %+v, computed %s %+v, want %s", step.name, got.Status, got.VEX, now.Status, now.VEX,
					step.want)
			}
			list, err := w.s.Observations(t.Context(), all, models.ObservationFilter{BranchID: o.branch, Limit: 2})
			if active := len(list) == 1; err != nil || active != step.want.Active() {
				t.Errorf("%s: active %t, %v", step.name, active, err)
			}
			w.clock.Advance(time.Second)
		}
		history, err := w.s.Assessments(t.Context(), o.finding, 0, 20)
		if err != nil || len(history) != 11 || history[0].Action != models.ActionVEX ||
			history[0].Status != models.StatusResolved {
			t.Errorf("history %+v, %v", history, err)
		}
	})
}

// say returns a step that writes what a VEX document says.
func say(status models.Status) func(tx *models.Tx, was models.Observation) (models.Observation, error) {
	return func(tx *models.Tx, was models.Observation) (models.Observation, error) {
		v := models.VEX{Status: status}
		if status != "" {
			v.Justification, v.DocumentID = "because", 1
		}
		return was.WithVEX(v), tx.ApplyVEX([]int64{was.ID}, v, models.Assessment{Actor: "ann"})
	}
}

// assess returns a step that writes an assessment.
func assess(in models.AssessmentInput) func(tx *models.Tx, was models.Observation) (models.Observation, error) {
	in.Action, in.Actor = models.ActionAssess, "ann"
	return func(tx *models.Tx, was models.Observation) (models.Observation, error) {
		return was.Assess(in, tx.Now()), tx.Assess([]int64{was.ID}, in)
	}
}

// The statements of a new version count at once, and those of the one before are removed in parts. A
// product that gets another name is compared again.
func TestVEX_NextVersion(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		p := w.product("shop", w.user("ann"))
		var id int64
		w.write(func(tx *models.Tx) (err error) { id, err = insertVEX(tx, p, "doc"); return err })
		wantState := func(version, applied int64) {
			t.Helper()
			behind, err := w.s.BehindVEX(t.Context())
			if err != nil || (len(behind) == 1) != (applied < version) {
				t.Errorf("behind %v, %v", behind, err)
			}
			got, err := w.s.VEXState(t.Context(), p)
			if want := (models.VEXState{Version: version, Applied: applied}); err != nil || got != want {
				t.Errorf("state %+v, %v", got, err)
			}
		}
		wantState(1, 0)
		w.write(func(tx *models.Tx) error { return tx.VEXApplied(p, 1) })
		wantState(1, 1)
		w.write(func(tx *models.Tx) error {
			v, ok, err := tx.VEXDocumentOf(p, 0, "doc")
			if err != nil || !ok || v.ID != id {
				t.Errorf("document %+v, %t, %v", v, ok, err)
			}
			revision, err := tx.BeginVEX(&v)
			if err != nil || revision != 2 {
				t.Errorf("revision %d, %v", revision, err)
			}
			if err := tx.InsertVEXStatements(id, revision, []models.VEXStatement{{
				Vulnerability: `["CVE-2"]`, Products: `[]`, Status: models.StatusAffected, At: tx.Now(),
			}}); err != nil {
				return err
			}
			if list, err := tx.VEXStatements(tx.Context(), p); err != nil || len(list) != 2 {
				t.Errorf("half a version counts: %+v, %v", list, err)
			}
			v.Revision, v.Statements = revision, 1
			return tx.SaveVEX(v)
		})
		list, err := w.s.VEXStatements(t.Context(), p)
		if err != nil || len(list) != 1 || list[0].Status != models.StatusAffected {
			t.Errorf("statements %+v, %v", list, err)
		}
		for _, want := range []int{1, 1, 0} {
			w.write(func(tx *models.Tx) error {
				n, err := tx.DropOldVEX(p, 1)
				if n != want {
					t.Errorf("%d statements are dropped, want %d", n, want)
				}
				return err
			})
		}
		if n := w.count("vex_statements"); n != 1 {
			t.Errorf("%d statements are left", n)
		}
		for _, name := range []string{"shop", "new shop"} {
			w.write(func(tx *models.Tx) error {
				row, err := tx.Product(tx.Context(), all, p)
				if err != nil {
					return err
				}
				row.Name = name
				return tx.SaveProduct(&row.Product)
			})
		}
		wantState(3, 1)
	})
}
