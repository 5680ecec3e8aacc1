package models

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed migrations
var migrations embed.FS

// Migrate brings the schema to that of this program. Programs that start at the
// same time wait for each other. A schema newer than the program is an error,
// since the program does not know what it means.
func (s *Store) Migrate(ctx context.Context) error {
	if b, ok := s.backend.(*sqliteBackend); ok { // on PostgreSQL goose has a lock
		return alone(ctx, b.path, func() error { return s.migrate(ctx) })
	}
	return s.migrate(ctx)
}

func (s *Store) migrate(ctx context.Context) (err error) {
	m, err := s.backend.migrator(ctx)
	if err != nil {
		return fmt.Errorf("store: migrate: %w", err)
	}
	defer func() { err = errors.Join(err, m.close()) }()
	have, want, err := m.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("store: read the schema's version: %w", err)
	}
	if have > want {
		return fmt.Errorf("store: the schema is of version %d, this program knows only %d: start a newer one", have, want)
	}
	done, err := m.Up(ctx)
	if err != nil {
		return fmt.Errorf("store: migrate: %w", err)
	}
	s.log.InfoContext(ctx, "schema is up to date", "version", want, "applied", len(done))
	return nil
}

// Pending reports whether migrations are still to run.
func (s *Store) Pending(ctx context.Context) (pending bool, err error) {
	if s.migrated.Load() {
		return false, nil
	}
	m, err := s.backend.migrator(ctx)
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

// migrator is goose on a database, and what to close after it.
type migrator struct {
	*goose.Provider
	close func() error
}

// newMigrator closes with closing, at once where it fails.
func newMigrator(d Dialect, db *sql.DB, closing func() error) (*migrator, error) {
	dialect, options := goose.DialectSQLite3, []goose.ProviderOption{goose.WithDisableGlobalRegistry(true)}
	if d == Postgres {
		locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 300)) // each second for 5 minutes
		if err != nil {
			return nil, errors.Join(err, closing())
		}
		dialect, options = goose.DialectPostgres, append(options, goose.WithSessionLocker(locker))
	}
	files, err := fs.Sub(migrations, "migrations/"+d.String())
	if err != nil {
		return nil, errors.Join(err, closing())
	}
	provider, err := goose.NewProvider(dialect, db, files, options...)
	if err != nil {
		return nil, errors.Join(err, closing())
	}
	return &migrator{Provider: provider, close: closing}, nil
}
