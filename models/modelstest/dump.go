package modelstest

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	_ "github.com/mattn/go-sqlite3" // the driver "sqlite3"
)

// DumpSQLite returns a copy of the SQLite database in a file, without free pages.
func DumpSQLite(t testing.TB, path string) []byte {
	t.Helper()
	to := filepath.Join(t.TempDir(), "copy.db")
	query(t, "sqlite3", "file:"+path, func(ctx context.Context, db *sql.DB) error {
		_, err := db.ExecContext(ctx, "VACUUM INTO ?", to)
		return err
	})
	content, err := os.ReadFile(to)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// DumpPostgres returns the schema and the rows of a PostgreSQL database as SQL. LoadPostgres loads
// it into the version of the server that it was made with, or a newer one.
func DumpPostgres(t testing.TB, databaseURL string) []byte {
	t.Helper()
	bin, err := programs()
	if err == nil {
		bin, err = filepath.EvalSymlinks(filepath.Join(bin, "initdb"))
	}
	if err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	program := filepath.Join(filepath.Dir(bin), "pg_dump") // the version of initdb, and so of the server
	args := []string{
		"--inserts", "--rows-per-insert=100", "--no-owner", "--no-privileges", "--encoding=UTF8", "--dbname=" + databaseURL,
	}
	dump := exec.CommandContext(t.Context(), program, args...) //nolint:gosec // PostgreSQL's own program
	dump.Env, dump.Stdout, dump.Stderr = append(os.Environ(), "LC_ALL=C", "TZ=UTC"), &out, &errs
	if err := dump.Run(); err != nil {
		t.Fatalf("pg_dump: %v\n%s", err, &errs)
	}
	return []byte(plainSQL(out.String()))
}

// plainSQL leaves the commands of psql out of a dump, and settings, which other versions of the
// server do not know. Both come before the first table and after the last statement only, so that
// no line of a value is taken for one.
func plainSQL(dump string) string {
	lines := strings.Split(dump, "\n")
	first, last := 0, len(lines)
	for first < last && !strings.HasPrefix(lines[first], "CREATE ") {
		first++
	}
	for last > first && !strings.HasSuffix(lines[last-1], ";") {
		last--
	}
	var kept []string
	inTables := true // until the first row: only there are settings between statements
	for _, line := range lines[first:last] {
		inTables = inTables && !strings.HasPrefix(line, "INSERT ")
		if inTables && (strings.HasPrefix(line, "SET ") || line == "" || strings.HasPrefix(line, "--")) {
			continue
		}
		kept = append(kept, line)
	}
	return strings.Join(kept, "\n") + "\n"
}

// LoadPostgres returns the URL of a database of the test's own with what DumpPostgres returned.
func LoadPostgres(t testing.TB, dump []byte) string {
	t.Helper()
	databaseURL := PostgresURL(t)
	conn, err := pgx.Connect(t.Context(), databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	_, err = conn.PgConn().Exec(t.Context(), string(dump)).ReadAll()
	if err = errors.Join(err, conn.Close(t.Context())); err != nil {
		t.Fatalf("load a dump: %v", err)
	}
	return databaseURL
}

// Rows returns the number of rows of each table of the database with a URL as models.Open takes it.
func Rows(t testing.TB, databaseURL string) map[string]int {
	t.Helper()
	driver, name := opening(databaseURL)
	tables := "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
	if driver == "sqlite3" {
		tables = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
	}
	counts := map[string]int{}
	query(t, driver, name, func(ctx context.Context, db *sql.DB) error {
		list, err := texts(ctx, db, tables)
		for _, table := range list {
			var n int
			err = errors.Join(err, db.QueryRowContext(ctx, fmt.Sprintf("SELECT count(*) FROM %q", table)).Scan(&n))
			counts[table] = n
		}
		return err
	})
	return counts
}

// Schema describes the tables, columns, indexes and constraints of a database, sorted.
func Schema(t testing.TB, databaseURL string) (list []string) {
	t.Helper()
	driver, name := opening(databaseURL)
	described := `SELECT concat_ws(' ', table_name, column_name, data_type, is_nullable, column_default)
			FROM information_schema.columns WHERE table_schema = 'public'
		UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
		UNION ALL SELECT concat_ws(' ', conrelid::regclass, conname, pg_get_constraintdef(oid))
			FROM pg_constraint WHERE connamespace = 'public'::regnamespace`
	if driver == "sqlite3" {
		described = `SELECT type || ' ' || name || ' ' || sql FROM sqlite_schema
			WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'`
	}
	query(t, driver, name, func(ctx context.Context, db *sql.DB) (err error) {
		list, err = texts(ctx, db, described)
		return err
	})
	slices.Sort(list)
	return list
}

// opening returns how a database is opened.
func opening(databaseURL string) (driver, name string) {
	if path, ok := strings.CutPrefix(databaseURL, "sqlite:"); ok {
		return "sqlite3", "file:" + path
	}
	return "pgx", databaseURL
}

// texts returns the only column of a query.
func texts(ctx context.Context, db *sql.DB, text string) (list []string, err error) {
	rows, err := db.QueryContext(ctx, text)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			return nil, err
		}
		list = append(list, s)
	}
	return list, rows.Err()
}

// query calls fn with a database that no program has open.
func query(t testing.TB, driver, name string, fn func(ctx context.Context, db *sql.DB) error) {
	t.Helper()
	db, err := sql.Open(driver, name)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(fn(t.Context(), db), db.Close()); err != nil {
		t.Fatal(err)
	}
}
