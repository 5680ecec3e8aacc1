package models_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"gatecrier/models"
	"gatecrier/models/modelstest"
)

// next is a made-up migration for both databases, and later one that runs without a transaction.
const (
	next = "-- +goose Up\nALTER TABLE products ADD COLUMN color TEXT NOT NULL DEFAULT 'red';\n" +
		"CREATE TABLE colors (name TEXT PRIMARY KEY);\n"
	later = "-- +goose NO TRANSACTION\n-- +goose Up\nCREATE INDEX products_color ON products (color);\n"
)

// withMigrations returns the files of this program's migrations and of more, by name.
func withMigrations(t testing.TB, more map[string]string) fstest.MapFS {
	t.Helper()
	files := fstest.MapFS{}
	for _, dialect := range []models.Dialect{models.SQLite, models.Postgres} {
		dir := "migrations/" + dialect.String()
		entries, err := os.ReadDir(filepath.FromSlash(dir))
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			text, err := os.ReadFile(filepath.Join(filepath.FromSlash(dir), e.Name()))
			if err != nil {
				t.Fatal(err)
			}
			files[dir+"/"+e.Name()] = &fstest.MapFile{Data: text}
		}
		for name, text := range more {
			files[dir+"/"+name] = &fstest.MapFile{Data: []byte(text)}
		}
	}
	return files
}

// onEmpty runs fn with the URL of an empty database of either kind.
func onEmpty(t *testing.T, fn func(t *testing.T, url string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { fn(t, "sqlite:"+filepath.Join(t.TempDir(), "x.db")) })
	t.Run("postgres", func(t *testing.T) { fn(t, modelstest.PostgresURL(t)) })
}

// start opens a database as a program with these migrations does, nil for this program's own.
func start(t testing.TB, url string, files fs.FS) (*models.Store, error) {
	t.Helper()
	s, err := models.Open(t.Context(), models.Options{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil && !errors.Is(err, models.ErrClosed) {
			t.Error(err)
		}
	})
	if files != nil {
		s.SetMigrations(files)
	}
	err = s.Migrate(t.Context())
	return s, err
}

// run runs statements in one transaction.
func run(t testing.TB, s *models.Store, list ...string) {
	t.Helper()
	write(t, s, func(tx *models.Tx) error {
		for _, statement := range list {
			if _, err := tx.Exec(statement); err != nil {
				return err
			}
		}
		return nil
	})
}

// migrationState returns what goose's table, ours and the schema say.
func migrationState(t testing.TB, s *models.Store) []string {
	t.Helper()
	list := lines(t, s, "SELECT 'applied', CAST(version_id AS TEXT) FROM goose_db_version")
	for table, columns := range tables(t, s) {
		list = append(list, table+": "+strings.Join(columns, " "))
		if table == "migration_hashes" {
			list = append(
				list,
				lines(t, s, "SELECT CAST(version AS TEXT), name, hash, CAST(applied_at AS TEXT) FROM migration_hashes")...)
		}
	}
	slices.Sort(list)
	return list
}

func hashOf(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

func TestNextMigrationKeepsRowsAndStoresItsHash(t *testing.T) {
	onEmpty(t, func(t *testing.T, url string) {
		s, err := start(t, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		run(t, s, "INSERT INTO products (name, created_at, updated_at) VALUES ('Shop', 1, 1)")
		files := withMigrations(t, map[string]string{"00002_color.sql": next, "00003_index.sql": later})
		if s, err = start(t, url, files); err != nil {
			t.Fatal(err)
		}
		if got := lines(t, s, "SELECT name, color FROM products"); !slices.Equal(got, []string{"Shop red"}) {
			t.Errorf("products: %v", got)
		}
		dir := "migrations/" + s.Dialect().String() + "/"
		want := []string{
			"1 00001_baseline.sql " + hashOf(files[dir+"00001_baseline.sql"].Data),
			"2 00002_color.sql " + hashOf([]byte(next)),
			"3 00003_index.sql " + hashOf([]byte(later)),
		}
		if got := lines(
			t,
			s,
			"SELECT CAST(version AS TEXT), name, hash FROM migration_hashes WHERE applied_at > 0",
		); !slices.Equal(got, want) {
			t.Errorf("hashes: %v, want %v", got, want)
		}
		if _, err := start(t, url, files); err != nil {
			t.Errorf("start again: %v", err)
		}
		// The program from before does not know this schema.
		if _, err := start(t, url, nil); err == nil ||
			!strings.Contains(err.Error(), "the schema is of version 3, this program knows only 1") {
			t.Errorf("an older program: %v", err)
		}
	})
}

func TestChangedMigrationIsRefused(t *testing.T) {
	onEmpty(t, func(t *testing.T, url string) {
		files := withMigrations(t, map[string]string{"00002_color.sql": next})
		s, err := start(t, url, files)
		if err != nil {
			t.Fatal(err)
		}
		before := migrationState(t, s)
		for _, name := range []string{"00001_baseline.sql", "00002_color.sql"} {
			changed := withMigrations(t, map[string]string{"00002_color.sql": next, "00003_index.sql": later})
			data := changed["migrations/"+s.Dialect().String()+"/"+name].Data
			data[len(data)-1] = ' ' // one byte, which means nothing to the database
			want := "migration " + name + " was changed after it was applied to this database: " +
				"run the released program that made this database, or restore a backup that was made before the change"
			if _, err := start(t, url, changed); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v", name, err)
			}
			if after := migrationState(t, s); !slices.Equal(before, after) {
				t.Errorf("%s: the database was changed: %v, before %v", name, after, before)
			}
		}
	})
}

func TestDatabaseThatDoesNotFitItsHashesIsRefused(t *testing.T) {
	for name, test := range map[string]struct{ statement, want string }{
		"no hash":    {"DELETE FROM migration_hashes WHERE version = 2", "00002_color.sql is applied, but its hash is not stored: run the released"},
		"no hashes":  {"DELETE FROM migration_hashes", "migration 00001_baseline.sql is applied, but its hash is not stored"},
		"no row":     {"DELETE FROM goose_db_version WHERE version_id = 2", "00002_color.sql is stored, but the migration is not applied"},
		"no table":   {"DROP TABLE goose_db_version", "00001_baseline.sql is stored, but the migration is not applied"},
		"other hash": {"UPDATE migration_hashes SET hash = 'x' WHERE version = 2", "migration 00002_color.sql was changed after it was applied"},
		"development": {"DROP TABLE migration_hashes", "this database was made by a development build from before 0.1.0, " +
			"and no release can open it: " +
			"start with a new data directory or an empty database, and import the reports again"},
	} {
		t.Run(name, func(t *testing.T) {
			onEmpty(t, func(t *testing.T, url string) {
				files := withMigrations(t, map[string]string{"00002_color.sql": next})
				s, err := start(t, url, files)
				if err != nil {
					t.Fatal(err)
				}
				run(t, s, test.statement)
				before := tables(t, s)
				if _, err := start(t, url, files); err == nil || !strings.Contains(err.Error(), test.want) {
					t.Errorf("%v, want %s", err, test.want)
				}
				if after := tables(t, s); len(after) != len(before) {
					t.Errorf("tables: %d, before %d", len(after), len(before))
				}
			})
		})
	}
}

// A development build with fewer or more migrations than this program has is one all the same.
func TestDevelopmentDatabaseIsRefused(t *testing.T) {
	onEmpty(t, func(t *testing.T, url string) {
		s, err := models.Open(t.Context(), models.Options{URL: url})
		if err != nil {
			t.Fatal(err)
		}
		if pending, err := s.Pending(t.Context()); err != nil || !pending { // this makes goose's table
			t.Fatalf("pending = %v, %v", pending, err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		for _, version := range []string{"1", "18"} {
			s, err := models.Open(t.Context(), models.Options{URL: url})
			if err != nil {
				t.Fatal(err)
			}
			run(t, s, "DELETE FROM goose_db_version WHERE version_id > 0",
				"INSERT INTO goose_db_version (version_id, is_applied) VALUES ("+version+", TRUE)")
			before := migrationState(t, s)
			if err := s.Migrate(t.Context()); err == nil ||
				!strings.Contains(err.Error(), "a development build from before 0.1.0") {
				t.Errorf("version %s: %v", version, err)
			}
			if after := migrationState(t, s); !slices.Equal(before, after) {
				t.Errorf("version %s: the database was changed: %v", version, after)
			}
			if version == "18" { // without a migration it is an empty database
				run(t, s, "DELETE FROM goose_db_version WHERE version_id > 0")
				migrate(t, s)
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		}
	})
}
