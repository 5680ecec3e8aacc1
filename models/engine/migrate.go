package engine

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/database"
	"github.com/pressly/goose/v3/lock"
)

// Migrate brings the schema to the version of this program. Programs that start at the same time
// wait for each other. It returns an error, and changes nothing, unless the database was made by
// exactly these migrations: see checkMigrations.
func (d *DB) Migrate(ctx context.Context) error {
	if b, ok := d.backend.(*sqliteBackend); ok { // on PostgreSQL goose has a lock
		return runAlone(ctx, b.path, func() error { return d.migrate(ctx) })
	}
	return d.migrate(ctx)
}

func (d *DB) migrate(ctx context.Context) (err error) {
	files, err := d.readMigrations()
	if err != nil {
		return fmt.Errorf("store: read the migrations: %w", err)
	}
	if err := d.checkRestored(ctx); err != nil {
		return fmt.Errorf("store: %w", err)
	}
	before, err := d.checkMigrations(ctx, files)
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	m, err := d.backend.migrator(ctx, files)
	if err != nil {
		return fmt.Errorf("store: migrate: %w", err)
	}
	defer func() { err = errors.Join(err, m.close()) }()
	done, err := m.Up(ctx)
	if err != nil {
		return fmt.Errorf("store: migrate: %w", err)
	}
	if before < files.latest() { // another program can have migrated while this one waited for the lock
		if _, err := d.checkMigrations(ctx, files); err != nil {
			return fmt.Errorf("store: %w", err)
		}
	}
	d.log.InfoContext(ctx, "schema is up to date", "version", files.latest(), "applied", len(done))
	return nil
}

// SchemaVersions returns the version of the database's schema and that after all migrations. It returns
// an error if this program would not migrate the database.
func (d *DB) SchemaVersions(ctx context.Context) (have, want int64, err error) {
	files, err := d.readMigrations()
	if err != nil {
		return 0, 0, fmt.Errorf("store: read the migrations: %w", err)
	}
	if err := d.checkRestored(ctx); err != nil {
		return 0, 0, fmt.Errorf("store: %w", err)
	}
	if have, err = d.checkMigrations(ctx, files); err != nil {
		return have, files.latest(), fmt.Errorf("store: %w", err)
	}
	return have, files.latest(), nil
}

// Pending reports whether the database lacks migrations.
func (d *DB) Pending(ctx context.Context) (pending bool, err error) {
	if d.migrated.Load() {
		return false, nil
	}
	files, err := d.readMigrations()
	if err != nil {
		return false, fmt.Errorf("store: read the migrations: %w", err)
	}
	m, err := d.backend.migrator(ctx, files)
	if err != nil {
		return false, fmt.Errorf("store: pending migrations: %w", err)
	}
	defer func() { err = errors.Join(err, m.close()) }()
	pending, err = m.HasPending(ctx)
	if err != nil {
		return false, fmt.Errorf("store: pending migrations: %w", err)
	}
	d.migrated.Store(!pending)
	return pending, nil
}

// readMigrations reads the migrations for the database's dialect.
func (d *DB) readMigrations() (migrationFiles, error) {
	if d.migrations == nil {
		return migrationFiles{}, errors.New("the options have none")
	}
	dir, err := fs.Sub(d.migrations, d.dialect.String())
	if err != nil {
		return migrationFiles{}, err
	}
	return readMigrationFiles(dir)
}

// migrator is goose for a database, and a function that releases the database after use.
type migrator struct {
	*goose.Provider
	close func() error
}

// newMigrator returns a migrator that releases db with release. If it fails it calls release itself.
func newMigrator(
	d Dialect, db *sql.DB, files migrationFiles, now func() time.Time, locker lock.SessionLocker, release func() error,
) (*migrator, error) {
	dialect, options := database.DialectSQLite3, []goose.ProviderOption{goose.WithDisableGlobalRegistry(true)}
	if d == Postgres {
		dialect, options = database.DialectPostgres, append(options, goose.WithSessionLocker(locker))
	}
	versions, err := database.NewStore(dialect, goose.DefaultTablename)
	if err != nil {
		return nil, errors.Join(err, release())
	}
	store := &hashStore{Store: versions, dialect: d, files: files, now: now}
	provider, err := goose.NewProvider(database.DialectCustom, db, files.dir, append(options, goose.WithStore(store))...)
	if err != nil {
		return nil, errors.Join(err, release())
	}
	return &migrator{Provider: provider, close: release}, nil
}
