package apptest_test

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"gatecrier/app/apptest"
	"gatecrier/models"
	"gatecrier/models/modelstest"
)

// Every table comes to PostgreSQL and back without any change, and the program works on the copy.
func TestCopy_ThereAndBack(t *testing.T) {
	t.Parallel()
	dir, f := filledDatabase(t)
	file := filepath.Join(dir, "gatecrier.db")
	there := modelstest.PostgresURL(t)
	back := filepath.Join(t.TempDir(), "back.db")
	before := readFile(t, file)
	out := mustRun(t, nil, "copy", "sqlite:"+file, there)
	if !slices.Equal(before, readFile(t, file)) {
		t.Error("the source was changed")
	}
	for _, want := range []string{"products ", "checksums of all tables are equal", "same key"} {
		if !strings.Contains(out, want) {
			t.Errorf("it does not say %q:\n%s", want, out)
		}
	}
	rows := modelstest.Rows(t, there)
	if want := modelstest.Rows(t, "sqlite:"+file); !maps.Equal(without(rows), without(want)) {
		t.Errorf("the copy has %v\nwant %v", rows, want)
	}
	got, want := modelstest.Schema(t, there), modelstest.Schema(t, modelstest.MigratedURL(t))
	if !slices.Equal(got, want) {
		t.Errorf("the schema of the copy is\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	again := mustRun(t, nil, "copy", there, "sqlite:"+back)
	if sums(out) != sums(again) {
		t.Errorf("there:\n%s\nback:\n%s", out, again)
	}
	sameContent(t, file, back)
	for _, url := range []string{there, "sqlite:" + back} {
		worksOn(t, f, url, readFile(t, filepath.Join(dir, "secret.key")))
	}
}

// without leaves out the tables that each database has for itself.
func without(rows map[string]int) map[string]int {
	rows = maps.Clone(rows)
	delete(rows, "goose_db_version")
	delete(rows, "migration_hashes")
	return rows
}

// sums returns the table of rows and sums that the command prints.
func sums(out string) string {
	table, _, _ := strings.Cut(out, "Copied and verified")
	return table
}

// sameContent compares two SQLite files, value by value.
func sameContent(t *testing.T, a, b string) {
	t.Helper()
	from, to := modelstest.SQLiteContent(t, a), modelstest.SQLiteContent(t, b)
	for table, want := range from {
		if table == "goose_db_version" || table == "migration_hashes" || reflect.DeepEqual(to[table], want) {
			continue
		}
		t.Errorf("%s: %d rows, want %d", table, len(to[table]), len(want))
		for i := range min(len(want), len(to[table])) {
			if to[table][i] != want[i] {
				t.Errorf("  %s\nis\n  %s", want[i], to[table][i])
				break
			}
		}
	}
	const sequences = "SELECT sum(seq) FROM sqlite_sequence WHERE name <> 'goose_db_version'"
	got, want := modelstest.Number(t, "sqlite:"+b, sequences), modelstest.Number(t, "sqlite:"+a, sequences)
	if got != want {
		t.Errorf("the highest ids add up to %d, want %d", got, want)
	}
}

// worksOn starts the program on a copy of the stored database: the figures, the tokens and sessions,
// the rights and the secrets are the old ones, and new ids are new.
func worksOn(t *testing.T, f frozen, url string, key []byte) {
	t.Helper()
	o := apptest.Options{Dir: t.TempDir(), DatabaseURL: url, StartTime: f.At}
	writeFile(t, filepath.Join(o.Dir, "secret.key"), key)
	highest := modelstest.Number(t, url, "SELECT max(id) FROM products") + 1000
	p := apptest.Start(t, o)
	k := f.Keys["sqlite"]
	c := apptest.NewClient(t, p.URL, k.Tokens["admin"])
	w := &upgradedProgram{t: t, p: p, c: c, f: f, k: k, receiver: apptest.NewReceiver(t), products: map[string]string{}}
	a := c.Must(http.StatusOK, "GET", "/products?limit=100", nil)
	for i := range itemCount(a) {
		item := fmt.Sprintf("items.%d.", i)
		w.products[fmt.Sprint(a.Get(item+"name"))] = fmt.Sprint("/products/", a.ID(item+"id"))
	}
	w.checkOldKeys()
	if id := c.Must(http.StatusCreated, "POST", "/products", object{"name": "New"}).ID("id"); id <= highest {
		t.Errorf("%s: a new product has the id %d, which an old one had", url, id)
	}
	c.Must(http.StatusNoContent, "DELETE", w.products["Shop"], nil) // foreign keys cascade
	p.Stop()
}

// A copy that is killed at any point is finished by the next one. Until then no program uses it.
func TestCopy_KilledAndResumed(t *testing.T) {
	t.Parallel()
	rows := envInt(t, "GATECRIER_COPY", 15_000)
	dir := t.TempDir()
	file := filepath.Join(dir, "gatecrier.db")
	manyNotifications(t, file, rows)
	there := modelstest.PostgresURL(t)
	toThere := []string{"copy", "sqlite:" + file, there}
	killedCopies(t, rows, there, toThere, append(dataDir(t.TempDir()), "GATECRIER_DATABASE_URL="+there))
	back := filepath.Join(t.TempDir(), "gatecrier.db")
	toBack := []string{"copy", there, "sqlite:" + back}
	killedCopies(t, rows, "sqlite:"+back, toBack, dataDir(filepath.Dir(back)))
	if rows <= 100_000 {
		sameContent(t, file, back)
	}
}

// killedCopies kills copies when they have copied some rows, and finishes them.
func killedCopies(t *testing.T, rows int, target string, args, environment []string) {
	t.Helper()
	begin := time.Now()
	resumed := 0
	for i := range 4 {
		cmd := commandProcess(t, nil, args...)
		var out strings.Builder
		cmd.Stdout, cmd.Stderr = &out, &out
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan struct{})
		go func() {
			cmd.Wait() //nolint:errcheck // it was killed
			close(ended)
		}()
		reached := waitForRows(t, target, int64(rows/4*i), ended)
		cmd.Process.Kill() //nolint:errcheck // it can have ended
		<-ended
		if !reached {
			t.Fatalf("it ended before %d rows: %s", rows/4*i, &out)
		}
		if _, unfinished := copiedSoFar(t, target); unfinished {
			resumed++
			if said := startFails(t, environment...); !strings.Contains(said, "a copy into this database is not finished") {
				t.Errorf("serve says %s", said)
			}
		}
	}
	if out := mustRun(t, nil, args...); resumed == 0 || !strings.Contains(out, "Finished the interrupted copy") {
		t.Errorf("%d were interrupted; the last says %s", resumed, out)
	}
	t.Logf("%d rows to %s with %d kills: %s", rows, strings.SplitN(target, ":", 2)[0], resumed, time.Since(begin))
}

// waitForRows reports whether a copy has committed some rows before it ends.
func waitForRows(t *testing.T, target string, rows int64, ended <-chan struct{}) bool {
	t.Helper()
	for {
		if done, unfinished := copiedSoFar(t, target); unfinished && done >= rows {
			return true
		}
		select {
		case <-ended:
			return false
		default:
		}
	}
}

// copiedSoFar returns how many rows a copy has committed, and whether it is unfinished.
func copiedSoFar(t *testing.T, target string) (rows int64, unfinished bool) {
	t.Helper()
	exists := "SELECT count(*) FROM sqlite_schema WHERE name = 'gatecrier_copying'"
	if path, ok := strings.CutPrefix(target, "sqlite:"); !ok {
		exists = "SELECT count(*) FROM pg_tables WHERE tablename = 'gatecrier_copying'"
	} else if _, err := os.Stat(path); err != nil {
		return 0, false
	}
	if modelstest.Number(t, target, exists) == 0 {
		return 0, false
	}
	return modelstest.Number(t, target, "SELECT CAST(coalesce(sum(n), 0) AS BIGINT) FROM gatecrier_copying"), true
}

// manyNotifications makes a SQLite database with many events and their notifications.
func manyNotifications(t *testing.T, file string, n int) {
	t.Helper()
	modelstest.SQLiteFile(t, file)
	modelstest.Statement(t, file, "INSERT INTO products (name, created_at, updated_at) VALUES ('Shop', 1, 1)")
	for _, statement := range []string{
		`WITH RECURSIVE c (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < ?)
		INSERT INTO events (uuid, type, version, product_id, at, payload)
		SELECT 'event ' || i, 'gate.changed', 1, 1, i, '{"number":' || i || ',"why":"1 critical (threshold 0)"}' FROM c`,
		`INSERT INTO notifications (event_id, product_id, type, tone, severity, at, name, message)
		SELECT id, 1, type, 'bad', CASE WHEN id % 3 = 0 THEN 1 END, at, 'Security gate failed',
			'The gate of Shop failed for the time ' || id || ': é "quoted"' FROM events WHERE id <= ?`,
	} {
		modelstest.Statement(t, file, statement, n)
	}
}

// A copy that cannot be right is refused, with a way out, and changes nothing.
func TestCopy_Refuses(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "gatecrier.db")
	manyNotifications(t, file, 10)
	source, empty := "sqlite:"+file, modelstest.PostgresURL(t)
	refused := func(want string, args ...string) {
		t.Helper()
		code, out := command(t, nil, append([]string{"copy"}, args...)...)
		if code != 1 || !strings.Contains(out, want) || strings.Count(out, "\n") != 1 {
			t.Errorf("%v: exit %d, want %q: %s", args, code, want, out)
		}
	}
	refused("use gatecrier backup", source, "sqlite:"+file+"2")
	refused("use gatecrier backup", empty, empty)
	refused("a database URL begins with", "mysql://x", empty)
	refused("no database at", "sqlite:"+file+"3", empty)
	refused("it has no data of gatecrier", empty, "sqlite:"+filepath.Join(t.TempDir(), "new.db"))

	filled := modelstest.MigratedURL(t)
	modelstest.PostgresStatement(t, filled, "INSERT INTO leases VALUES ('x', 'y', 1)")
	refused("it has data already (table leases): name an empty database", source, filled)

	p := startProcess(t, t.TempDir())
	refused("stop it first", "sqlite:"+filepath.Join(p.dir, "gatecrier.db"), empty)
	p.kill()
	used := modelstest.PostgresURL(t)
	p = startProcessWith(t, spawnOptions{dir: t.TempDir(), database: used})
	refused("stop all gatecrier servers", used, "sqlite:"+filepath.Join(t.TempDir(), "new.db"))
	p.kill()

	modelstest.Statement(t, file, "UPDATE notifications SET message = 'a' || char(0) || 'b' WHERE event_id IN (3, 5)")
	modelstest.Statement(t, file, "UPDATE events SET payload = CAST(x'ff41' AS TEXT) WHERE id = 7")
	refused(`table events, id "7", column payload: it is not valid UTF-8; `+
		`table notifications, event_id "3", column message: it has the character U+0000; `+
		`table notifications, event_id "5", column message: it has the character U+0000. Nothing was copied.`, source, empty)
	if rows := modelstest.Rows(t, empty); len(rows) != 0 {
		t.Errorf("the target has %v", rows)
	}
	out := mustRun(t, nil, "copy", "--replace-invalid", source, empty)
	if !strings.Contains(out, "3 texts had characters") {
		t.Errorf("it says %s", out)
	}
	const changed = "SELECT count(*) FROM notifications WHERE message = 'a' || chr(65533) || 'b'"
	if n := modelstest.Number(t, empty, changed); n != 2 {
		t.Errorf("%d messages with U+FFFD, want 2", n)
	}
}

// A half copy is finished only from what it was begun with.
func TestCopy_RefusesChangedSource(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "gatecrier.db")
	manyNotifications(t, file, 10)
	target := modelstest.PostgresURL(t)
	ctx, cancel := context.WithCancel(t.Context())
	_, err := models.Copy(ctx, models.CopyOptions{
		From: "sqlite:" + file, To: target,
		Progress: func(step, table string, _, _ int64) {
			if step == "copy" && table == "events" {
				cancel()
			}
		},
	})
	if rows, unfinished := copiedSoFar(t, target); err == nil || rows != 10 || !unfinished {
		t.Fatalf("%d rows, %v", rows, err)
	}
	modelstest.Statement(t, file, "UPDATE events SET actor = 'somebody' WHERE id = 1")
	code, out := command(t, nil, "copy", "sqlite:"+file, target)
	if code != 1 || !strings.Contains(out, "or the source was changed since: copy into an empty database") {
		t.Errorf("exit %d: %s", code, out)
	}
	modelstest.Statement(t, file, "UPDATE events SET actor = '' WHERE id = 1")
	mustRun(t, nil, "copy", "sqlite:"+file, target)
}

// The commands of the operations guide work as they are written.
func TestCopy_DocumentedCommands(t *testing.T) {
	t.Parallel()
	p := startProcess(t, t.TempDir())
	newProduct(t, p.client(t), "Shop", "")
	p.kill()
	s := newShell(t, documentedCommands(t, "docs/operations.md", "Move to PostgreSQL and back", "Check the installation"))
	s.environment = []string{"POSTGRES=" + modelstest.PostgresURL(t)}
	data := filepath.Join(s.dir, "data")
	if err := os.Rename(p.dir, data); err != nil {
		t.Fatal(err)
	}
	for len(s.rest) > 0 {
		s.run(data, s.rest[0])
	}
	back := filepath.Join(s.dir, "back")
	writeFile(t, filepath.Join(back, "secret.key"), readFile(t, filepath.Join(data, "secret.key")))
	if n := productsIn(t, back); n != 1 {
		t.Errorf("%d products, want 1", n)
	}
}
