package exception

import (
	"io"
	"log/slog"
	"os"
	"testing"
	"time"

	"gatecrier/app/event"
	"gatecrier/models"
	"gatecrier/models/modelstest"
)

func TestMain(m *testing.M) { os.Exit(modelstest.Main(m)) }

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// fixture is a service on a test database with a controlled clock.
type fixture struct {
	*Service
	t      *testing.T
	clock  *modelstest.Clock
	window time.Duration

	maxPerHour int64
}

func eachDatabase(t *testing.T, fn func(t *testing.T, r *fixture)) {
	t.Helper()
	databases := map[string]func(testing.TB, func() time.Time) *models.Store{
		"sqlite": modelstest.SQLiteAt, "postgres": modelstest.PostgresAt,
	}
	for name, open := range databases {
		t.Run(name, func(t *testing.T) {
			clock := modelstest.NewClock(noon)
			r := &fixture{t: t, clock: clock, window: time.Hour, maxPerHour: 10_000}
			r.Service = r.newService(open(t, clock.Now))
			fn(t, r)
		})
	}
}

// newService returns a service like that of another instance, or of a restarted one.
func (r *fixture) newService(store *models.Store) *Service {
	return New(
		store,
		event.NewLog(event.Subscription{Reader: event.ReaderNotify, Signal: event.NewSignal()}),
		func() Policy { return Policy{Grouping: GroupSmart, Window: r.window, MaxPerHour: r.maxPerHour} },
		slog.New(slog.NewTextHandler(io.Discard, nil)),
	)
}

func (r *fixture) anotherInstance() *fixture {
	other := *r
	other.Service = r.newService(r.store)
	return &other
}

func taskError(message string) Report {
	return Report{Kind: models.ExceptionTask, Class: "*shop.Error", Message: message, Function: "bill"}
}

func (r *fixture) report(e Report) Result {
	r.t.Helper()
	result, err := r.Report(r.t.Context(), e)
	if err != nil {
		r.t.Fatal(err)
	}
	return result
}

func (r *fixture) flush() {
	r.t.Helper()
	if err := r.Flush(r.t.Context()); err != nil {
		r.t.Fatal(err)
	}
}

// notices returns the notifications so far.
func (r *fixture) notices() []event.Notice {
	r.t.Helper()
	work, err := r.store.EventWork(r.t.Context(), string(event.ReaderNotify), 5000)
	if err != nil {
		r.t.Fatal(err)
	}
	var list []event.Notice
	for _, w := range work {
		n, err := event.Describe(w.Event)
		if err != nil {
			r.t.Fatal(err)
		}
		list = append(list, n)
	}
	return list
}

func (r *fixture) group(id int64) models.ExceptionGroup {
	r.t.Helper()
	g, err := r.store.ExceptionGroup(r.t.Context(), models.SystemScope("a test"), id)
	if err != nil {
		r.t.Fatal(err)
	}
	return g
}

func (r *fixture) write(fn func(tx *models.Tx) error) {
	r.t.Helper()
	if err := r.store.Write(r.t.Context(), fn); err != nil {
		r.t.Fatal(err)
	}
}
