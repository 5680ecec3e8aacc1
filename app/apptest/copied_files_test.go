package apptest_test

import (
	"errors"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"gatecrier/app"
	"gatecrier/app/apptest"
	"gatecrier/models"
	"gatecrier/models/modelstest"
)

// copyFiles copies the database and the key of a data directory, without the log of the database.
func copyFiles(t *testing.T, from string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"gatecrier.db", "secret.key"} {
		writeFile(t, filepath.Join(dir, name), readFile(t, filepath.Join(from, name)))
	}
	return dir
}

// serveFor runs the program on a data directory until it listens or ends. It returns its output and
// reports whether it listened.
func serveFor(t *testing.T, dir string) (output string, listened bool) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), serveEnv+"=1", "GATECRIER_LISTEN=127.0.0.1:0", "GATECRIER_LOG_FORMAT=json",
		"GATECRIER_DATA_DIR="+dir)
	var out lockedBuffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		cmd.Wait() //nolint:errcheck // the output says how it ended
	}()
	apptest.Eventually(t, "the program listens or ends", func() bool {
		select {
		case <-ended:
			return true
		default:
			return strings.Contains(out.String(), `"msg":"listening"`)
		}
	})
	listened = strings.Contains(out.String(), `"msg":"listening"`)
	cmd.Process.Kill() //nolint:errcheck // it can have ended
	<-ended
	return out.String(), listened
}

// A copy of both files of a running server has the installation, or is refused.
func TestCopyOfBothFiles_NeverStartsEmpty(t *testing.T) {
	t.Parallel()
	p := startProcess(t, t.TempDir())
	c := p.client(t)
	newProduct(t, c, "Shop", "")

	early := copyFiles(t, p.dir)
	said, listened := serveFor(t, early)
	if strings.Contains(said, "first start") || !listened && !strings.Contains(said, "gatecrier restore") {
		t.Errorf("the copy starts an installation of its own, or does not name the choices:\n%s", said)
	}
	apptest.Eventually(t, "an idle server has all data in the main file", func() bool {
		info, err := os.Stat(filepath.Join(p.dir, "gatecrier.db-wal"))
		return err == nil && info.Size() == 0
	})
	late := copyFiles(t, p.dir)
	if n := productsIn(t, late); n != 1 {
		t.Errorf("a copy of an idle server's files has %d products, want 1", n)
	}
	c.Must(http.StatusOK, "GET", "/products", nil)
}

// productsIn starts the program on a directory and returns the number of its products.
func productsIn(t *testing.T, dir string) int {
	t.Helper()
	p := startProcess(t, dir)
	defer p.kill()
	store, err := app.OpenStore(t.Context(), app.Options{
		Config: app.Config{DataDir: dir}, Log: slog.New(slog.DiscardHandler), Now: time.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	list, err := store.Products(t.Context(), apptest.AllProducts(), models.ProductFilter{Limit: 1000})
	if err = errors.Join(err, store.Close()); err != nil {
		t.Fatal(err)
	}
	return len(list)
}

// A key without its database, or the reverse, is half of an installation.
func TestStart_RefusesHalfOfInstallation(t *testing.T) {
	t.Parallel()
	whole := t.TempDir()
	p := startProcess(t, whole)
	newProduct(t, p.client(t), "Shop", "")
	p.kill()
	key := readFile(t, filepath.Join(whole, "secret.key"))

	for name, database := range map[string][]byte{
		"no database": nil, "an empty file": {}, "a database without tables": emptyDatabase(t),
	} {
		dir := t.TempDir()
		writeFile(t, filepath.Join(dir, "secret.key"), key)
		file := filepath.Join(dir, "gatecrier.db")
		if database != nil {
			writeFile(t, file, database)
		}
		said := startFails(t, "GATECRIER_DATA_DIR="+dir)
		for _, want := range []string{filepath.Join(dir, "secret.key"), file, "gatecrier restore", "move the key"} {
			if !strings.Contains(said, want) {
				t.Errorf("%s: it does not say %q: %s", name, want, said)
			}
		}
		if got, err := os.ReadFile(file); string(got) != string(database) || (err == nil) != (database != nil) {
			t.Errorf("%s: the refused start changed the database", name)
		}
		// A key from the environment is not beside the database.
		if err := os.Remove(filepath.Join(dir, "secret.key")); err != nil {
			t.Fatal(err)
		}
		t.Run(name, func(t *testing.T) {
			cmd := startProcessWith(t, spawnOptions{dir: dir, environment: []string{"GATECRIER_SECRET_KEY=" + string(key)}})
			cmd.kill()
		})
	}
	if err := os.Remove(filepath.Join(whole, "secret.key")); err != nil {
		t.Fatal(err)
	}
	said := startFails(t, "GATECRIER_DATA_DIR="+whole)
	for _, want := range []string{"secret.key does not exist", "put back", "GATECRIER_SECRET_KEY", "gatecrier restore"} {
		if !strings.Contains(said, want) {
			t.Errorf("without the key it does not say %q: %s", want, said)
		}
	}
}

// emptyDatabase returns a SQLite file with a header and no tables: what a server has in its main file
// while everything is in the log.
func emptyDatabase(t *testing.T) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "empty.db")
	modelstest.Statement(t, path, "PRAGMA user_version = 1")
	return readFile(t, path)
}

// lockedBuffer collects the output of a process.
type lockedBuffer struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *lockedBuffer) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(b)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
