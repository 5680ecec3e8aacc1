package engine

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"strings"
)

// openCopyFile opens a SQLite file to read it. Without a log it makes no other files.
func openCopyFile(ctx context.Context, path string) (*sql.DB, error) {
	if _, err := os.Stat(path); err != nil {
		return nil, err
	}
	options := "mode=ro&_query_only=1&_busy_timeout=5000"
	if !hasLog(resolveLinks(path)) {
		options += "&immutable=1"
	}
	return openFile(ctx, path, options, 1)
}

// checkForeignKeys returns an error with the first rows of a SQLite database that refer to a row that
// does not exist.
func checkForeignKeys(ctx context.Context, db contentReader) error {
	problems, err := readTexts(ctx, db, orphansSQL)
	if err == nil && len(problems) > 0 {
		err = fmt.Errorf("foreign keys are broken: %s", strings.Join(problems, "; "))
	}
	return err
}

// sqliteTarget writes to a SQLite file.
type sqliteTarget struct{ copyTargetDB }

func openSQLiteTarget(ctx context.Context, path string) (copyTarget, error) {
	path, err := createFile(path)
	if err != nil {
		return nil, err
	}
	options := strings.Replace(writerOptions, "_foreign_keys=on", "_foreign_keys=off", 1)
	db, err := openFile(ctx, path, options, 1)
	if err != nil {
		return nil, err
	}
	return &sqliteTarget{copyTargetDB{kind: SQLite, db: db}}, nil
}

// mark needs no lock: a copy of the other kind of database holds that of the file.
func (t *sqliteTarget) mark(ctx context.Context) (string, error) { return t.readMark(ctx) }

func (t *sqliteTarget) setMark(ctx context.Context, fingerprint string) error {
	return t.inTx(ctx, func(tx *sql.Tx) error { return saveMark(ctx, tx, t.bind, fingerprint) })
}

// loosen does nothing: foreign keys are off for this connection.
func (*sqliteTarget) loosen(context.Context) error { return nil }

func (t *sqliteTarget) write(ctx context.Context, b copyBatch) error {
	key, err := b.table.marshalKey(b.progress.after)
	if err != nil {
		return err
	}
	names := make([]string, len(b.table.columns))
	for i, c := range b.table.columns {
		names[i] = quote(c.name)
	}
	marks := strings.TrimSuffix(strings.Repeat("?, ", len(names)), ", ")
	//nolint:gosec // the names of a table and its columns
	insert := "INSERT INTO " + quote(b.table.name) + " (" + strings.Join(names, ", ") + ") VALUES (" + marks + ")"
	return t.inTx(ctx, func(tx *sql.Tx) (err error) {
		statement, err := tx.PrepareContext(ctx, insert)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, statement.Close()) }()
		for _, row := range b.rows {
			if _, err := statement.ExecContext(ctx, row...); err != nil {
				return err
			}
		}
		_, err = tx.ExecContext(ctx, saveProgress, b.table.name, key, b.progress.rows)
		return err
	})
}

func (t *sqliteTarget) finish(ctx context.Context, _ []copyTable, sequences map[string]int64) error {
	err := t.inTx(ctx, func(tx *sql.Tx) error {
		if err := checkForeignKeys(ctx, tx); err != nil {
			return err
		}
		for name, last := range sequences {
			_, err := tx.ExecContext(ctx, `
				INSERT INTO sqlite_sequence (name, seq)
				SELECT ?1, 0
				WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = ?1)`, name)
			if err != nil {
				return err
			}
			_, err = tx.ExecContext(ctx, "UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = ?", last, name)
			if err != nil {
				return err
			}
		}
		_, err := tx.ExecContext(ctx, "DROP TABLE "+copyingTable)
		return err
	})
	if err != nil {
		return err
	}
	return truncateLog(ctx, t.db)
}

func (t *sqliteTarget) close() error { return t.db.Close() }
