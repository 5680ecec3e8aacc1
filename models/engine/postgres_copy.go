package engine

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// restoringTable exists in a database while a restore into it is not finished.
const restoringTable = "gatecrier_restoring"

const postgresTables = `
	SELECT tablename
	FROM pg_tables
	WHERE schemaname = current_schema()
	AND tablename <> '` + restoringTable + `'
	ORDER BY tablename`

// PostgresSnapshot calls fn with the name of an exported snapshot of a database, for other programs
// that are to see the same moment, and with the content of that moment.
func PostgresSnapshot(ctx context.Context, url string, fn func(id string, c FileContent) error) (err error) {
	db, err := connectURL(ctx, url, true)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	tx, err := db.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, tx.Rollback()) }()
	var id string
	if err := tx.QueryRowContext(ctx, "SELECT pg_export_snapshot()").Scan(&id); err != nil {
		return err
	}
	content, err := readContent(ctx, tx, postgresTables)
	if err != nil {
		return err
	}
	return fn(id, content)
}

// BeginPostgresRestore marks an empty database as one whose restore is not finished. again reports
// whether it has the mark already.
func BeginPostgresRestore(ctx context.Context, url string) (again bool, err error) {
	db, err := connectURL(ctx, url, false)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if again, err = isRestoring(ctx, db); again || err != nil {
		return again, err
	}
	tables, err := readTexts(ctx, db, postgresTables)
	if err != nil {
		return false, err
	}
	if len(tables) > 0 {
		return false, fmt.Errorf("the database has tables (%s, ...): create an empty one, "+
			"and name it in GATECRIER_DATABASE_URL", tables[0])
	}
	_, err = db.ExecContext(ctx, "CREATE TABLE "+restoringTable+" (began_at TIMESTAMPTZ NOT NULL DEFAULT now())")
	return false, err
}

// EndPostgresRestore removes the mark.
func EndPostgresRestore(ctx context.Context, url string) (err error) {
	db, err := connectURL(ctx, url, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	_, err = db.ExecContext(ctx, "DROP TABLE "+restoringTable)
	return err
}

// isRestoring reports whether a restore into a PostgreSQL database is not finished.
func isRestoring(ctx context.Context, db contentReader) (is bool, err error) {
	err = db.QueryRowContext(ctx, `
		SELECT count(*) > 0
		FROM pg_tables
		WHERE schemaname = current_schema()
		AND tablename = '`+restoringTable+"'").Scan(&is)
	return is, err
}

// checkRestored returns an error if a restore or a copy into the database is not finished.
func (d *DB) checkRestored(ctx context.Context) (err error) {
	if d.restoring {
		return nil
	}
	tx, err := d.backend.snapshot(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, tx.Rollback()) }()
	return checkUnmarked(ctx, d.dialect, tx)
}
