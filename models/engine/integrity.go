package engine

import (
	"context"
	"database/sql"
	"errors"
	"strings"
)

// Integrity is the result of a check of the stored data.
type Integrity struct {
	Tables   int      // that were checked; on PostgreSQL the indexes
	Problems []string // at most maxProblems
	Skipped  string   // why nothing was checked, "" if it was
}

// maxProblems bounds the problems of a table that a check reports.
const maxProblems = 10

// CheckIntegrity reads all tables and reports damage. On SQLite it runs quick_check on a connection
// that reads, one table at a time, so that the log can be shortened in between. If it finds damage,
// writes are refused until a check finds none. On PostgreSQL it checks indexes if the extension
// amcheck is installed. It ends with ctx.
func (d *DB) CheckIntegrity(ctx context.Context) (Integrity, error) {
	if d.dialect == Postgres {
		return d.checkIndexes(ctx)
	}
	var result Integrity
	names, err := d.texts(ctx, `
		SELECT name
		FROM sqlite_schema
		WHERE type = 'table'
		AND name NOT LIKE 'sqlite_%'
		ORDER BY name`)
	if StateOf(err) == Corrupt {
		result.Problems = append(result.Problems, err.Error())
	} else if err != nil {
		return result, err
	}
	for _, name := range names {
		found, err := d.texts(ctx, "PRAGMA quick_check('"+strings.ReplaceAll(name, "'", "''")+"')")
		if StateOf(err) == Corrupt {
			found = append(found, err.Error())
		} else if err != nil {
			return result, err
		}
		result.Tables++
		for _, text := range found[:min(len(found), maxProblems)] {
			if text != "ok" {
				result.Problems = append(result.Problems, name+": "+text)
			}
		}
	}
	if len(result.Problems) > 0 {
		d.monitor.pin(Corrupt, errors.New("store: "+result.Problems[0]))
	} else {
		d.monitor.unpin(Corrupt)
	}
	return result, nil
}

// orphanText is a column of pragma_foreign_key_check with a text about a row.
const orphanText = `'row ' || coalesce(rowid, '?') || ' of ' || "table" || ' refers to no row of ' || parent`

// orphansSQL lists the first rows of a SQLite database that refer to a row that does not exist.
const orphansSQL = "SELECT " + orphanText + " FROM pragma_foreign_key_check LIMIT 3"

// CheckReferences lists the first rows of SQLite that refer to a row that does not exist, and on
// PostgreSQL the constraints and indexes that are not valid. Like CheckIntegrity it reads one table at
// a time. Writes go on: what is wrong with these rows does not spread.
func (d *DB) CheckReferences(ctx context.Context) (list []string, err error) {
	if d.dialect == Postgres {
		return d.texts(ctx, `
			SELECT 'the constraint ' || conname || ' is not valid'
			FROM pg_constraint
			WHERE connamespace = current_schema()::regnamespace
			AND NOT convalidated
			UNION ALL
			SELECT 'the index ' || indexrelid::regclass || ' is not valid'
			FROM pg_index
			WHERE NOT indisvalid`)
	}
	tables, err := d.texts(ctx, sqliteTables)
	for _, table := range tables {
		if err != nil {
			break
		}
		var found []string
		found, err = d.texts(ctx, "SELECT "+orphanText+" FROM pragma_foreign_key_check(?) LIMIT 3", table)
		list = append(list, found...)
	}
	return list, err
}

// checkIndexes checks the B-tree indexes of the schema with amcheck.
func (d *DB) checkIndexes(ctx context.Context) (Integrity, error) {
	var result Integrity
	var n int
	if err := d.Get(ctx, "SELECT count(*) FROM pg_extension WHERE extname = 'amcheck'", nil, &n); err != nil || n == 0 {
		result.Skipped = "the extension amcheck is not installed"
		return result, err
	}
	names, err := d.texts(ctx, `
		SELECT c.oid::regclass::text
		FROM pg_class c
		JOIN pg_am a ON a.oid = c.relam
		WHERE c.relkind = 'i'
		AND a.amname = 'btree'
		AND c.relnamespace = current_schema()::regnamespace
		ORDER BY 1`)
	for _, name := range names {
		if err != nil {
			break
		}
		_, err = d.texts(ctx, "SELECT bt_index_check(CAST(? AS regclass))::text", name)
		if StateOf(err) == Corrupt {
			result.Problems, err = append(result.Problems, err.Error()), nil
		}
		result.Tables++
	}
	return result, err
}

// texts runs a query of one column.
func (d *DB) texts(ctx context.Context, query string, args ...any) ([]string, error) {
	var list []string
	err := d.Query(ctx, query, args, func(rows *sql.Rows) error {
		var text string
		err := rows.Scan(&text)
		list = append(list, text)
		return err
	})
	return list, err
}
