// Package modelstest gives each test real databases of its own: a SQLite file, and a database in
// a PostgreSQL that is started for the tests.
package modelstest

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"gatecrier/models"
)

// machinery is what the tests of one process share. Main stops it.
type machinery struct {
	schema   sync.Once
	file     []byte // an empty migrated SQLite database
	fileErr  error
	server   sync.Once
	postgres *server
	pgErr    error
}

// shared is a package variable, since there is one machinery per test process.
var shared machinery

// Main runs a package's tests, with their temporary directories in memory, and then stops the
// PostgreSQL that they started:
//
//	func TestMain(m *testing.M) { os.Exit(modelstest.Main(m)) }
func Main(m interface{ Run() int }) int {
	removeTemp, err := useMemory()
	if err != nil {
		_, _ = os.Stderr.WriteString("modelstest: " + err.Error() + "\n") //nolint:errcheck // nothing else can report it
		return 1
	}
	code := m.Run()
	if err := errors.Join(shared.stop(), removeTemp()); err != nil {
		_, _ = os.Stderr.WriteString("modelstest: " + err.Error() + "\n") //nolint:errcheck // nothing else can report it
		return max(code, 1)
	}
	return code
}

// SQLite opens an empty migrated database in a file of the test's own.
func SQLite(t testing.TB) *models.Store {
	t.Helper()
	return SQLiteAt(t, time.Now)
}

// SQLiteAt is SQLite with a clock.
func SQLiteAt(t testing.TB, now func() time.Time) *models.Store {
	t.Helper()
	path := filepath.Join(t.TempDir(), "gatecrier.db")
	SQLiteFile(t, path)
	return open(t, "sqlite:"+path, now)
}

// SQLiteFile makes an empty migrated database in a file. An existing file is kept.
func SQLiteFile(t testing.TB, path string) {
	t.Helper()
	shared.schema.Do(func() { shared.file, shared.fileErr = migratedFile(t) })
	if shared.fileErr != nil {
		t.Fatalf("migrate a SQLite database: %v", shared.fileErr)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return
	}
	if err == nil {
		_, err = f.Write(shared.file)
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
}

// Postgres opens an empty migrated database of the test's own.
func Postgres(t testing.TB) *models.Store {
	t.Helper()
	return PostgresAt(t, time.Now)
}

// PostgresAt is Postgres with a clock.
func PostgresAt(t testing.TB, now func() time.Time) *models.Store {
	t.Helper()
	return open(t, MigratedURL(t), now)
}

// MigratedURL returns the URL of an empty migrated PostgreSQL database of the test's own.
func MigratedURL(t testing.TB) string {
	t.Helper()
	s := running(t)
	if err := s.migrate(t.Context()); err != nil {
		t.Fatalf("migrate a PostgreSQL database: %v", err)
	}
	return activated(t, s, s.template)
}

// PostgresURL returns the URL of an empty database of the test's own, without a schema.
func PostgresURL(t testing.TB) string {
	t.Helper()
	return activated(t, running(t), "template0")
}

// Each runs fn on an empty migrated database of each kind, in the subtests "sqlite" and
// "postgres".
func Each(t *testing.T, fn func(t *testing.T, s *models.Store)) {
	t.Helper()
	EachAt(t, time.Now, fn)
}

// EachAt is Each with a clock.
func EachAt(t *testing.T, now func() time.Time, fn func(t *testing.T, s *models.Store)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { fn(t, SQLiteAt(t, now)) })
	t.Run("postgres", func(t *testing.T) { fn(t, PostgresAt(t, now)) })
}

func open(t testing.TB, url string, now func() time.Time) *models.Store {
	t.Helper()
	s, err := models.Open(t.Context(), models.Options{URL: url, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// migratedFile returns the content of a SQLite database with the schema.
func migratedFile(t testing.TB) ([]byte, error) {
	path := filepath.Join(t.TempDir(), "schema.db")
	s, err := models.Open(t.Context(), models.Options{URL: "sqlite:" + path})
	if err != nil {
		return nil, err
	}
	if err := s.Migrate(t.Context()); err != nil {
		return nil, err
	}
	if err := s.Close(); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
}

func (m *machinery) stop() error {
	if m.postgres == nil {
		return nil
	}
	return m.postgres.stop()
}
