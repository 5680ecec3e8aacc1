package engine_test

import (
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"gatecrier/models/engine"
	"gatecrier/models/modelstest"
)

// next is a migration for both databases, and later one that runs without a transaction.
const (
	next = "-- +goose Up\nALTER TABLE products ADD COLUMN color TEXT NOT NULL DEFAULT 'red';\n" +
		"CREATE TABLE colors (name TEXT PRIMARY KEY);\n"
	later = "-- +goose NO TRANSACTION\n-- +goose Up\nCREATE INDEX products_color ON products (color);\n"
)

// onEmpty runs fn with the URL of an empty database of either kind.
func onEmpty(t *testing.T, fn func(t *testing.T, url string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { fn(t, sqliteURL(t)) })
	t.Run("postgres", func(t *testing.T) { fn(t, modelstest.PostgresURL(t)) })
}

// start opens and migrates a database, as a program with these migrations does.
func start(t testing.TB, url string, files fs.FS) (*engine.DB, error) {
	t.Helper()
	db := openDB(t, engine.Options{URL: url, Migrations: files})
	err := db.Migrate(t.Context())
	return db, err
}

// run runs statements in one transaction.
func run(t testing.TB, db *engine.DB, list ...string) {
	t.Helper()
	write(t, db, func(tx *engine.Tx) error {
		for _, statement := range list {
			if _, err := tx.Exec(statement); err != nil {
				return err
			}
		}
		return nil
	})
}

// lines returns the sorted rows of a query, each in one line.
func lines(t testing.TB, db *engine.DB, query string) []string {
	t.Helper()
	var list []string
	err := db.Query(t.Context(), query, nil, func(rows *sql.Rows) error {
		columns, err := rows.Columns()
		if err != nil {
			return err
		}
		words, row := make([]string, len(columns)), make([]any, len(columns))
		for i := range row {
			row[i] = &words[i]
		}
		err = rows.Scan(row...)
		list = append(list, strings.Join(words, " "))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(list)
	return list
}

// hashes returns the rows of migration_hashes without their time.
func hashes(t testing.TB, db *engine.DB) []string {
	t.Helper()
	return lines(t, db, "SELECT CAST(version AS TEXT), name, hash FROM migration_hashes WHERE applied_at > 0")
}

// columns returns the tables and columns of a database, goose's too.
func columns(t testing.TB, db *engine.DB) []string {
	t.Helper()
	query := "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'"
	if db.Dialect() == engine.SQLite {
		query = "SELECT t.name, c.name FROM sqlite_schema t JOIN pragma_table_info(t.name) c " +
			"WHERE t.type = 'table' AND t.name <> 'sqlite_sequence'"
	}
	return lines(t, db, query)
}

// migrationState returns the schema and the rows of goose's table and of migration_hashes.
func migrationState(t testing.TB, db *engine.DB) []string {
	t.Helper()
	list := append(columns(t, db), lines(t, db, "SELECT 'applied', CAST(version_id AS TEXT) FROM goose_db_version")...)
	if slices.Contains(list, "migration_hashes version") {
		const query = "SELECT CAST(version AS TEXT), name, hash, CAST(applied_at AS TEXT) FROM migration_hashes"
		list = append(list, lines(t, db, query)...)
	}
	return list
}

func hashOf(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

func TestNextMigrationKeepsRowsAndStoresItsHash(t *testing.T) {
	onEmpty(t, func(t *testing.T, url string) {
		db, err := start(t, url, migrations(nil))
		if err != nil {
			t.Fatal(err)
		}
		run(t, db, "INSERT INTO products (name) VALUES ('Shop')")
		files := migrations(map[string]string{"00002_color.sql": next, "00003_index.sql": later})
		if db, err = start(t, url, files); err != nil {
			t.Fatal(err)
		}
		if got := lines(t, db, "SELECT name, color FROM products"); !slices.Equal(got, []string{"Shop red"}) {
			t.Errorf("products: %v", got)
		}
		want := []string{
			"1 00001_baseline.sql " + hashOf([]byte(baseline)),
			"2 00002_color.sql " + hashOf([]byte(next)),
			"3 00003_index.sql " + hashOf([]byte(later)),
		}
		if got := hashes(t, db); !slices.Equal(got, want) {
			t.Errorf("hashes: %v, want %v", got, want)
		}
		if _, err := start(t, url, files); err != nil {
			t.Errorf("start again: %v", err)
		}
		// The program from before does not know this schema.
		if _, err := start(t, url, migrations(nil)); err == nil ||
			!strings.Contains(err.Error(), "the schema is of version 3, this program knows only 1") {
			t.Errorf("an older program: %v", err)
		}
	})
}

func TestMigrate_ChangedMigration(t *testing.T) {
	onEmpty(t, func(t *testing.T, url string) {
		files := migrations(map[string]string{"00002_color.sql": next})
		db, err := start(t, url, files)
		if err != nil {
			t.Fatal(err)
		}
		before := migrationState(t, db)
		for _, name := range []string{"00001_baseline.sql", "00002_color.sql"} {
			changed := migrations(map[string]string{"00002_color.sql": next, "00003_index.sql": later})
			data := changed[db.Dialect().String()+"/"+name].Data
			data[len(data)-1] = ' ' // one byte, which means nothing to the database
			want := "migration " + name + " was changed after it was applied to this database: " +
				"run the released program that made this database, or restore a backup that was made before the change"
			if _, err := start(t, url, changed); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v", name, err)
			}
			if after := migrationState(t, db); !slices.Equal(before, after) {
				t.Errorf("%s: the database was changed: %v, before %v", name, after, before)
			}
		}
	})
}

// mismatches are statements that make a database differ from its hashes, and the errors of Migrate.
var mismatches = map[string]struct{ statement, want string }{
	"no hash": {
		"DELETE FROM migration_hashes WHERE version = 2",
		"00002_color.sql is applied, but its hash is not stored: run the released",
	},
	"no hashes": {
		"DELETE FROM migration_hashes",
		"migration 00001_baseline.sql is applied, but its hash is not stored",
	},
	"no row": {
		"DELETE FROM goose_db_version WHERE version_id = 2",
		"00002_color.sql is stored, but the migration is not applied",
	},
	"no table": {
		"DROP TABLE goose_db_version",
		"00001_baseline.sql is stored, but the migration is not applied",
	},
	"other hash": {
		"UPDATE migration_hashes SET hash = 'x' WHERE version = 2",
		"migration 00002_color.sql was changed after it was applied",
	},
	"development": {
		"DROP TABLE migration_hashes",
		"this database was made by a development build from before 0.1.0, and no release can open it: " +
			"start with a new data directory or an empty database, and import the reports again",
	},
}

func TestMigrate_HashMismatch(t *testing.T) {
	for name, test := range mismatches {
		t.Run(name, func(t *testing.T) {
			onEmpty(t, func(t *testing.T, url string) {
				files := migrations(map[string]string{"00002_color.sql": next})
				db, err := start(t, url, files)
				if err != nil {
					t.Fatal(err)
				}
				run(t, db, test.statement)
				before := columns(t, db)
				if _, err := start(t, url, files); err == nil || !strings.Contains(err.Error(), test.want) {
					t.Errorf("%v, want %s", err, test.want)
				}
				if after := columns(t, db); !slices.Equal(after, before) {
					t.Errorf("the schema was changed: %v, before %v", after, before)
				}
			})
		})
	}
}

// Development builds had fewer or more migrations than this program.
func TestMigrate_DevelopmentDatabase(t *testing.T) {
	onEmpty(t, func(t *testing.T, url string) {
		o := engine.Options{URL: url, Migrations: migrations(nil)}
		db := openDB(t, o)
		if pending, err := db.Pending(t.Context()); err != nil || !pending { // this makes goose's table
			t.Fatalf("pending = %v, %v", pending, err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		for _, version := range []string{"1", "18"} {
			db := openDB(t, o)
			run(t, db, "DELETE FROM goose_db_version WHERE version_id > 0",
				"INSERT INTO goose_db_version (version_id, is_applied) VALUES ("+version+", TRUE)")
			before := migrationState(t, db)
			if err := db.Migrate(t.Context()); err == nil ||
				!strings.Contains(err.Error(), "a development build from before 0.1.0") {
				t.Errorf("version %s: %v", version, err)
			}
			if after := migrationState(t, db); !slices.Equal(before, after) {
				t.Errorf("version %s: the database was changed: %v", version, after)
			}
			if version == "18" { // without a migration it is an empty database
				run(t, db, "DELETE FROM goose_db_version WHERE version_id > 0")
				migrate(t, db)
			}
		}
	})
}

func TestMigrate_NoMigrations(t *testing.T) {
	if err := sqliteDB(t).Migrate(t.Context()); err == nil || !strings.Contains(err.Error(), "the options have none") {
		t.Errorf("Migrate: %v", err)
	}
}
