package apptest_test

import (
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"testing"
	"time"

	"gatecrier/app"
	"gatecrier/app/apptest"
	"gatecrier/app/authz"
	"gatecrier/app/fault"
	"gatecrier/app/gate"
	"gatecrier/app/product"
	"gatecrier/models"
	"gatecrier/models/modelstest"
)

// randomWalk runs random steps with a few products.
type randomWalk struct {
	t        testing.TB
	app      *app.App
	clock    *modelstest.Clock
	actor    authz.Actor
	rand     *rand.Rand
	groups   []int64
	products []int64
	made     int
	did      map[string]int // what was done, and "… refused"
}

// step is an operation and its weight.
type step struct {
	name   string
	weight int
	do     func(w *randomWalk) error
}

func randomSteps() []step {
	return []step{
		{"report", 300, (*randomWalk).report},
		{"counts", 80, (*randomWalk).counts},
		{"assess", 120, (*randomWalk).assess},
		{"assess many", 40, (*randomWalk).assessMany},
		{"duplicate", 60, (*randomWalk).duplicate},
		{"waive", 60, (*randomWalk).waive},
		{"withdraw", 50, (*randomWalk).withdraw},
		{"enter", 50, (*randomWalk).addManual},
		{"edit entered", 30, (*randomWalk).editManual},
		{"delete entered", 25, (*randomWalk).deleteManual},
		{"time passes", 60, (*randomWalk).passTime},
		{"product's policy", 40, (*randomWalk).policy},
		{"default branch", 25, (*randomWalk).defaultBranch},
		{"group's policy", 15, (*randomWalk).groupPolicy},
		{"move", 25, (*randomWalk).moveProduct},
		{"settings", 15, (*randomWalk).settings},
		{"sweep", 25, func(w *randomWalk) error { return w.app.Sweeper.Sweep(w.t.Context()) }},
		{"announce", 40, func(w *randomWalk) error { return w.app.Gates.AnnounceDue(w.t.Context(), w.app.Store) }},
		{"retention", 10, (*randomWalk).retention},
		{"reconcile", 5, (*randomWalk).reconcile},
		{"new product", 4, (*randomWalk).newProduct},
		{"delete product", 3, (*randomWalk).deleteProduct},
		{"large report", 2, (*randomWalk).largeReport},
	}
}

// After any sequence of operations, counts match the observations, gates match the counts, and
// histories have no gaps. GATECRIER_STEPS sets the number of operations, GATECRIER_SEED repeats a
// walk.
func TestRandomWalk_KeepsCountsConsistent(t *testing.T) {
	t.Parallel()
	steps, seed := envInt(t, "GATECRIER_STEPS", 500), envInt(t, "GATECRIER_SEED", rand.IntN(1_000_000))
	databases := map[string]func() string{
		"sqlite":   func() string { return "" },
		"postgres": func() string { return modelstest.MigratedURL(t) },
	}
	for _, name := range []string{"sqlite", "postgres"} {
		t.Run(name, func(t *testing.T) {
			t.Logf("GATECRIER_SEED=%d", seed)
			began := time.Now()
			w := newRandomWalk(t, databases[name](), uint64(seed))
			for i := 1; i <= steps && !t.Failed(); i++ {
				w.doStep(i)
				if i%1000 == 0 || i == steps {
					w.check(i, i == steps)
				}
			}
			t.Logf("%d steps in %s: %v", steps, time.Since(began).Round(time.Second), w.did)
			for _, s := range randomSteps() {
				if steps >= 5000 && w.did[s.name] == 0 {
					t.Errorf("%s was never done", s.name)
				}
			}
		})
	}
}

func newRandomWalk(t testing.TB, database string, seed uint64) *randomWalk {
	t.Helper()
	w := &randomWalk{
		t: t, clock: modelstest.NewClock(time.Now()), rand: rand.New(rand.NewPCG(seed, 1)), did: map[string]int{},
	}
	config := app.Config{DataDir: t.TempDir(), DatabaseURL: database, AdminUser: "admin", AdminPassword: apptest.Password}
	var err error
	w.app, err = app.New(t.Context(),
		app.Options{Config: config, Log: slog.New(slog.DiscardHandler), Now: w.clock.Now, Stderr: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.app.Close(); err != nil {
			t.Error(err)
		}
	})
	admin, err := w.app.Store.UserByName(t.Context(), "admin")
	if err != nil {
		t.Fatal(err)
	}
	w.actor = authz.UserActor(admin)
	for i := range 2 {
		g, err := w.app.Products.CreateGroup(t.Context(), w.actor, product.GroupDraft{Name: fmt.Sprint("Group ", i)})
		if err != nil {
			t.Fatal(err)
		}
		w.groups = append(w.groups, g.ID)
	}
	for range 4 {
		if err := w.newProduct(); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

// doStep runs one random step, which can fail with an expected error.
func (w *randomWalk) doStep(i int) {
	w.t.Helper()
	sum := 0
	for _, s := range randomSteps() {
		sum += s.weight
	}
	n := w.rand.IntN(sum)
	for _, s := range randomSteps() {
		if n -= s.weight; n >= 0 {
			continue
		}
		w.note(s.name, s.do(w), i)
		return
	}
}

func (w *randomWalk) note(name string, err error, i int) {
	w.t.Helper()
	switch {
	case err == nil:
		w.did[name]++
	case fault.Is(err, fault.Conflict), fault.Is(err, fault.NotFound), fault.Is(err, fault.Invalid):
		w.did[name+" refused"]++
	default:
		w.t.Errorf("step %d, %s: %v", i, name, err)
	}
}

func pick[T any](w *randomWalk, list ...T) T { return list[w.rand.IntN(len(list))] }

// check compares all stored values with those they derive from. It checks histories, which are
// long, less often.
func (w *randomWalk) check(step int, last bool) {
	w.t.Helper()
	if err := w.app.Sweeper.Sweep(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	for _, id := range w.products {
		row, err := w.app.Store.Product(w.t.Context(), apptest.AllProducts(), id)
		if err != nil {
			w.t.Fatal(err)
		}
		group, err := w.app.Store.GroupOf(w.t.Context(), row.Product)
		if err != nil {
			w.t.Fatal(err)
		}
		branches, err := w.app.Store.Branches(w.t.Context(), apptest.AllProducts(), id)
		if err != nil {
			w.t.Fatal(err)
		}
		counted := w.count(row)
		w.checkDuplicates(row)
		for _, b := range branches {
			want := gate.Decide(gate.PolicyOf(w.app.Settings.Gate(), group, row.Product), counted[b.Name])
			if !b.Evaluated {
				want = gate.Verdict{State: models.GateNone}
			}
			if b.Breakdown != counted[b.Name] || b.Gate != want.State || b.Why != want.Why {
				w.t.Errorf("step %d, %s (%s): %+v, %s because of %s\nwant %+v, %s because of %s", step, row.Name, b.Name,
					b.Breakdown, b.Gate, b.Why, counted[b.Name], want.State, want.Why)
			}
		}
		if step%4000 == 0 || last {
			checkHistoryChain(w.t, w.app.Store, id, row.Default.Gate)
		}
	}
}

// count rebuilds the counts of a product's branches from the observations, row by row, and compares
// those of the sources.
func (w *randomWalk) count(row models.ProductRow) map[string]models.Breakdown {
	w.t.Helper()
	sources, err := w.app.Store.Sources(w.t.Context(), apptest.AllProducts(), row.ID)
	if err != nil {
		w.t.Fatal(err)
	}
	branches := map[string]models.Breakdown{}
	for _, s := range sources {
		counts, rows := s.Breakdown, 0
		if s.Format != models.FormatCounts {
			counts = models.Breakdown{}
			err := w.app.Store.EachObservation(w.t.Context(), s.ID, func(o *models.Observation) {
				if o.Status.Active() {
					counts.Add(o.Severity, o.Flags(), 1)
					rows++
				}
			})
			if err != nil {
				w.t.Fatal(err)
			}
			active, err := w.app.Store.CountObservations(w.t.Context(), apptest.AllProducts(),
				models.ObservationFilter{Source: s.ID, Limit: 1_000_000})
			if err != nil || active != rows {
				w.t.Errorf("%s (%s), %s: %d are marked as active, %d are, %v", row.Name, s.Branch, s.Scanner, active, rows, err)
			}
		}
		if s.Breakdown != counts {
			w.t.Errorf("%s (%s), %s: %+v, want %+v", row.Name, s.Branch, s.Scanner, s.Breakdown, counts)
		}
		branches[s.Branch] = branches[s.Branch].Plus(counts)
	}
	return branches
}

// checkDuplicates checks that no original of a duplicate is resolved.
func (w *randomWalk) checkDuplicates(row models.ProductRow) {
	w.t.Helper()
	list, err := w.app.Store.Observations(w.t.Context(), apptest.AllProducts(),
		models.ObservationFilter{ProductID: row.ID, All: true, Limit: 1_000_000})
	if err != nil {
		w.t.Fatal(err)
	}
	known := map[int64]models.Observation{}
	for _, o := range list {
		known[o.ID] = o
	}
	for _, d := range list {
		if id := d.Assessed.DuplicateOf; id != 0 && !known[id].InReport() {
			w.t.Errorf("%s: %d is a duplicate of %d, which is resolved", row.Name, d.ID, id)
		}
	}
}
