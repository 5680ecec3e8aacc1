package apptest_test

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
	"time"

	"gatecrier/app"
	"gatecrier/app/apptest"
	"gatecrier/app/authz"
	"gatecrier/app/ingest"
	"gatecrier/models"
	"gatecrier/models/modelstest"
)

// freezeEnv names the version whose databases are stored.
const freezeEnv = "GATECRIER_FREEZE"

// emptyTables are the tables without rows in a stored database, each with the reason.
var emptyTables = map[string]string{
	"leases":              "the router gives its lease back when the program stops, and another start takes it",
	"observation_changes": "it has rows only while a report with more than 1000 changes is imported",
}

// TestFreezeSchema stores databases with data in nearly every table: make freeze VERSION=0.1.0.
func TestFreezeSchema(t *testing.T) {
	version := os.Getenv(freezeEnv)
	if version == "" {
		t.Skip("only make freeze VERSION=... stores databases")
	}
	if !regexp.MustCompile(`^\d+\.\d+\.\d+$`).MatchString(version) {
		t.Fatalf("%q is not a version: make freeze VERSION=0.1.0", version)
	}
	if yes, err := released(t, version); err != nil {
		t.Fatalf("git does not say whether %s was released: %v", version, err)
	} else if yes {
		t.Fatalf("version %s is released, its databases never change: raise VERSION", version)
	}
	files := map[string][]byte{}
	out := frozen{Keys: map[string]keys{}}
	sqlite, postgres := t.TempDir(), modelstest.PostgresURL(t)
	out.At, out.Figures, out.Keys["sqlite"] = freeze(t, sqlite, "")
	noTableIsEmpty(t, "sqlite:"+filepath.Join(sqlite, "gatecrier.db"))
	files["sqlite.db.gz"] = zipped(t, modelstest.DumpSQLite(t, filepath.Join(sqlite, "gatecrier.db")))

	files["secret.key"] = readFile(t, filepath.Join(sqlite, "secret.key")) // both have the same
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "secret.key"), files["secret.key"], 0o600); err != nil {
		t.Fatal(err)
	}
	at, same, postgresKeys := freeze(t, dir, postgres)
	if out.Keys["postgres"] = postgresKeys; !at.Equal(out.At) {
		t.Errorf("the clock of PostgreSQL ends at %v, that of SQLite at %v", at, out.At)
	}
	sameFigures(t, "PostgreSQL and SQLite", same, out.Figures)
	noTableIsEmpty(t, postgres)
	files["postgres.sql.gz"] = zipped(t, modelstest.DumpPostgres(t, postgres))
	files["expect.json"] = indented(t, out)
	if t.Failed() {
		return
	}
	to := filepath.Join(apptest.Root(t), frozenDir, version)
	if err := os.MkdirAll(to, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(to, name), content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// noTableIsEmpty checks that each table has rows, except those of emptyTables.
func noTableIsEmpty(t *testing.T, databaseURL string) {
	t.Helper()
	sizes := modelstest.Rows(t, databaseURL)
	for _, table := range slices.Sorted(maps.Keys(sizes)) {
		if _, ok := emptyTables[table]; !ok && sizes[table] == 0 {
			t.Errorf("%s: the table %s is empty: give it rows, or explain it in mayBeEmpty", databaseURL, table)
		}
	}
}

// freeze fills a database and leaves it like a stopped program, with an event that was not routed.
func freeze(t *testing.T, dir, databaseURL string) (at time.Time, f figures, k keys) {
	t.Helper()
	begin := time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC)
	p := apptest.Start(t, apptest.Options{Dir: dir, DatabaseURL: databaseURL, StartTime: begin})
	w := &freezeFixture{
		t: t, p: p, c: p.Client("admin"), receiver: apptest.NewReceiver(t), products: map[string]productFixture{},
	}
	k = keys{Tokens: map[string]string{"admin": w.c.Token}}
	w.settings()
	w.users(k.Tokens)
	w.firstDay()
	w.secondDay()
	w.lastHour(&k)
	f = figuresOf(t, p, w.c, k.Tokens)
	if n := len(f.Products); n < 6 {
		t.Fatalf("%d products", n)
	}
	at = p.Clock.Now()
	p.Stop()
	w.unrouted(dir, databaseURL, at)
	return at, f, k
}

// unrouted changes a gate in a program whose loops do not run.
func (w *freezeFixture) unrouted(dir, databaseURL string, at time.Time) {
	w.t.Helper()
	a, err := app.New(w.t.Context(), app.Options{
		Config: app.Config{Listen: "127.0.0.1:0", DataDir: dir, DatabaseURL: databaseURL, AllowNetworks: "127.0.0.0/8"},
		Log:    slog.New(slog.DiscardHandler), Now: func() time.Time { return at }, Stderr: io.Discard,
	})
	if err != nil {
		w.t.Fatal(err)
	}
	u, err := a.Store.UserByName(w.t.Context(), "admin")
	if err == nil {
		slot := ingest.Destination{ProductID: w.products["Unrouted"].id, Scanner: "x"}
		_, err = a.Ingest.Counts(w.t.Context(), authz.UserActor(u), slot, models.Counts{Critical: 1})
	}
	if err != nil {
		w.t.Error(err)
	}
	if err := a.Close(); err != nil {
		w.t.Error(err)
	}
}

// cookieOf signs admin in and returns the cookie. By the clock of this host it has expired, so no
// cookie jar keeps it.
func cookieOf(t *testing.T, p *apptest.Program) string {
	t.Helper()
	body := encodeForm("name", "admin", "password", apptest.Password)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.URL+"/login", body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", formKind)
	res, err := newHTTPClient(t).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if err := res.Body.Close(); err != nil {
		t.Error(err)
	}
	for _, cookie := range res.Cookies() {
		if cookie.Name == sessionCookie {
			return cookie.Value
		}
	}
	t.Fatalf("sign in: %d without the cookie of a session", res.StatusCode)
	return ""
}

const sessionCookie = "gatecrier_session"

// report sends a report of the test data.
func (w *freezeFixture) report(s productFixture, query, name string) apptest.Answer {
	w.t.Helper()
	return w.c.Must(http.StatusCreated, "POST", s.path+"/reports"+query, bytes.Clone(apptest.Report(w.t, name)))
}

// observation returns the path of the newest observation of a product by its title.
func (w *freezeFixture) observation(s productFixture, nth int) string {
	w.t.Helper()
	id := w.c.Must(http.StatusOK, "GET", s.path+"/observations?limit=100", nil).ID(fmt.Sprintf("items.%d.id", nth))
	if id == 0 {
		w.t.Fatalf("%s has no observation %d", s.path, nth)
	}
	return fmt.Sprint("/observations/", id)
}
