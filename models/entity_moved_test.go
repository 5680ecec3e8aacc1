package models_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatecrier/models"
	"gatecrier/models/modelstest"
)

// moved is what a later report says of the observation "a": another identity, line and details.
func moved(id int64) models.Observation {
	return models.Observation{
		ID: id, Identity: []byte("b"), MatchKey: []byte("key"), Title: "a", Location: "x.py:12",
		Details: models.Details{CWEs: []string{"CWE-79"}}.Encode(), KEV: true, Unfixed: true, Severity: models.Low,
		ReportStatus: models.StatusOpen, Status: models.StatusOpen, ChangedAt: time.Unix(1, 0),
	}
}

func TestAMovedObservation(t *testing.T) {
	writes := map[string]func(t *testing.T, s *models.Store, source models.Source, o models.Observation){
		"at once": func(t *testing.T, s *models.Store, _ models.Source, o models.Observation) {
			write(t, s, func(tx *models.Tx) error {
				if err := tx.MoveObservation(o); err != nil {
					return err
				}
				return tx.UpdateObservation(o)
			})
		},
		"staged": func(t *testing.T, s *models.Store, source models.Source, o models.Observation) {
			write(t, s, func(tx *models.Tx) error {
				if err := tx.BeginStaging(&source, 1); err != nil {
					return err
				}
				if err := tx.StageChanges(source.ID, source.Version+1, []models.Observation{o}); err != nil {
					return err
				}
				return tx.SaveSource(&source)
			})
			write(t, s, func(tx *models.Tx) error {
				for done := false; !done; {
					var err error
					if done, err = tx.SettleSome(source.ID, 10); err != nil {
						return err
					}
				}
				return nil
			})
		},
	}
	for name, apply := range writes {
		t.Run(name, func(t *testing.T) {
			modelstest.Each(t, func(t *testing.T, s *models.Store) {
				source := someSource(t, s)
				id := insertOne(t, s, source, "a", models.StatusOpen)
				apply(t, s, source, moved(id))
				want := observationOf(t, s, id)
				if want.MovedAt.IsZero() || want.MovedFrom != "a" && want.MovedFrom != "" {
					t.Errorf("moved at %v from %q", want.MovedAt, want.MovedFrom)
				}
				var got models.Observation
				err := s.EachObservation(t.Context(), source.ID, func(o *models.Observation) { got = *o })
				if err != nil {
					t.Fatal(err)
				}
				unread := moved(id)
				unread.ChangedAt = time.Time{}
				if diff := cmp.Diff(unread, got); diff != "" {
					t.Errorf("stored (-want +got):\n%s", diff)
				}
				first := want.MovedAt
				apply(t, s, mustSource(t, s, source), moved(id)) // the same place again
				if again := observationOf(t, s, id); !again.MovedAt.Equal(first) {
					t.Errorf("moved again at %v", again.MovedAt)
				}
			})
		})
	}
}

func mustSource(t *testing.T, s *models.Store, source models.Source) models.Source {
	t.Helper()
	source, ok, err := s.Source(t.Context(), source.BranchID, source.Scanner, source.Name)
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	return source
}

// A move notes the place before it, or the name where the place is the same.
func TestAMoveNotesWhatChanged(t *testing.T) {
	for name, test := range map[string]struct {
		change func(o *models.Observation)
		from   string
	}{
		"place":     {func(o *models.Observation) { o.Location = "y.py:1" }, "x.py:12"},
		"name":      {func(o *models.Observation) { o.Title = "CVE" }, "a"},
		"component": {func(o *models.Observation) { o.Component = "lake 2" }, ""},
		"identity":  {func(*models.Observation) {}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			modelstest.Each(t, func(t *testing.T, s *models.Store) {
				id := insertOne(t, s, someSource(t, s), "a", models.StatusOpen)
				o := moved(id)
				o.Identity = nil
				write(t, s, func(tx *models.Tx) error { return tx.UpdateObservation(o) })
				o.Identity = []byte("c")
				test.change(&o)
				write(t, s, func(tx *models.Tx) error { return tx.MoveObservation(o) })
				got := observationOf(t, s, id)
				if got.MovedFrom != test.from || got.MovedAt.IsZero() != (name == "identity") {
					t.Errorf("moved at %v from %q, want from %q", got.MovedAt, got.MovedFrom, test.from)
				}
			})
		})
	}
}

func TestDetails(t *testing.T) {
	long := make([]string, 0, 100)
	for i := range 100 {
		long = append(long, "https://example.org/"+time.Unix(int64(i), 0).UTC().String())
	}
	for _, test := range []struct{ in, want models.Details }{
		{},
		{models.Details{Score: 9.8, Markdown: true}, models.Details{Score: 9.8, Markdown: true}},
		{
			models.Details{Aliases: []string{"a", " a ", "", "b\x00"}},
			models.Details{Aliases: []string{"a", "b"}},
		},
		{models.Details{References: long}, models.Details{References: long[:20]}},
	} {
		text := test.in.Encode()
		if diff := cmp.Diff(test.want, text.Decode()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
	if text := (models.Details{}).Encode(); text != "" {
		t.Errorf("no details: %q", text)
	}
}
