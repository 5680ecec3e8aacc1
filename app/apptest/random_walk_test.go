package apptest_test

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"gatecrier/app"
	"gatecrier/app/apptest"
	"gatecrier/app/authz"
	"gatecrier/app/fault"
	"gatecrier/app/gate"
	"gatecrier/app/ingest"
	"gatecrier/app/observation"
	"gatecrier/app/product"
	"gatecrier/models"
	"gatecrier/models/modelstest"
)

// randomWalk does one thing after another with a few products, at random.
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

// step is a thing to do, as often as its weight.
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
		{"waive", 60, (*randomWalk).waive},
		{"take back", 50, (*randomWalk).withdraw},
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
		{"release", 40, func(w *randomWalk) error { return w.app.Gates.AnnounceDue(w.t.Context(), w.app.Store) }},
		{"retention", 10, (*randomWalk).retention},
		{"reconcile", 5, (*randomWalk).reconcile},
		{"new product", 4, (*randomWalk).newProduct},
		{"delete product", 3, (*randomWalk).deleteProduct},
		{"large report", 2, (*randomWalk).largeReport},
	}
}

// Whatever is done in whatever order: counts are those of the observations,
// gates are those of the counts, and histories have no gaps. GATECRIER_STEPS
// says how many things are done, GATECRIER_SEED repeats one.
func TestRandomWalk_KeepsCountsConsistent(t *testing.T) {
	t.Parallel()
	steps, seed := envInt(t, "GATECRIER_STEPS", 1000), envInt(t, "GATECRIER_SEED", rand.IntN(1_000_000))
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

// doStep does one thing. That something is in the way is part of it.
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

func (w *randomWalk) severity() models.Severity { return pick(w, models.Severities()...) }

func (w *randomWalk) branch() string { return pick(w, "", "main", "main", "dev", "next") }

func (w *randomWalk) destination() ingest.Destination {
	s := ingest.Destination{
		ProductID: pick(w, w.products...),
		Branch:    w.branch(),
		Scanner:   pick(w, "grype", "other"),
		Source:    pick(w, "", "deps"),
	}
	s.AsDefault = s.Branch != "" && w.rand.IntN(10) == 0
	return s
}

// report has some of 15 findings, of severities by chance.
func (w *randomWalk) report() error {
	var b strings.Builder
	b.WriteString(`{"descriptor":{"name":"grype"},"matches":[`)
	comma := ""
	for i := range 15 {
		if w.rand.IntN(3) > 0 {
			continue
		}
		fmt.Fprintf(&b,
			`%s{"vulnerability":{"id":"CVE-%d","severity":%q},"artifact":{"name":"lib","version":"1","type":"deb"}}`, comma, i,
			pick(w, "Critical", "High", "Medium", "Low", "Negligible", "Unknown"))
		comma = ","
	}
	b.WriteString("]}")
	_, err := w.app.Ingest.Upload(w.t.Context(), w.actor, w.destination(), strings.NewReader(b.String()))
	return err
}

func (w *randomWalk) counts() error {
	slot := w.destination()
	slot.Scanner = "bare"
	var c models.Counts
	c.Add(w.severity(), w.rand.Int64N(3))
	_, err := w.app.Ingest.Counts(w.t.Context(), w.actor, slot, c)
	return err
}

// anyObservation is one of the observations of a product, of those that a filter finds.
func (w *randomWalk) anyObservation(f models.ObservationFilter) (models.Observation, error) {
	f.ProductID, f.Limit = pick(w, w.products...), 60
	list, err := w.app.Store.Observations(w.t.Context(), apptest.AllProducts(), f)
	if err == nil && len(list) == 0 {
		err = fault.NewNotFound("observation")
	}
	if err != nil {
		return models.Observation{}, err
	}
	return pick(w, list...), nil
}

// assessment is what somebody may say.
func (w *randomWalk) assessment() observation.Assessment {
	var a observation.Assessment
	if w.rand.IntN(3) > 0 {
		a.Status = pick(w, observation.Assessable()[:8]...)
	}
	if a.Status == "" || w.rand.IntN(3) == 0 {
		s := w.severity()
		a.Severity = &s
	}
	return a
}

func (w *randomWalk) waiver() observation.Assessment {
	return observation.Assessment{
		Status:  models.StatusRiskAccepted,
		Comment: "by chance",
		Until:   w.clock.Now().Add(time.Duration(1+w.rand.IntN(100)) * time.Hour),
	}
}

func (w *randomWalk) assessAs(f models.ObservationFilter, a observation.Assessment) error {
	o, err := w.anyObservation(f)
	if err == nil {
		_, _, err = w.app.Findings.Assess(w.t.Context(), w.actor, o.ID, a)
	}
	return err
}

func (w *randomWalk) assess() error {
	return w.assessAs(models.ObservationFilter{All: true}, w.assessment())
}

func (w *randomWalk) waive() error { return w.assessAs(models.ObservationFilter{}, w.waiver()) }

func (w *randomWalk) withdraw() error {
	return w.assessAs(models.ObservationFilter{All: true, Assessed: true}, observation.Assessment{Clear: true})
}

func (w *randomWalk) assessMany() error {
	severity := w.severity()
	f := models.ObservationFilter{All: w.rand.IntN(2) == 0, Severity: &severity}
	_, err := w.app.Findings.AssessMany(w.t.Context(), w.actor,
		observation.Selection{ProductID: pick(w, w.products...), Filter: &f},
		pick(w, w.assessment(), w.waiver(), observation.Assessment{Clear: true}))
	return err
}

func (w *randomWalk) draft() observation.Draft {
	return observation.Draft{Branch: w.branch(), Title: fmt.Sprint("By hand ", w.rand.IntN(5)), Severity: w.severity()}
}

func (w *randomWalk) addManual() error {
	_, _, err := w.app.Findings.Create(w.t.Context(), w.actor, pick(w, w.products...), w.draft())
	return err
}

func (w *randomWalk) editManual() error {
	o, err := w.anyObservation(models.ObservationFilter{All: true, Scanner: models.ManualScanner})
	if err == nil {
		_, _, err = w.app.Findings.Edit(w.t.Context(), w.actor, o.ID, w.draft())
	}
	return err
}

func (w *randomWalk) deleteManual() error {
	o, err := w.anyObservation(models.ObservationFilter{All: true, Scanner: models.ManualScanner})
	if err == nil {
		_, err = w.app.Findings.Delete(w.t.Context(), w.actor, o.ID)
	}
	return err
}

func (w *randomWalk) passTime() error {
	w.clock.Advance(time.Duration(w.rand.IntN(12*60)) * time.Minute)
	if w.rand.IntN(3) == 0 { // a waiver whose end nobody has noticed yet counts
		return nil
	}
	_, err := w.app.Findings.Expire(w.t.Context())
	return err
}

func (w *randomWalk) thresholds() map[models.Severity]*int64 {
	list := map[models.Severity]*int64{}
	for _, s := range models.Severities() {
		if w.rand.IntN(2) == 0 {
			n := w.rand.Int64N(8)
			list[s] = &n
		}
	}
	return list
}

func (w *randomWalk) policy() error {
	mode := pick(w, models.GateStandard, models.GateDisabled, models.GateOwn)
	_, err := w.app.Products.Update(w.t.Context(), w.actor, pick(w, w.products...),
		product.Edit{GateMode: &mode, Thresholds: w.thresholds()})
	return err
}

func (w *randomWalk) defaultBranch() error {
	to := pick(w, "main", "dev", "next")
	e := product.Edit{DefaultBranch: &to}
	switch w.rand.IntN(3) { // together with what counts for it
	case 0:
		group := pick(w, 0, w.groups[0], w.groups[1])
		e.GroupID = &group
	case 1:
		e.Thresholds = w.thresholds()
	}
	_, err := w.app.Products.Update(w.t.Context(), w.actor, pick(w, w.products...), e)
	return err
}

func (w *randomWalk) groupPolicy() error {
	mode := pick(w, models.GateStandard, models.GateDisabled, models.GateOwn)
	_, err := w.app.Products.UpdateGroup(w.t.Context(), w.actor, pick(w, w.groups...),
		product.GroupEdit{GateMode: &mode, Thresholds: w.thresholds()})
	return err
}

func (w *randomWalk) moveProduct() error {
	return w.app.Products.Move(w.t.Context(), w.actor, pick(w, w.products...), pick(w, 0, w.groups[0], w.groups[1]))
}

// settings changes them; that all gates are looked at is another step.
func (w *randomWalk) settings() error {
	patch := object{
		"threshold_" + w.severity().String(): float64(w.rand.IntN(6)),
		"active":                             w.rand.IntN(5) > 0, "hold_seconds": pick(w, 0, 0, 3600.0),
	}
	_, err := w.app.Settings.Update(w.t.Context(), w.actor, "gate", patch, nil)
	return err
}

// retention removes what was resolved more than a day ago, as its job does.
func (w *randomWalk) retention() error {
	before := w.clock.Now().Add(-24 * time.Hour)
	list, err := w.app.Store.OldObservations(w.t.Context(), before, models.OldObservation{}, 500)
	if err != nil {
		return err
	}
	sources := map[int64][]int64{}
	for _, o := range list {
		sources[o.SourceID] = append(sources[o.SourceID], o.ID)
	}
	for _, source := range slices.Sorted(maps.Keys(sources)) {
		err := w.app.Store.Write(w.t.Context(), func(tx *models.Tx) error {
			_, err := tx.DeleteOldObservations(source, before, sources[source])
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// reconcile finds nothing: nothing drifts by itself.
func (w *randomWalk) reconcile() error {
	mended, err := w.app.Reconciler.Reconcile(w.t.Context())
	if mended.Branches > 0 {
		w.t.Errorf("drift: %s", mended)
	}
	return err
}

func (w *randomWalk) newProduct() error {
	if len(w.products) > 6 {
		return fault.New(fault.Conflict, "there are enough")
	}
	w.made++
	row, err := w.app.Products.Create(w.t.Context(), w.actor, product.Draft{Name: fmt.Sprint("Product ", w.made)})
	w.products = append(w.products, row.ID)
	return err
}

func (w *randomWalk) deleteProduct() error {
	if len(w.products) < 4 {
		return fault.New(fault.Conflict, "there are too few")
	}
	i := w.rand.IntN(len(w.products))
	err := w.app.Products.Delete(w.t.Context(), w.actor, w.products[i])
	w.products = slices.Delete(w.products, i, i+1)
	return err
}

// largeReport is staged, and other things are done while it is at work. The
// next one of its source resolves it.
func (w *randomWalk) largeReport() error {
	slot, n, severity := w.destination(), 1001+w.rand.IntN(300), pick(w, "High", "Low", "Unknown")
	slot.Scanner = "large"
	if w.rand.IntN(2) == 0 {
		n = w.rand.IntN(3)
	}
	report := largeReport(n, sameSeverity(severity))
	var work sync.WaitGroup
	var err error
	work.Go(func() { _, err = w.app.Ingest.Upload(w.t.Context(), w.actor, slot, bytes.NewReader(report)) })
	for i := range 10 {
		s := pick(w, randomSteps()[:9]...)
		w.note(s.name, s.do(w), i)
	}
	work.Wait()
	return err
}

// check compares all that is stored with what it must follow from; histories,
// which are long, more seldom.
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
		for _, b := range branches {
			want := gate.Decide(gate.PolicyOf(w.app.Settings.Gate(), group, row.Product), counted[b.Name])
			if !b.Evaluated {
				want = gate.Verdict{State: models.GateNone}
			}
			if b.Counts != counted[b.Name] || b.Gate != want.State || b.Why != want.Why {
				w.t.Errorf("step %d, %s (%s): %+v, %s because of %s\nwant %+v, %s because of %s", step, row.Name, b.Name, b.Counts,
					b.Gate, b.Why, counted[b.Name], want.State, want.Why)
			}
		}
		if step%4000 == 0 || last {
			checkHistoryChain(w.t, w.app.Store, id, row.Default.Gate)
		}
	}
}

// count rebuilds the counts of a product's branches from the observations, row
// by row, and compares those of the sources on the way.
func (w *randomWalk) count(row models.ProductRow) map[string]models.Counts {
	w.t.Helper()
	sources, err := w.app.Store.Sources(w.t.Context(), apptest.AllProducts(), row.ID)
	if err != nil {
		w.t.Fatal(err)
	}
	branches := map[string]models.Counts{}
	for _, s := range sources {
		counts, rows := s.Counts, 0
		if s.Format != models.FormatCounts {
			counts = models.Counts{}
			err := w.app.Store.EachObservation(w.t.Context(), s.ID, func(o *models.Observation) {
				if o.Status.Active() {
					counts.Add(o.Severity, 1)
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
		if s.Counts != counts {
			w.t.Errorf("%s (%s), %s: %+v, want %+v", row.Name, s.Branch, s.Scanner, s.Counts, counts)
		}
		branches[s.Branch] = branches[s.Branch].Plus(counts)
	}
	return branches
}
