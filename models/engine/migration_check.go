package engine

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
)

// appliedMigration is a migration in goose's table, in migration_hashes, or in both.
type appliedMigration struct {
	version int64
	applied bool // goose's table has it
	hashed  bool // migration_hashes has it
	migrationFile
}

const (
	// restoreAdvice ends the error for a database whose migrations and their hashes do not match.
	restoreAdvice = "run the released program that made this database, or restore a backup"

	developmentBuild = "this database was made by a development build from before 0.1.0, and no release can open it: " +
		"start with a new data directory or an empty database, and import the reports again"
)

// checkMigrations returns the version of the database's schema. It returns an error if the schema is
// newer than the program, or was not made by exactly the files that the program has.
func (d *DB) checkMigrations(ctx context.Context, files migrationFiles) (have int64, err error) {
	tx, err := d.backend.snapshot(ctx)
	if err != nil {
		return 0, fmt.Errorf("read the applied migrations: %w", err)
	}
	list, hashed, err := appliedMigrations(ctx, d.dialect, tx)
	if err = errors.Join(err, tx.Rollback()); err != nil {
		return 0, fmt.Errorf("read the applied migrations: %w", err)
	}
	return checkApplied(list, hashed, files)
}

// checkApplied is checkMigrations for the applied migrations that were read.
func checkApplied(list []appliedMigration, hashed bool, files migrationFiles) (have int64, err error) {
	for _, m := range list {
		if m.applied {
			have = max(have, m.version)
		}
	}
	if have > 0 && !hashed {
		return have, errors.New(developmentBuild)
	}
	if want := files.latest(); have > want {
		return have, fmt.Errorf("the schema is of version %d, this program knows only %d: start a newer one", have, want)
	}
	for _, m := range list {
		if err := m.check(files.list[m.version]); err != nil {
			return have, err
		}
	}
	return have, nil
}

// check returns an error unless the migration was applied from this file.
func (m appliedMigration) check(file migrationFile) error {
	switch {
	case !m.applied:
		return fmt.Errorf("the hash of migration %s is stored, but the migration is not applied: %s",
			m.name, restoreAdvice)
	case !m.hashed:
		name := file.name
		if name == "" {
			name = fmt.Sprintf("%05d", m.version)
		}
		return fmt.Errorf("migration %s is applied, but its hash is not stored: %s", name, restoreAdvice)
	case file.name == "":
		return fmt.Errorf("migration %s was applied to this database, but this program does not have it: %s",
			m.name, restoreAdvice)
	case m.hash != file.hash:
		return fmt.Errorf(
			"migration %s was changed after it was applied to this database: %s that was made before the change",
			file.name, restoreAdvice)
	}
	return nil
}

// listTables are the queries for the tables of goose and of hashes that exist.
var listTables = map[Dialect]string{
	SQLite: `SELECT name FROM sqlite_schema
		WHERE type = 'table' AND name IN ('goose_db_version', 'migration_hashes')`,
	Postgres: `SELECT tablename FROM pg_tables
		WHERE schemaname = current_schema() AND tablename IN ('goose_db_version', 'migration_hashes')`,
}

// appliedMigrations reads both tables in a snapshot, since other programs can be migrating. hashed
// reports whether the table of hashes exists.
func appliedMigrations(ctx context.Context, d Dialect, tx *sql.Tx) (list []appliedMigration, hashed bool, err error) {
	var tables []string
	err = scanRows(ctx, tx, listTables[d], func(rows *sql.Rows) error {
		var name string
		err := rows.Scan(&name)
		tables = append(tables, name)
		return err
	})
	if err != nil || len(tables) == 0 {
		return nil, false, err
	}
	err = scanRows(ctx, tx, appliedQuery(tables), func(rows *sql.Rows) error {
		var m appliedMigration
		err := rows.Scan(&m.version, &m.applied, &m.hashed, &m.name, &m.hash)
		list = append(list, m)
		return err
	})
	return list, slices.Contains(tables, "migration_hashes"), err
}

// appliedQuery returns the query for the applied migrations, by the tables that exist.
func appliedQuery(tables []string) string {
	switch {
	case len(tables) == 2:
		return `SELECT coalesce(v.version_id, h.version), v.version_id IS NOT NULL, h.version IS NOT NULL,
				coalesce(h.name, ''), coalesce(h.hash, '')
			FROM (SELECT version_id FROM goose_db_version WHERE version_id > 0) v
				FULL JOIN migration_hashes h ON h.version = v.version_id ORDER BY 1`
	case tables[0] == "migration_hashes":
		return "SELECT version, FALSE, TRUE, name, hash FROM migration_hashes ORDER BY 1"
	default:
		return "SELECT version_id, TRUE, FALSE, '', '' FROM goose_db_version WHERE version_id > 0 ORDER BY 1"
	}
}

// scanRows calls fn for each row of a query.
func scanRows(ctx context.Context, tx *sql.Tx, query string, fn func(*sql.Rows) error) (err error) {
	rows, err := tx.QueryContext(ctx, query)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		if err := fn(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}
