package models_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"gatecrier/app/fault"
	"gatecrier/models"
	"gatecrier/models/modelstest"
)

// branchOf makes a branch of a product, and returns it.
func (w world) branchOf(product int64, name string) models.Branch {
	w.t.Helper()
	w.write(func(tx *models.Tx) error { return tx.EnsureBranch(product, name, false) })
	b, err := w.s.BranchByName(w.t.Context(), all, product, name)
	if err != nil {
		w.t.Fatal(err)
	}
	return b
}

// source makes a source of a branch, with a report as old as the clock.
func (w world) source(branch int64, scanner, name, format string) models.Source {
	w.t.Helper()
	var s models.Source
	w.write(func(tx *models.Tx) error {
		s = models.Source{BranchID: branch, Scanner: scanner, Name: name, Format: format, LastReportAt: tx.Now()}
		return tx.SaveSource(&s)
	})
	return s
}

// find adds a finding to a source, and returns its id.
func (w world) find(
	s models.Source, identity string, severity models.Severity, status models.Status, since int64,
) int64 {
	w.t.Helper()
	var id int64
	w.write(func(tx *models.Tx) error {
		err := tx.InsertObservations([]models.Observation{
			{
				BranchID:     s.BranchID,
				SourceID:     s.ID,
				Identity:     []byte(identity),
				Title:        identity,
				Severity:     severity,
				ReportStatus: models.StatusOpen,
				Status:       status,
				FirstSeenAt:  tx.Now(),
				ChangedAt:    tx.Now(),
				Since:        since,
			},
		})
		if err != nil {
			return err
		}
		list, err := tx.AnyObservations(tx.Context(), s.BranchID, 1000)
		for _, o := range list {
			if o.Title == identity && o.SourceID == s.ID {
				id = o.ID
			}
		}
		return err
	})
	return id
}

func (w world) added(f models.CompareFilter) []string {
	w.t.Helper()
	if f.Limit == 0 {
		f.Limit = 100
	}
	list, err := w.s.AddedObservations(w.t.Context(), f)
	if err != nil {
		w.t.Fatal(err)
	}
	var titles []string
	for _, o := range list {
		titles = append(titles, o.Title+string(o.There))
	}
	return titles
}

func TestCompareBranches(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		product := w.product("Shop", w.user("ann"))
		def, dev := w.branchOf(product, "main"), w.branchOf(product, "dev")
		there := w.source(def.ID, "grype", "", "grype")
		renamed := w.source(def.ID, "grype", "old name", "grype")
		other := w.source(def.ID, "trivy", "", "trivy")
		here := w.source(dev.ID, "grype", "new name", "grype")
		byHand := w.source(dev.ID, models.ManualScanner, "", models.FormatManual)
		open := models.StatusOpen

		w.find(here, "both", models.Critical, open, 0)
		w.find(there, "both", models.Critical, open, 0)
		w.find(here, "both, once waived", models.High, open, 0)
		w.find(there, "both, once waived", models.High, models.StatusRiskAccepted, 0)
		w.find(renamed, "both, once waived", models.High, open, 0)
		w.find(here, "waived", models.High, open, 0)
		w.find(there, "waived", models.High, models.StatusRiskAccepted, 0)
		w.find(here, "lie", models.Critical, open, 0)
		w.find(renamed, "lie", models.Critical, models.StatusFalsePositive, 0)
		w.find(here, "new", models.Medium, open, 0)
		w.find(here, "another scanner's", models.High, open, 0)
		w.find(other, "another scanner's", models.High, open, 0)
		w.find(here, "mended there", models.High, open, 0)
		repaired := w.find(there, "mended there", models.High, open, 0)
		w.write(func(tx *models.Tx) error { return tx.ResolveObservations([]int64{repaired}) })
		w.find(here, "not current there", models.Low, open, 0)
		w.find(there, "not current there", models.Low, open, there.Version+9)
		w.find(here, "does not count", models.Critical, models.StatusNotAffected, 0)
		w.find(here, "not current", models.Critical, open, here.Version+9)
		w.find(byHand, "by hand", models.Unknown, open, 0)
		w.find(there, "gone", models.Low, open, 0)
		w.find(there, "gone, waived", models.Low, models.StatusRiskAccepted, 0)
		w.find(other, "nobody looks for it", models.Low, open, 0)

		pair := models.BranchPair{BranchID: dev.ID, OtherID: def.ID}
		if got, want := w.added(models.CompareFilter{BranchPair: pair}), []string{
			"another scanner's",
			"mended there",
			"new",
			"not current there",
			"by hand",
		}; !slices.Equal(got, want) {
			t.Errorf("added %q, want %q", got, want)
		}
		if got, want := w.added(models.CompareFilter{BranchPair: pair, Known: true}), []string{
			"liefalse_positive",
			"waivedrisk_accepted",
		}; !slices.Equal(got, want) {
			t.Errorf("known %q, want %q", got, want)
		}
		high := models.High
		first, err := w.s.AddedObservations(t.Context(), models.CompareFilter{BranchPair: pair, Severity: &high, Limit: 1})
		if err != nil || len(first) != 1 {
			t.Fatalf("%v: %+v", err, first)
		}
		after := models.Place{Key: models.ObservationOrders.Key(models.Place{}, first[0].Observation)}
		if got, want := w.added(models.CompareFilter{BranchPair: pair, Severity: &high, Place: after}), []string{
			"mended there",
		}; !slices.Equal(got, want) {
			t.Errorf("the next page: %q, want %q", got, want)
		}
		counts, err := w.s.Compare(t.Context(), []int64{dev.ID, def.ID}, def.ID)
		want := models.Comparison{
			Added:  models.Counts{High: 2, Medium: 1, Low: 1, Unknown: 1},
			Known:  models.Counts{Critical: 1, High: 1},
			Shared: models.Counts{Critical: 1, High: 1},
		}
		if err != nil || counts[dev.ID] != want {
			t.Errorf("%v: %+v, want %+v", err, counts[dev.ID], want)
		}
		if counts[def.ID].Added.Total() != 0 || counts[def.ID].Known.Total() != 0 {
			t.Errorf("a branch beside itself: %+v", counts[def.ID])
		}
		if gone, err := w.s.ResolvedOnBranch(t.Context(), pair); err != nil || gone != (models.Counts{Low: 1}) {
			t.Errorf("gone: %v, %+v", err, gone)
		}
	})
}

// A comparison uses indexes, once for each observation of the branch.
func TestPlansOfComparisons(t *testing.T) {
	clock := modelstest.NewClock(noon)
	w := world{t, modelstest.SQLiteAt(t, clock.Now), clock}
	product := w.product("Shop", w.user("ann"))
	def, dev := w.branchOf(product, "main"), w.branchOf(product, "dev")
	pair := models.BranchPair{BranchID: dev.ID, OtherID: def.ID}
	const (
		byBranch   = "SEARCH o USING INDEX observations_branch (branch_id=? AND active=?)"
		byScanner  = "SEARCH t USING INDEX sqlite_autoindex_sources_1 (branch_id=? AND scanner=?)"
		byIdentity = "SEARCH d USING INDEX sqlite_autoindex_observations_1 (source_id=? AND identity=?)"
	)
	for name, read := range map[string]func(ctx context.Context) error{
		"added": func(ctx context.Context) error {
			_, err := w.s.AddedObservations(ctx, models.CompareFilter{BranchPair: pair, Limit: 10})
			return err
		},
		"known": func(ctx context.Context) error {
			_, err := w.s.AddedObservations(ctx, models.CompareFilter{BranchPair: pair, Known: true, Limit: 10})
			return err
		},
		"counts": func(ctx context.Context) error {
			_, err := w.s.Compare(ctx, []int64{dev.ID}, def.ID)
			return err
		},
		"gone": func(ctx context.Context) error {
			_, err := w.s.ResolvedOnBranch(ctx, pair)
			return err
		},
	} {
		plan := w.plans(read, nil)
		if found := scans(plan); len(found) > 0 {
			t.Errorf("%s scans %q: %q", name, found, plan)
		}
		for _, want := range []string{byBranch, byScanner, byIdentity} {
			if !slices.Contains(plan, want) {
				t.Errorf("%s lacks %q: %q", name, want, plan)
			}
		}
	}
	for name, c := range map[string]struct {
		read func(ctx context.Context) error
		want string
	}{
		"list": {func(ctx context.Context) error {
			_, err := w.s.BranchRows(ctx, all, models.BranchFilter{ProductID: product, Limit: 10})
			return err
		}, "SEARCH s USING INDEX sqlite_autoindex_sources_1 (branch_id=?)"},
		"badge": {func(ctx context.Context) error {
			_, err := w.s.BadgeState(ctx, "x")
			if fault.Is(err, fault.NotFound) {
				err = nil
			}
			return err
		}, "SEARCH p USING COVERING INDEX products_badge (badge_token=?)"},
		"stale": {func(ctx context.Context) error {
			_, err := w.s.StaleBranches(ctx, noon, 0, 10)
			return err
		}, "SEARCH b USING INTEGER PRIMARY KEY (rowid>?)"},
	} {
		if plan := w.plans(c.read, nil); len(scans(plan)) > 0 || !slices.Contains(plan, c.want) {
			t.Errorf("%s: %q", name, plan)
		}
	}
}

func TestListBranches(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		ann := w.user("ann")
		product, another := w.product("Shop", ann), w.product("Other", w.user("bob"))
		for _, name := range []string{"zeta", "alpha", "Feature/x", "feature/y"} {
			w.branchOf(product, name)
		}
		w.branchOf(another, "hidden")
		var names []string
		f := models.BranchFilter{ProductID: product, Limit: 2}
		for {
			rows, err := w.s.BranchRows(t.Context(), models.MemberScope(ann), f)
			if err != nil {
				t.Fatal(err)
			}
			for _, b := range rows {
				names = append(names, b.Name)
				f.Key = models.BranchOrders.Key(f.Place, b)
			}
			if len(rows) < f.Limit {
				break
			}
		}
		sorted := slices.Clone(names)
		slices.Sort(sorted)
		if names[0] != "main" || !slices.Equal(sorted, []string{"Feature/x", "alpha", "feature/y", "main", "zeta"}) {
			t.Errorf("branches %q", names)
		}
		rows, err := w.s.BranchRows(t.Context(), all, models.BranchFilter{ProductID: product, Text: "FEATURE", Limit: 10})
		if err != nil || len(rows) != 2 {
			t.Errorf("by text: %v, %+v", err, rows)
		}
		hidden, err := w.s.BranchRows(
			t.Context(), models.MemberScope(ann), models.BranchFilter{ProductID: another, Limit: 10},
		)
		if err != nil || len(hidden) != 0 {
			t.Errorf("out of scope: %v, %+v", err, hidden)
		}
	})
}

func TestStaleBranches(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		product := w.product("Shop", w.user("ann"))
		branches := map[string]models.Branch{}
		for _, name := range []string{"stale", "protected", "alive", "by hand", "empty"} {
			branches[name] = w.branchOf(product, name)
		}
		w.source(branches["stale"].ID, "grype", "", "grype")
		w.source(branches["protected"].ID, "grype", "", "grype")
		w.source(branches["alive"].ID, "grype", "", "grype")
		w.write(func(tx *models.Tx) error { return tx.ProtectBranch(branches["protected"].ID, true) })
		w.clock.Advance(48 * time.Hour)
		w.source(branches["alive"].ID, "trivy", "", "trivy")
		w.source(branches["by hand"].ID, models.ManualScanner, "", models.FormatManual)
		w.branchOf(product, "new")
		stale := func(before time.Time) string {
			list, err := w.s.StaleBranches(t.Context(), before, 0, 10)
			if err != nil {
				t.Fatal(err)
			}
			var names []string
			for _, b := range list {
				names = append(names, b.Name)
			}
			return fmt.Sprint(names)
		}
		if got := stale(w.s.Now().Add(-24 * time.Hour)); got != "[stale by hand empty]" {
			t.Errorf("stale: %s", got)
		}
		if got := stale(w.s.Now().Add(-48 * time.Hour)); got != "[]" {
			t.Errorf("just not stale: %s", got)
		}
	})
}

// The announced state of a product's gate moves with the default branch; that the former one was
// stale does not.
func TestGateMovesWithTheDefaultBranch(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		product := w.product("Shop", w.user("ann"))
		def, dev := w.branchOf(product, "main"), w.branchOf(product, "dev")
		held := models.Held{From: models.GatePassed, Until: noon.Add(time.Hour), EventID: 7}
		w.write(func(tx *models.Tx) error {
			def.Gate, def.Since, def.Evaluated = models.GateFailed, noon.Add(-time.Hour), true
			dev.Gate, dev.Since, dev.Evaluated, dev.Why = models.GatePassed, noon.Add(-time.Minute), true, "its own"
			if err := tx.SaveGate(def); err != nil {
				return err
			}
			if err := tx.SaveGate(dev); err != nil {
				return err
			}
			if err := tx.SaveStale(def.ID, noon); err != nil {
				return err
			}
			return tx.SaveHeld(def.ID, held)
		})
		w.write(func(tx *models.Tx) error { return tx.SetDefaultBranch(product, dev.ID) })
		now, was := w.branchOf(product, "dev"), w.branchOf(product, "main")
		if !now.Default || now.Gate != models.GateFailed || !now.Since.Equal(def.Since) || now.Held != held ||
			!now.StaleSince.IsZero() ||
			now.Why != "its own" {
			t.Errorf("the new default: %+v", now)
		}
		if was.Default || was.Held.Any() || !was.StaleSince.IsZero() || was.Gate != models.GateFailed {
			t.Errorf("the former one: %+v", was)
		}
		err := w.s.Write(t.Context(), func(tx *models.Tx) error { return tx.SetDefaultBranch(product, 999) })
		if !fault.Is(err, fault.NotFound) {
			t.Errorf("a branch that is not there: %v", err)
		}
		if b := w.branchOf(product, "dev"); !b.Default {
			t.Error("the default branch is lost")
		}
	})
}

func TestBadges(t *testing.T) {
	each(t, func(t *testing.T, w world) {
		product := w.product("Shop", w.user("ann"))
		w.write(func(tx *models.Tx) error { return tx.SaveBadge(product, "secret") })
		if s, err := w.s.BadgeState(t.Context(), "secret"); err != nil || s != models.GateNone {
			t.Errorf("%q, %v", s, err)
		}
		w.write(func(tx *models.Tx) error { return tx.SaveBadge(product, "") })
		for _, token := range []string{"secret", "", "SECRET"} {
			if s, err := w.s.BadgeState(t.Context(), token); !fault.Is(err, fault.NotFound) {
				t.Errorf("%q: %q, %v", token, s, err)
			}
		}
	})
}
