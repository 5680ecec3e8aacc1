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

// Migrate brings the schema to that of this program. Programs that start at the same time wait for
// each other. A database that this program cannot tell to have its schema is an error, and is not
// changed: see checkMigrations.
func (s *DB) Migrate(ctx context.Context) error {
	if b, ok := s.backend.(*sqliteBackend); ok { // on PostgreSQL goose has a lock
		return alone(ctx, b.path, func() error { return s.migrate(ctx) })
	}
	return s.migrate(ctx)
}

func (s *DB) migrate(ctx context.Context) (err error) {
	files, err := s.readMigrations()
	if err != nil {
		return fmt.Errorf("store: read the migrations: %w", err)
	}
	before, err := s.checkMigrations(ctx, files)
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	m, err := s.backend.migrator(ctx, files)
	if err != nil {
		return fmt.Errorf("store: migrate: %w", err)
	}
	defer func() { err = errors.Join(err, m.close()) }()
	done, err := m.Up(ctx)
	if err != nil {
		return fmt.Errorf("store: migrate: %w", err)
	}
	if before < files.latest() { // another program may have migrated while this one waited for the lock
		if _, err := s.checkMigrations(ctx, files); err != nil {
			return fmt.Errorf("store: %w", err)
		}
	}
	s.log.InfoContext(ctx, "schema is up to date", "version", files.latest(), "applied", len(done))
	return nil
}

// Pending reports whether migrations are still to run.
func (s *DB) Pending(ctx context.Context) (pending bool, err error) {
	if s.migrated.Load() {
		return false, nil
	}
	files, err := s.readMigrations()
	if err != nil {
		return false, fmt.Errorf("store: read the migrations: %w", err)
	}
	m, err := s.backend.migrator(ctx, files)
	if err != nil {
		return false, fmt.Errorf("store: pending migrations: %w", err)
	}
	defer func() { err = errors.Join(err, m.close()) }()
	pending, err = m.HasPending(ctx)
	if err != nil {
		return false, fmt.Errorf("store: pending migrations: %w", err)
	}
	s.migrated.Store(!pending)
	return pending, nil
}

// readMigrations reads the migrations of the store's database.
func (s *DB) readMigrations() (migrationFiles, error) {
	if s.files == nil {
		return migrationFiles{}, errors.New("the options have none")
	}
	dir, err := fs.Sub(s.files, s.dialect.String())
	if err != nil {
		return migrationFiles{}, err
	}
	return readMigrationFiles(dir)
}

// migrator is goose on a database, and what to close after it.
type migrator struct {
	*goose.Provider
	close func() error
}

// newMigrator closes with closing, at once where it fails.
func newMigrator(
	d Dialect, db *sql.DB, files migrationFiles, now func() time.Time, closing func() error,
) (*migrator, error) {
	dialect, options := database.DialectSQLite3, []goose.ProviderOption{goose.WithDisableGlobalRegistry(true)}
	if d == Postgres {
		locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 300)) // each second for 5 minutes
		if err != nil {
			return nil, errors.Join(err, closing())
		}
		dialect, options = database.DialectPostgres, append(options, goose.WithSessionLocker(locker))
	}
	versions, err := database.NewStore(dialect, goose.DefaultTablename)
	if err != nil {
		return nil, errors.Join(err, closing())
	}
	store := &hashStore{Store: versions, dialect: d, files: files, now: now}
	provider, err := goose.NewProvider(database.DialectCustom, db, files.dir, append(options, goose.WithStore(store))...)
	if err != nil {
		return nil, errors.Join(err, closing())
	}
	return &migrator{Provider: provider, close: closing}, nil
}
