package apptest_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"gatecrier/app/apptest"
	"gatecrier/models/modelstest"
)

// A database that this program cannot bring up to date is refused in one line, and keeps every byte.
func TestServeAndMigrate_RefuseUnknownSchema(t *testing.T) {
	for name, test := range map[string]struct{ statement, want string }{
		"development build": {
			"DROP TABLE migration_hashes; UPDATE goose_db_version SET version_id = 18 WHERE version_id = 1",
			"gatecrier: store: this database was made by a development build from before 0.1.0, and no release can open it: " +
				"start with a new data directory or an empty database, and import the reports again\n",
		},
		"changed migration": {
			"UPDATE migration_hashes SET hash = 'of another file'",
			"gatecrier: store: migration 00001_baseline.sql was changed after it was applied to this database: " +
				"run the released program that made this database, or restore a backup that was made before the change\n",
		},
		"newer schema": {
			"INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, 1); " +
				"INSERT INTO migration_hashes VALUES (99, '00099_x.sql', 'x', 1)",
			"gatecrier: store: the schema is of version 99, this program knows only " + lastMigration(t) +
				": start a newer one\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			apptest.Start(t, apptest.Options{Dir: dir}).Stop()
			file := filepath.Join(dir, "gatecrier.db")
			modelstest.Statement(t, file, test.statement)
			before := readFile(t, file)
			if said := startFails(t, "GATECRIER_DATA_DIR="+dir); said != test.want {
				t.Errorf("serve says: %s", said)
			}
			t.Setenv("GATECRIER_DATA_DIR", dir)
			if code, out, errs := runCommand(t, "migrate"); code != 1 || out != "" || errs != test.want {
				t.Errorf("migrate: exit %d %s%s", code, out, errs)
			}
			if !bytes.Equal(before, readFile(t, file)) {
				t.Error("the database was changed")
			}
			if _, err := os.Stat(file + "-wal"); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("the database was written to: %v", err)
			}
		})
	}
}

func TestServeAndMigrate_RefuseDevelopmentDatabaseOnPostgres(t *testing.T) {
	url := modelstest.MigratedURL(t)
	modelstest.PostgresStatement(t, url, "DROP TABLE migration_hashes")
	want := "this database was made by a development build from before 0.1.0"
	dir := filepath.Join(t.TempDir(), "data")
	if said := startFails(t, "GATECRIER_DATA_DIR="+dir, "GATECRIER_DATABASE_URL="+url); !strings.Contains(said, want) ||
		strings.Count(said, "\n") != 1 {
		t.Errorf("serve says: %s", said)
	}
	t.Setenv("GATECRIER_DATA_DIR", dir)
	t.Setenv("GATECRIER_DATABASE_URL", url)
	if code, out, errs := runCommand(t, "migrate"); code != 1 || out != "" || !strings.Contains(errs, want) ||
		strings.Count(errs, "\n") != 1 {
		t.Errorf("migrate: exit %d %s%s", code, out, errs)
	}
}

// lastMigration returns the number of the newest migration.
func lastMigration(t *testing.T) string {
	t.Helper()
	files, err := filepath.Glob("../../models/migrations/sqlite/*.sql")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	return strconv.Itoa(len(files))
}
