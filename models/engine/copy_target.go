package engine

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// copyingTable exists in a database while a copy into it is not finished. It has the fingerprint of the
// source, the progress of each table and, on PostgreSQL, the foreign keys that the copy has taken away.
const copyingTable = "gatecrier_copying"

const createCopyingTable = `
	CREATE TABLE ` + copyingTable + ` (
		kind  TEXT   NOT NULL, -- source, table, constraint
		name  TEXT   NOT NULL,
		value TEXT   NOT NULL, -- the fingerprint, the last key, the statement that makes the constraint
		n     BIGINT NOT NULL, -- rows of the table that were copied
		PRIMARY KEY (kind, name)
	)`

// copyProgress is how far a table is copied.
type copyProgress struct {
	rows  int64
	after []any // the key of the last row, nil for none
}

// copyBatch is rows that are written in one transaction, with the progress after them.
type copyBatch struct {
	table    copyTable
	rows     [][]any
	size     int // about how many bytes
	progress copyProgress
}

// copyTarget is the database that a copy writes.
type copyTarget interface {
	dialect() Dialect
	reader() contentReader
	// mark returns the fingerprint of an unfinished copy, "" for a database without data. It returns
	// an error for any other one, and if another copy is running.
	mark(ctx context.Context) (fingerprint string, err error)
	setMark(ctx context.Context, fingerprint string) error
	// loosen lets tables be copied in any order.
	loosen(ctx context.Context) error
	progress(ctx context.Context, t copyTable) (copyProgress, error)
	write(ctx context.Context, b copyBatch) error
	// finish checks the foreign keys, lets ids continue after the given ones, and removes the mark.
	finish(ctx context.Context, tables []copyTable, sequences map[string]int64) error
	close() error
}

func openCopyTarget(ctx context.Context, o CopyOptions) (copyTarget, error) {
	dialect, address, err := parseURL(o.To)
	if err != nil {
		return nil, err
	}
	if dialect == SQLite {
		return openSQLiteTarget(ctx, address)
	}
	return openPostgresTarget(ctx, address)
}

// copyTargetDB is what both targets share.
type copyTargetDB struct {
	kind Dialect
	db   *sql.DB
}

func (t copyTargetDB) dialect() Dialect      { return t.kind }
func (t copyTargetDB) reader() contentReader { return t.db }

// bind returns a statement for the dialect.
func (t copyTargetDB) bind(query string) string {
	if t.kind == Postgres {
		return rebind(query)
	}
	return query
}

// readMark is mark of copyTarget, without the lock.
func (t copyTargetDB) readMark(ctx context.Context) (fingerprint string, err error) {
	if is, err := hasTable(ctx, t.kind, t.db, restoringTable); err != nil || is {
		if err == nil {
			err = errors.New("a restore into it is not finished: name an empty database")
		}
		return "", err
	}
	is, err := hasTable(ctx, t.kind, t.db, copyingTable)
	if err != nil {
		return "", err
	}
	if is {
		err := t.db.QueryRowContext(ctx, "SELECT value FROM "+copyingTable+" WHERE kind = 'source'").Scan(&fingerprint)
		return fingerprint, err
	}
	list, err := tablesOf(ctx, t.kind, t.db)
	for _, name := range list {
		var has bool
		if name == "goose_db_version" || name == "migration_hashes" {
			continue
		}
		if err := t.db.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM "+quote(name)+")").Scan(&has); err != nil {
			return "", err
		}
		if has {
			return "", fmt.Errorf("it has data already (table %s): name an empty database", name)
		}
	}
	return "", err
}

// saveMark creates the mark with the fingerprint in a transaction.
func saveMark(ctx context.Context, tx *sql.Tx, bind func(string) string, fingerprint string) error {
	if _, err := tx.ExecContext(ctx, createCopyingTable); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx,
		bind("INSERT INTO "+copyingTable+" (kind, name, value, n) VALUES ('source', '', ?, 0)"), fingerprint)
	return err
}

func (t copyTargetDB) progress(ctx context.Context, table copyTable) (p copyProgress, err error) {
	var text string
	err = t.db.QueryRowContext(ctx, t.bind("SELECT value, n FROM "+copyingTable+" WHERE kind = 'table' AND name = ?"),
		table.name).Scan(&text, &p.rows)
	if errors.Is(err, sql.ErrNoRows) {
		return p, nil
	}
	if err != nil {
		return p, err
	}
	p.after, err = table.unmarshalKey(text)
	return p, err
}

// saveProgress is the statement that stores the progress of a table: its name, the key and the rows.
const saveProgress = "INSERT INTO " + copyingTable + " (kind, name, value, n) VALUES ('table', ?, ?, ?) " +
	"ON CONFLICT (kind, name) DO UPDATE SET value = excluded.value, n = excluded.n"

// inTx runs fn in a transaction.
func (t copyTargetDB) inTx(ctx context.Context, fn func(*sql.Tx) error) error {
	tx, err := t.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := fn(tx); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}

// tablesOf lists the tables of a database.
func tablesOf(ctx context.Context, d Dialect, db contentReader) ([]string, error) {
	if d == Postgres {
		return readTexts(ctx, db, "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() ORDER BY tablename")
	}
	return readTexts(ctx, db, sqliteTables)
}

// hasTable reports whether a table exists.
func hasTable(ctx context.Context, d Dialect, db contentReader, name string) (is bool, err error) {
	query := "SELECT count(*) > 0 FROM sqlite_schema WHERE type = 'table' AND name = '" + name + "'"
	if d == Postgres {
		query = "SELECT count(*) > 0 FROM pg_tables WHERE schemaname = current_schema() AND tablename = '" + name + "'"
	}
	err = db.QueryRowContext(ctx, query).Scan(&is)
	return is, err
}

var errUnfinishedCopy = errors.New("a copy into this database is not finished: run gatecrier copy again " +
	"with the same source, or use another database")

// checkUnmarked returns an error if a restore or a copy into a database is not finished.
func checkUnmarked(ctx context.Context, d Dialect, db contentReader) error {
	is, err := hasTable(ctx, d, db, copyingTable)
	if err == nil && is {
		return errUnfinishedCopy
	}
	if err != nil || d != Postgres {
		return err
	}
	is, err = isRestoring(ctx, db)
	if err == nil && is {
		err = errors.New("a restore into this database is not finished: run gatecrier restore again, " +
			"or use another database")
	}
	return err
}
