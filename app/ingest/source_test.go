package ingest

import (
	"strings"
	"testing"

	"gatecrier/models"
)

// sends imports a report and compares what send returns. A want that ends with "…" is the beginning.
func (w *world) sends(p *incoming, want string) {
	w.t.Helper()
	got := w.send(p)
	if start, cut := strings.CutSuffix(want, "…"); got != want && (!cut || !strings.HasPrefix(got, start)) {
		w.t.Errorf("got:  %s\nwant: %s", got, want)
	}
}

func (w *world) wantSources(want string) {
	w.t.Helper()
	if got := w.sources(); got != want {
		w.t.Errorf("sources: %s\nwant:    %s", got, want)
	}
}

func TestSource_IsWhatTheReportIsOf(t *testing.T) {
	eachWorld(t, func(_ *testing.T, w *world) {
		w.sends(report("grype", "a", "b").of("shop", "1"), "2 new, 0 updated, 0 resolved of grype (shop)")
		w.sends(report("grype", "c").of("till", "1"), "1 new, 0 updated, 0 resolved of grype (till)")
		w.sends(report("grype", "a").of("shop", "2"), "0 new, 1 updated, 1 resolved of grype (shop)")
		w.sends(report("grype", "d"), "1 new, 0 updated, 0 resolved of grype")
		w.sends(report("trivy", "e").of("shop", "2"), "1 new, 0 updated, 0 resolved of trivy (shop)")
		w.sends(report("grype", "f").of("shop", "3").to("mine"), "1 new, 0 updated, 0 resolved of grype (mine)")
		w.sends(report("grype", "g").of("shop", "3").withScanner("x"), "1 new, 0 updated, 0 resolved of x (shop)")
		w.wantSources("grype: 1, grype (mine): 1, grype (shop): 1, grype (till): 1, trivy (shop): 1, x (shop): 1")
		// A source without a name that is of today is not taken over.
		w.sends(report("grype", "d").of("late", ""), "1 new, 0 updated, 0 resolved of grype (late)")
	})
}

// storeFromBefore stores a source as versions before source facts did, with observations a and b.
func (w *world) storeFromBefore(scanner, name, format string) models.Source {
	w.t.Helper()
	b := w.branch()
	s := models.Source{BranchID: b.ID, Scanner: scanner, Name: name, Format: format, LastReportAt: w.clock.Now()}
	s.Counts.Add(models.High, 2)
	w.write(func(tx *models.Tx) error {
		s.ID = 0
		if err := tx.SaveSource(&s); err != nil {
			return err
		}
		var rows []models.Observation
		for f := range report(scanner, "a", "b").report.Findings.All() {
			o := f.observation(w.clock.Now())
			o.BranchID, o.SourceID, o.FirstSeenAt, o.MatchKey = b.ID, s.ID, w.clock.Now(), nil
			rows = append(rows, o)
		}
		if err := tx.InsertObservations(rows); err != nil {
			return err
		}
		b.Counts, b.Evaluated = b.Counts.Plus(s.Counts), true
		return tx.SaveGate(b)
	})
	return s
}

func (w *world) source(scanner, name string) models.Source {
	w.t.Helper()
	s, ok, err := w.store.Source(w.t.Context(), w.branch().ID, scanner, name)
	if err != nil || !ok {
		w.t.Fatalf("no source %s (%s): %v", scanner, name, err)
	}
	return s
}

func TestSource_FromBeforeIsTakenOver(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		was := w.storeFromBefore("grype", "", "grype")
		w.sends(report("trivy", "a", "b").of("shop", "1"), "2 new, 0 updated, 0 resolved of trivy (shop)")
		w.sends(report("grype", "a", "b").of("shop", "1").to("named"), "2 new, 0 updated, 0 resolved of grype (named)")
		w.wantSources("grype: 2, grype (named): 2, trivy (shop): 2")
		w.sends(report("grype", "a", "c").of("shop", "1"), "1 new, 1 updated, 1 resolved of grype (shop)")
		if is := w.source("grype", "shop"); is.ID != was.ID {
			t.Errorf("source %d is not the one from before, %d", is.ID, was.ID)
		}
		w.sends(report("grype", "d").of("till", "1"), "1 new, 0 updated, 0 resolved of grype (till)")
		w.wantSources("grype (named): 2, grype (shop): 2, grype (till): 1, trivy (shop): 2")
	})
}

// A report without a subject replaces a source without a name, as before; it is of today then.
func TestSource_FromBeforeStaysUnnamed(t *testing.T) {
	eachWorld(t, func(_ *testing.T, w *world) {
		w.storeFromBefore("grype", "", "grype")
		w.sends(report("grype", "a", "b"), "0 new, 2 updated, 0 resolved of grype")
		w.sends(report("grype", "a", "b").of("shop", "1"), "2 new, 0 updated, 0 resolved of grype (shop)")
		w.wantSources("grype: 2, grype (shop): 2")
	})
}

func TestSource_FromBeforeGivesWayToItsName(t *testing.T) {
	eachWorld(t, func(_ *testing.T, w *world) {
		w.sends(report("grype", "a").of("shop", "1").to("shop"), "1 new, 0 updated, 0 resolved of grype (shop)")
		w.storeFromBefore("grype", "", "grype")
		w.sends(report("grype", "a").of("shop", "1"), "0 new, 1 updated, 0 resolved of grype (shop)")
		w.wantSources("grype: 2, grype (shop): 1")
	})
}

// A large report takes a source over when its rows become current, not when they are staged.
func TestSource_FromBeforeIsTakenOverByStagedReport(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		was := w.storeFromBefore("grype", "", "grype")
		findings := []string{"a"}
		for i := range stageFrom + 1 {
			findings = append(findings, "n"+strings.Repeat("x", i%7)+string(rune('A'+i%26))+string(rune('a'+i/26)))
		}
		large := report("grype", findings...).of("shop", "1")
		before, err := w.service.loadSnapshot(t.Context(), Destination{ProductID: w.product})
		if err != nil {
			t.Fatal(err)
		}
		changes, err := w.service.changesOf(t.Context(), before, []*incoming{large})
		if err != nil {
			t.Fatal(err)
		}
		if n := changes[0].size(); n <= stageFrom {
			t.Fatalf("%d changes are not staged", n)
		}
		st := w.service.newStaging(changes[0].source)
		st.productID = w.product
		dest := Destination{ProductID: w.product}
		if err := st.begin(t.Context(), w.actor, dest, before, changes, changes[0]); err != nil {
			t.Fatal(err)
		}
		w.wantSources("grype: 2") // the program is killed here
		w.write(func(tx *models.Tx) error { return tx.DropLease(st.lease(), st.holder) })
		w.sends(large, "1001 new, 1 updated, 1 resolved of grype (shop)")
		if is := w.source("grype", "shop"); is.ID != was.ID || is.Unsettled {
			t.Errorf("source: %+v, want the one from before, %d", is, was.ID)
		}
		w.wantSources("grype (shop): 1002")
	})
}

func TestSource_CountsGiveWayToReports(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		dest := Destination{ProductID: w.product, Scanner: "grype"}
		counts := models.Counts{High: 4}
		if _, err := w.service.Counts(t.Context(), w.actor, dest, counts); err != nil {
			t.Fatal(err)
		}
		w.sends(report("grype", "a").of("shop", "1"), "1 new, 0 updated, 0 resolved of grype (shop)")
		w.wantSources("grype (shop): 1")
		_, err := w.service.Counts(t.Context(), w.actor, dest, counts)
		if err == nil || !strings.Contains(err.Error(), "Reports of this scanner are imported already") {
			t.Errorf("counts besides reports: %v", err)
		}
		w.wantSources("grype (shop): 1")
	})
}
