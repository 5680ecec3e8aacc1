package modelstest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// SQLiteContent returns the rows of each table of a SQLite file that no program has open, sorted, each
// as SQLite writes its values in SQL.
func SQLiteContent(t testing.TB, path string) map[string][]string {
	t.Helper()
	content := map[string][]string{}
	query(t, "sqlite3", "file:"+path, func(ctx context.Context, db *sql.DB) error {
		tables, err := texts(ctx, db, "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
		for _, table := range tables {
			columns, columnErr := texts(ctx, db, fmt.Sprintf("SELECT name FROM pragma_table_info('%s') ORDER BY name", table))
			for i, c := range columns {
				columns[i] = fmt.Sprintf("'%[1]s=' || typeof(%[1]q) || ' ' || quote(%[1]q)", c)
			}
			rows, rowErr := texts(ctx, db, "SELECT "+strings.Join(columns, " || ', ' || ")+" FROM "+table)
			slices.Sort(rows)
			content[table] = rows
			err = errors.Join(err, columnErr, rowErr)
		}
		return err
	})
	return content
}

// Number returns the only value of a query of a database that is a number.
func Number(t testing.TB, databaseURL, text string) (n int64) {
	t.Helper()
	driver, name := opening(databaseURL)
	query(t, driver, name, func(ctx context.Context, db *sql.DB) error {
		return db.QueryRowContext(ctx, text).Scan(&n)
	})
	return n
}
