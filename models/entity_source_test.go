package models_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatecrier/app/fault"
	"gatecrier/models"
)

// sourceOf saves a source of a product's default branch.
func (w world) sourceOf(product int64, scanner, name string) models.Source {
	w.t.Helper()
	b, err := w.s.BranchByName(w.t.Context(), all, product, "")
	if err != nil {
		w.t.Fatal(err)
	}
	s := models.Source{BranchID: b.ID, Scanner: scanner, Name: name, Format: "sarif", LastReportAt: w.clock.Now()}
	w.write(func(tx *models.Tx) error { s.ID = 0; return tx.SaveSource(&s) })
	return w.storedSource(s)
}

func (w world) storedSource(s models.Source) models.Source {
	w.t.Helper()
	row, err := w.s.SourceByID(w.t.Context(), all, s.ID)
	if err != nil {
		w.t.Fatal(err)
	}
	row.Branch = ""
	return row.Source
}

func TestSaveSource_WithAnotherName(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		product := w.product("Shop", w.user("ann"))
		old, other := w.sourceOf(product, "trivy", ""), w.sourceOf(product, "trivy", "taken")
		if old.Facts != "" || !old.MadeAt.IsZero() {
			t.Errorf("a source without facts: %+v", old)
		}
		save := func(s models.Source) error {
			return w.s.Write(t.Context(), func(tx *models.Tx) error { return tx.SaveSource(&s) })
		}
		renamed := old
		renamed.Name = other.Name
		if err := save(renamed); !fault.Is(err, fault.Conflict) {
			t.Errorf("a name that another source has: %v", err)
		}
		renamed.Name = "shop"
		renamed.Facts, renamed.MadeAt = models.SourceFacts{Subject: "shop"}.Encode(), noon
		if err := save(renamed); err != nil {
			t.Fatal(err)
		}
		now := w.storedSource(old)
		if now.Name != "shop" || now.Facts.Decode().Subject != "shop" || !now.MadeAt.Equal(noon) ||
			now.Version != old.Version+1 {
			t.Errorf("saved: %+v", now)
		}
		if err := save(renamed); !fault.Is(err, fault.Conflict) {
			t.Errorf("an import that has not seen the one before: %v", err)
		}
	})
}

func TestTouchSources_KeepsTheLatestTimes(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		source := w.sourceOf(w.product("Shop", w.user("ann")), "trivy", "")
		touch := func(received, made time.Time) {
			w.write(func(tx *models.Tx) error {
				return tx.TouchSources(map[int64]models.ReportTimes{source.ID: {Received: received, Made: made}})
			})
		}
		hour := noon.Add(time.Hour)
		for _, times := range [][2]time.Time{{hour, {}}, {noon, hour}, {noon, noon}, {noon, {}}} {
			touch(times[0], times[1])
		}
		if now := w.storedSource(source); !now.LastReportAt.Equal(hour) || !now.MadeAt.Equal(hour) ||
			now.Version != source.Version {
			t.Errorf("touched: %+v", now)
		}
	})
}

func TestSource_IsRenamedAndDeletedUnlessBusy(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		source := w.sourceOf(w.product("Shop", w.user("ann")), "trivy", "")
		w.write(func(tx *models.Tx) error { return tx.RenameSource(source.ID, "x") })
		now := w.storedSource(source)
		if now.Name != "x" || now.Version != source.Version+1 {
			t.Errorf("renamed: %+v", now)
		}
		w.write(func(tx *models.Tx) error { busy := now; return tx.BeginStaging(&busy, 1) })
		for _, change := range []func(tx *models.Tx) error{
			func(tx *models.Tx) error { return tx.RenameSource(source.ID, "y") },
			func(tx *models.Tx) error { return tx.DeleteSource(source.ID) },
		} {
			if err := w.s.Write(t.Context(), change); !fault.Is(err, fault.Conflict) {
				t.Errorf("during an import: %v", err)
			}
		}
		if now := w.storedSource(source); now.Name != "x" {
			t.Errorf("during an import: %+v", now)
		}
	})
}

func TestCountSource(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		source := w.sourceOf(w.product("Shop", w.user("ann")), "trivy", "")
		low := models.Low
		w.write(func(tx *models.Tx) error {
			var rows []models.Observation
			for i := range 5 {
				rows = append(rows, models.Observation{
					BranchID: source.BranchID, SourceID: source.ID, Identity: []byte{byte(i)}, Title: "CVE", Severity: models.High,
					ReportStatus: models.StatusOpen, Status: models.StatusOpen, FirstSeenAt: tx.Now(), ChangedAt: tx.Now(),
				})
			}
			return tx.InsertObservations(rows)
		})
		w.write(func(tx *models.Tx) error {
			list, err := tx.ObservationsOfSource(source.ID, 10)
			if err != nil || len(list) != 5 {
				t.Errorf("%d observations: %v", len(list), err)
			}
			if err := tx.Assess([]int64{list[0].ID}, models.AssessmentInput{Status: models.StatusRiskAccepted}); err != nil {
				return err
			}
			return tx.Assess([]int64{list[1].ID}, models.AssessmentInput{Severity: &low})
		})
		for limit, want := range map[int]models.SourceContents{
			10: {Observations: 5, Assessed: 2, Waivers: 1}, 2: {Observations: 2, Assessed: 2, Waivers: 1},
		} {
			got, err := w.s.CountSource(t.Context(), source.ID, limit)
			if diff := cmp.Diff(want, got); diff != "" || err != nil {
				t.Errorf("up to %d: %v (-want +got):\n%s", limit, err, diff)
			}
		}
	})
}

func TestSourceFacts_Encode(t *testing.T) {
	facts := models.SourceFacts{
		Subject: "shop", Unnamed: true, References: []models.SourceReference{{Reference: "1", At: noon}, {Reference: "2"}},
		Classes: []string{"os-pkgs"}, Tools: []string{"a", "b"}, Alone: []string{"a"},
		Missing: []models.MissingTool{{Tool: "b", Since: noon}},
	}
	text := facts.Encode()
	if diff := cmp.Diff(facts, text.Decode()); diff != "" || text != text.Decode().Encode() {
		t.Errorf("decoded (-want +got):\n%s", diff)
	}
	if facts.Reference() != "2" || (models.SourceFacts{}).Reference() != "" {
		t.Errorf("the last reference: %q", facts.Reference())
	}
	if empty := (models.SourceFacts{}).Encode(); empty == "" || len(empty.Decode().Tools) > 0 {
		t.Errorf("empty facts are %q, as those of a source without any", empty)
	}
	if broken := models.EncodedFacts(strings.Repeat("{", 3)).Decode(); broken.Subject != "" {
		t.Errorf("broken facts: %+v", broken)
	}
}
