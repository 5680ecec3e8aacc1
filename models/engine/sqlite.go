package engine

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/mattn/go-sqlite3"
	"gorm.io/driver/sqlite"
)

const (
	readers = 4

	// A commit is on the disk when it is answered: synchronous=FULL syncs the
	// log each time.
	writing = "_journal_mode=WAL&_synchronous=FULL&_foreign_keys=on&_busy_timeout=5000&_txlock=immediate&_stmt_cache_size=64"
	reading = "mode=ro&_query_only=1&_foreign_keys=on&_busy_timeout=5000&_stmt_cache_size=64"

	// Checkpoints of 16 MB instead of 4 make commits cheaper; a log that a slow
	// reader let grow is cut back to 64 MB.
	logging = "PRAGMA wal_autocheckpoint = 4000; PRAGMA journal_size_limit = 67108864"
)

// openSQLite opens the writer before the readers, which cannot create the file
// nor make it a WAL one.
func openSQLite(ctx context.Context, s *DB, path string) error {
	if !hasSQLite() {
		return errors.New("this build has no SQLite: build with CGO_ENABLED=1")
	}
	path, err := createFile(path)
	if err != nil {
		return err
	}
	db, err := openFile(ctx, path, writing, 1)
	if err != nil {
		return err
	}
	pool, err := openFile(ctx, path, reading, readers)
	if err != nil {
		return errors.Join(err, db.Close())
	}
	s.pool = pool
	if s.gorm, err = openGorm(sqlite.New(sqlite.Config{Conn: pool}), s); err != nil {
		return errors.Join(err, pool.Close(), db.Close())
	}
	w, err := startWriter(ctx, s, db)
	if err != nil {
		return errors.Join(err, pool.Close(), db.Close())
	}
	s.backend = &sqliteBackend{path: path, now: s.now, readers: pool, db: db, writer: w}
	return nil
}

// hasSQLite reports whether the driver is there at all: built without cgo it
// is a stub without most of its methods.
func hasSQLite() bool {
	_, ok := any((*sqlite3.SQLiteConn)(nil)).(autoCommitter)
	return ok
}

// createFile makes the file and its directory for nobody else's eyes where they
// are missing, and returns the path from the root.
func createFile(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return "", err
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600) // #nosec G304 -- the operator names the file
	if err != nil {
		return "", err
	}
	return path, file.Close()
}

func openFile(ctx context.Context, path, options string, conns int) (*sql.DB, error) {
	name := (&url.URL{Path: path}).EscapedPath() // a file may have ? and % in its name
	db, err := sql.Open("sqlite3", "file:"+name+"?"+options)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(conns)
	db.SetMaxIdleConns(conns)
	if err := db.PingContext(ctx); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

type sqliteBackend struct {
	path    string
	now     func() time.Time
	readers *sql.DB
	db      *sql.DB // the writer's
	writer  *writer
}

func (b *sqliteBackend) write(ctx context.Context, fn closureOf) (*Tx, error) {
	return b.writer.write(ctx, fn)
}

// migrator has a connection of its own, since the writer's is taken for good.
func (b *sqliteBackend) migrator(ctx context.Context, files migrationFiles) (*migrator, error) {
	db, err := openFile(ctx, b.path, writing, 1)
	if err != nil {
		return nil, err
	}
	return newMigrator(SQLite, db, files, b.now, db.Close)
}

func (b *sqliteBackend) snapshot(ctx context.Context) (*sql.Tx, error) {
	return b.readers.BeginTx(ctx, nil)
}

func (b *sqliteBackend) ping(ctx context.Context) error {
	if err := b.readers.PingContext(ctx); err != nil {
		return fmt.Errorf("readers: %w", err)
	}
	empty := func(*Tx) error { return nil }
	if _, err := b.writer.write(ctx, closureOf{empty, empty}); err != nil {
		return fmt.Errorf("writer: %w", err)
	}
	return nil
}

// close ends the readers first: the last connection to go tidies up the log,
// and a reader may not.
func (b *sqliteBackend) close() error {
	return errors.Join(b.readers.Close(), b.writer.stop(), b.db.Close())
}
