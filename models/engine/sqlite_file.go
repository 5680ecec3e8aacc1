package engine

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"
)

// copyLook is the time between two reports of the progress of a copy.
const copyLook = 200 * time.Millisecond

// CopySQLite writes a copy of a SQLite database to a new file, with all that was committed when it
// began and nothing else. Other programs can read and write meanwhile. progress gets the bytes that
// are written and about how many there will be.
func CopySQLite(ctx context.Context, from, to string, progress func(done, total int64)) (err error) {
	if _, err := os.Stat(from); err != nil {
		return err
	}
	db, err := openFile(ctx, from, "mode=ro&_busy_timeout=10000", 1)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	var pages, free, size int64
	err = db.QueryRowContext(ctx, `
		SELECT p.page_count, f.freelist_count, s.page_size
		FROM pragma_page_count p, pragma_freelist_count f, pragma_page_size s`).Scan(&pages, &free, &size)
	if err != nil {
		return err
	}
	total, done := (pages-free)*size, make(chan error, 1)
	go func() {
		_, err := db.ExecContext(ctx, "VACUUM INTO ?", to)
		done <- err
	}()
	ticker := time.NewTicker(copyLook)
	defer ticker.Stop()
	for {
		select {
		case err := <-done:
			return err
		case <-ticker.C:
			if info, err := os.Stat(to); err == nil {
				progress(min(info.Size(), total), total)
			}
		}
	}
}

// sqliteTables lists the tables of a SQLite file.
const sqliteTables = `
	SELECT name
	FROM sqlite_schema
	WHERE type = 'table'
	AND name NOT LIKE 'sqlite\_%' ESCAPE '\'
	ORDER BY name`

// FileContent is what a SQLite file has.
type FileContent struct {
	Schema int64            // the version of its newest migration, 0 for none
	Rows   map[string]int64 // by table

	// Orphans are texts about the first rows of a SQLite file that refer to a row that does not exist.
	Orphans []string
}

// ReadSQLite checks the structure and the foreign keys of a SQLite file that no program writes to, and
// counts its rows. Broken foreign keys are no error: they are in the content. It creates no files
// beside it.
func ReadSQLite(ctx context.Context, path string) (c FileContent, err error) {
	if _, err := os.Stat(path); err != nil {
		return c, err
	}
	db, err := openFile(ctx, path, "mode=ro&immutable=1&_query_only=1", 1)
	if err != nil {
		return c, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := checkIntegrity(ctx, db); err != nil {
		return c, err
	}
	if c, err = readContent(ctx, db, sqliteTables); err != nil {
		return c, err
	}
	c.Orphans, err = readTexts(ctx, db, orphansSQL)
	return c, err
}

// checkIntegrity returns an error with the first problems of a SQLite file's structure.
func checkIntegrity(ctx context.Context, db *sql.DB) error {
	problems, err := readTexts(ctx, db, "PRAGMA integrity_check(3)")
	if err != nil {
		return err
	}
	if len(problems) != 1 || problems[0] != "ok" {
		return fmt.Errorf("the database is damaged: %s", strings.Join(problems, "; "))
	}
	return nil
}

// contentReader is a pool or a transaction.
type contentReader interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// readContent counts the rows of all tables that a query lists.
func readContent(ctx context.Context, db contentReader, listTables string) (FileContent, error) {
	c := FileContent{Rows: map[string]int64{}}
	tables, err := readTexts(ctx, db, listTables)
	if err != nil {
		return c, err
	}
	if slices.Contains(tables, copyingTable) {
		return c, errUnfinishedCopy
	}
	for _, table := range tables {
		var n int64
		name := `"` + strings.ReplaceAll(table, `"`, `""`) + `"`
		if err := db.QueryRowContext(ctx, "SELECT count(*) FROM "+name).Scan(&n); err != nil {
			return c, fmt.Errorf("count the rows of %s: %w", table, err)
		}
		c.Rows[table] = n
	}
	if _, ok := c.Rows["goose_db_version"]; ok {
		err = db.QueryRowContext(ctx, "SELECT coalesce(max(version_id), 0) FROM goose_db_version").Scan(&c.Schema)
	}
	return c, err
}

func readTexts(ctx context.Context, db contentReader, query string) (list []string, err error) {
	rows, err := db.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return nil, err
		}
		list = append(list, text)
	}
	return list, rows.Err()
}

// SQLiteHasTables reports whether a SQLite file exists and has any table. It changes nothing.
func SQLiteHasTables(ctx context.Context, path string) (has bool, err error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && info.Size() == 0 && !hasLog(path) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	options := "mode=ro&_busy_timeout=5000"
	if !hasLog(path) {
		options += "&immutable=1" // no log, so no other files are made
	}
	db, err := openFile(ctx, path, options, 1)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	var n int
	err = db.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_schema WHERE type = 'table'").Scan(&n)
	return n > 0, err
}

// hasLog reports whether a SQLite file has a log with content.
func hasLog(path string) bool {
	info, err := os.Stat(path + "-wal")
	return err == nil && info.Size() > 0
}

// CloseLog moves what the log of a SQLite file has into it and removes the log. It returns ErrInUse if
// another program uses the file, and another error if it is damaged.
func CloseLog(ctx context.Context, path string) (err error) {
	db, err := openFile(ctx, path, writerOptions, 1)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := truncateLog(ctx, db); err != nil {
		return err
	}
	// Outside WAL mode the database is this one file. It needs the file for itself.
	_, err = db.ExecContext(ctx, "PRAGMA journal_mode = DELETE")
	if isBusy(err) {
		return ErrInUse
	}
	return err
}
