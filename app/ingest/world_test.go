package ingest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"gatecrier/app/authz"
	"gatecrier/app/event"
	"gatecrier/app/gate"
	"gatecrier/app/settings"
	"gatecrier/models"
	"gatecrier/models/modelstest"
)

// world is a product and the imports into it.
type world struct {
	t       *testing.T
	store   *models.Store
	clock   *modelstest.Clock
	service *Service
	actor   authz.Actor
	product int64
}

// eachWorld runs a test on both databases.
func eachWorld(t *testing.T, fn func(t *testing.T, w *world)) {
	t.Helper()
	start := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	t.Run("sqlite", func(t *testing.T) {
		clock := modelstest.NewClock(start)
		fn(t, newWorld(t, modelstest.SQLiteAt(t, clock.Now), clock))
	})
	t.Run("postgres", func(t *testing.T) {
		clock := modelstest.NewClock(start)
		fn(t, newWorld(t, modelstest.PostgresAt(t, clock.Now), clock))
	})
}

func newWorld(t *testing.T, store *models.Store, clock *modelstest.Clock) *world {
	w := &world{t: t, store: store, clock: clock}
	u := models.User{Name: "admin", Active: true, Administrator: true}
	w.write(func(tx *models.Tx) error { u.ID = 0; return tx.CreateUser(&u) })
	w.actor = authz.UserActor(u)
	w.newProduct("Shop")
	events := event.NewLog(event.Subscription{Reader: event.ReaderNotify, Signal: event.NewSignal()})
	gates := gate.New(events, func() settings.Gate { return settings.Gate{} })
	w.service = New(store, gates, events, func() settings.Reports { return settings.Reports{MaxBytes: 64 << 20} })
	return w
}

func (w *world) newProduct(name string) {
	w.t.Helper()
	p := models.Product{Name: name, GateMode: models.GateStandard}
	w.write(func(tx *models.Tx) error { p.ID = 0; return tx.CreateProduct(&p, "main", w.actor.User.ID) })
	w.product = p.ID
}

func (w *world) write(fn func(tx *models.Tx) error) {
	w.t.Helper()
	if err := w.store.Write(w.t.Context(), fn); err != nil {
		w.t.Fatal(err)
	}
}

// send imports reports in one request, and returns a line for each: its tally and its source, then
// its warnings. Of an error it returns the text.
func (w *world) send(list ...*incoming) string {
	w.t.Helper()
	dest := Destination{ProductID: w.product}
	results, err := untilCurrent(func() ([]Result, error) {
		return w.service.importParts(w.t.Context(), w.actor, dest, list)
	})
	if err != nil {
		return err.Error()
	}
	var lines []string
	for _, r := range results {
		line := fmt.Sprintf("%d new, %d updated, %d resolved of %s", r.Tally.New, r.Tally.Updated+r.Tally.Reopened,
			r.Tally.Resolved, nameOf(models.Source{Scanner: r.Scanner, Name: r.Source}))
		lines = append(lines, strings.Join(append([]string{line}, r.Warnings...), "; "))
	}
	return strings.Join(lines, "\n")
}

// sources returns the sources of the default branch, as names and active observations.
func (w *world) sources() string {
	w.t.Helper()
	b := w.branch()
	list, err := w.store.AllSources(w.t.Context(), b.ID)
	if err != nil {
		w.t.Fatal(err)
	}
	var names []string
	var sum models.Counts
	for _, s := range list {
		names = append(names, fmt.Sprintf("%s: %d", nameOf(s), s.Counts.Total()))
		sum = sum.Plus(s.Counts)
	}
	if sum != b.Counts {
		w.t.Errorf("the branch has %v, its sources %v", b.Counts, sum)
	}
	return strings.Join(names, ", ")
}

func (w *world) branch() models.Branch {
	w.t.Helper()
	b, err := w.store.BranchByName(w.t.Context(), models.SystemScope("a test"), w.product, "")
	if err != nil {
		w.t.Fatal(err)
	}
	return b
}

// report returns a report of a tool. Each finding is "rule" or "rule package".
func report(tool string, findings ...string) *incoming {
	var list []Finding
	for _, text := range findings {
		rule, component, _ := strings.Cut(text, " ")
		list = append(list, Finding{
			Identity: wide(text), Match: matchKey{stable: part(text)}, Title: rule, Component: component,
			Severity: models.High, Status: models.StatusOpen,
		})
	}
	r := reportOf(list...)
	r.Format, r.Tool = "grype", tool
	return &incoming{report: r}
}

// bundleFile returns a SARIF file with runs of some tools.
func bundleFile(tools []string, findings ...string) *incoming {
	p := report(tools[0], findings...)
	p.report.Format, p.report.Tools = formatSARIF, tools
	return p
}

func (p *incoming) of(subject, reference string) *incoming {
	p.report.Subject, p.report.Reference = subject, reference
	return p
}

func (p *incoming) to(source string) *incoming {
	p.source = source
	return p
}

func (p *incoming) withScanner(scanner string) *incoming {
	p.scanner = scanner
	return p
}

func (p *incoming) withClasses(classes ...string) *incoming {
	p.report.Classes = classes
	return p
}

func (p *incoming) made(at time.Time) *incoming {
	p.report.MadeAt = at
	return p
}

func (p *incoming) labeled(label string) *incoming {
	p.label = label
	return p
}
