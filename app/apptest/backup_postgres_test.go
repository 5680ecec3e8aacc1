package apptest_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gatecrier/app/apptest"
	"gatecrier/models"
	"gatecrier/models/modelstest"
)

// A backup of PostgreSQL is restored into an empty database, where messages are held.
func TestBackupPostgres(t *testing.T) {
	t.Parallel()
	receiver := apptest.NewReceiver(t)
	dir, url := t.TempDir(), modelstest.PostgresURL(t)
	p := startProcessWith(t, spawnOptions{dir: dir, database: url})
	c := p.client(t)
	s := newProduct(t, c, "Shop", receiver.URL)
	receiver.Answer(http.StatusServiceUnavailable)
	c.Must(http.StatusOK, "PUT", s.path+"/counts", object{"scanner": "x", "counts": criticalCounts(1)})
	apptest.Eventually(t, "the message waits for another attempt", func() bool {
		return itemCount(c.Must(http.StatusOK, "GET", "/deliveries?state=retrying", nil)) == 1
	})
	file := filepath.Join(t.TempDir(), "backup")
	from := append(dataDir(dir), "GATECRIER_DATABASE_URL="+url)
	out := mustRun(t, from, "backup", "--with-key", file)
	if !strings.Contains(out, "1 product,") || !strings.Contains(out, "1 delivery;") {
		t.Errorf("it says %s", out)
	}
	p.kill()

	target, empty := t.TempDir(), modelstest.PostgresURL(t)
	to := append(dataDir(target), "GATECRIER_DATABASE_URL="+empty)
	refused := func(environment []string, want string, args ...string) {
		t.Helper()
		code, out := command(t, environment, args...)
		if code != 1 || !strings.Contains(out, want) {
			t.Errorf("%v: exit %d, want %q: %s", args, code, want, out)
		}
	}
	refused(from, "the database has tables", "restore", file)
	refused(dataDir(target), "it is a backup of PostgreSQL", "restore", file)
	without := []string{"PATH=" + t.TempDir()}
	refused(append(from, without...), "pg_dump is not installed", "backup", filepath.Join(t.TempDir(), "other"))
	refused(append(to, without...), "pg_restore is not installed", "restore", file)
	mustRun(t, to, "restore", file)
	receiver.Answer()
	restored := startProcessWith(t, spawnOptions{dir: target, database: empty})
	c = restored.client(t)
	a := c.Must(http.StatusOK, "GET", "/held-deliveries", nil)
	if a.ID("count") != 1 || a.Get("waiting") != true {
		t.Errorf("held: %s", a.Text)
	}
	sent := len(receiver.Messages())
	c.Must(http.StatusOK, "POST", "/held-deliveries/send", nil)
	receiver.Wait(t, sent+1)
	if _, err := os.Stat(filepath.Join(target, "secret.key")); err != nil {
		t.Error(err)
	}
}

// A database whose restore was interrupted is opened by no program until a restore is finished.
func TestRestorePostgres_Interrupted(t *testing.T) {
	t.Parallel()
	dir, url := t.TempDir(), modelstest.PostgresURL(t)
	p := startProcessWith(t, spawnOptions{dir: dir, database: url})
	newProduct(t, p.client(t), "Shop", "")
	p.kill()
	file := filepath.Join(t.TempDir(), "backup")
	mustRun(t, append(dataDir(dir), "GATECRIER_DATABASE_URL="+url), "backup", "--with-key", file)
	target, empty := t.TempDir(), modelstest.PostgresURL(t)
	to := append(dataDir(target), "GATECRIER_DATABASE_URL="+empty)
	mustRun(t, to, "restore", file)
	again, err := models.BeginPostgresRestore(t.Context(), modelstest.PostgresURL(t))
	if again || err != nil {
		t.Fatalf("the first restore: %v, %v", again, err)
	}
	// As after a kill between pg_restore and the end.
	modelstest.PostgresStatement(t, empty, "CREATE TABLE gatecrier_restoring (began_at TIMESTAMPTZ)")
	if said := startFails(t, to...); !strings.Contains(said, "a restore into this database is not finished") {
		t.Errorf("it says %s", said)
	}
	mustRun(t, to, "restore", file)
	restored := startProcessWith(t, spawnOptions{dir: target, database: empty})
	if n := itemCount(restored.client(t).Must(http.StatusOK, "GET", "/products", nil)); n != 1 {
		t.Errorf("%d products, want 1", n)
	}
}

// A rotation seals the secrets of PostgreSQL too.
func TestKeyRotate_Postgres(t *testing.T) {
	t.Parallel()
	receiver := apptest.NewReceiver(t)
	url := modelstest.PostgresURL(t)
	dir := installationWithSecrets(t, url, 2, receiver.URL)
	old := readFile(t, filepath.Join(dir, "secret.key"))
	mustRun(t, append(dataDir(dir), "GATECRIER_DATABASE_URL="+url), "key", "rotate")
	if string(readFile(t, filepath.Join(dir, "secret.key"))) == string(old) {
		t.Error("the key is the old one")
	}
	sendsWith(t, spawnOptions{dir: dir, database: url}, receiver, 2)
}
