package models

import (
	"context"
	"embed"
	"io/fs"
	"log/slog"
	"time"

	"gatecrier/models/engine"
)

//go:embed migrations
var migrations embed.FS

// Options are the parameters of Open.
type Options struct {
	URL string           // "sqlite:PATH", or "postgres://..." as PostgreSQL's own tools take it
	Log *slog.Logger     // nil: nothing is logged
	Now func() time.Time // nil: time.Now

	// Restoring opens a database whose restore or copy is not finished, to finish it.
	Restoring bool
}

// Store is an open database. Its own methods read; Write runs a closure that writes. It is safe for
// concurrent use.
//
// The engine's DB is a field and not embedded, so that its methods that run SQL stay in this package.
type Store struct {
	queries
	db *engine.DB
}

// Open opens a database. It creates a missing SQLite file with mode 0600. It does not migrate.
func Open(ctx context.Context, o Options) (*Store, error) {
	return open(ctx, o, engine.Open)
}

// OpenAlone is Open, but other programs that call it with the same SQLite file wait meanwhile: two
// programs that create a file at the same time would disturb each other.
func OpenAlone(ctx context.Context, o Options) (*Store, error) {
	return open(ctx, o, engine.OpenAlone)
}

func open(
	ctx context.Context, o Options, openDB func(context.Context, engine.Options) (*engine.DB, error),
) (*Store, error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	db, err := openDB(ctx, engine.Options{
		URL: o.URL, Log: o.Log, Now: o.Now, Migrations: files, Restoring: o.Restoring,
	})
	if err != nil {
		return nil, err
	}
	return &Store{queries: newQueries(db.Queries), db: db}, nil
}

// Write runs fn in a transaction and stores its changes, or none of them if it fails. A nil error
// means that they are stored durably.
//
// fn can run more than once, so it changes nothing but tx and variables that it overwrites. It must
// do nothing slow beside its statements: on SQLite all other writers wait meanwhile. After a failed
// statement all later ones return its error, and so does Write even if fn returns nil. A statement
// that expects a conflict needs ON CONFLICT.
//
// If ctx ends before fn begins, fn does not run. If ctx ends later, the next statement fails and all
// is undone; after the last statement ctx no longer counts. If fn panics, its changes are undone and
// Write panics with a *PanicError. If fn hangs, its changes are undone after some seconds and Write
// returns a *TimeoutError. A Write inside fn returns ErrNested.
func (s *Store) Write(ctx context.Context, fn func(tx *Tx) error) error {
	return s.db.WriteFor(ctx, fn, func(tx *engine.Tx) error { return fn(newTx(tx)) })
}

// Stats returns how many closures were stored in how many commits.
func (s *Store) Stats() Stats { return s.db.Stats() }

// Dialect returns the kind of the database.
func (s *Store) Dialect() Dialect { return s.dialect }

// Ping returns an error if the database cannot be read. On SQLite it also runs an empty write, which
// needs the writer and the lock of the file.
func (s *Store) Ping(ctx context.Context) error { return s.db.Ping(ctx) }

// Check returns nil if the database can be read and written, else an error with its state. A result
// is valid for a second.
func (s *Store) Check(ctx context.Context) error { return s.db.Check(ctx) }

// Condition returns what is known about the database without asking it.
func (s *Store) Condition() Condition { return s.db.Condition() }

// CheckIntegrity reads all tables and reports damage. It ends with ctx.
func (s *Store) CheckIntegrity(ctx context.Context) (Integrity, error) {
	return s.db.CheckIntegrity(ctx)
}

// Migrate brings the schema to the version of this program. Programs that start at the same time
// wait for each other. It returns an error, and changes nothing, unless the database was made by
// exactly the migrations of this program.
func (s *Store) Migrate(ctx context.Context) error { return s.db.Migrate(ctx) }

// Pending reports whether the database lacks migrations.
func (s *Store) Pending(ctx context.Context) (bool, error) { return s.db.Pending(ctx) }

// Checkpoint moves what the log of a SQLite database has into its main file; PostgreSQL does that by
// itself. It returns an error if another program prevents it.
func (s *Store) Checkpoint(ctx context.Context) error { return s.db.Checkpoint(ctx) }

// Close waits for the Writes that have begun, and closes the database. Later Writes return
// ErrClosed. A second Close does nothing.
func (s *Store) Close() error { return s.db.Close() }
