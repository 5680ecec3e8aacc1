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
	sqliteReaders = 4 // connections

	lockWait = 5 * time.Second // the _busy_timeout below

	// With synchronous=FULL each commit syncs the log: a commit that has returned is on the disk.
	writerOptions = "_journal_mode=WAL&_synchronous=FULL&_foreign_keys=on&_busy_timeout=5000" +
		"&_txlock=immediate&_stmt_cache_size=64"
	readerOptions = "mode=ro&_query_only=1&_foreign_keys=on&_busy_timeout=5000&_stmt_cache_size=64"

	// Checkpoints every 16 MB instead of 4 MB make commits cheaper. If a slow reader lets the log
	// grow, it is cut back to 64 MB.
	logPragmas = "PRAGMA wal_autocheckpoint = 4000; PRAGMA journal_size_limit = 67108864"
)

// openSQLite opens the writer first: the readers can neither create the file nor make it a WAL one.
func openSQLite(ctx context.Context, d *DB, path string) error {
	if !hasSQLite() {
		return errors.New("this build has no SQLite: build with CGO_ENABLED=1")
	}
	if !keepPlans() {
		return errors.New("SQLite refuses to keep the plans of statements")
	}
	path, err := createFile(path)
	if err != nil {
		return err
	}
	writeDB, err := openFile(ctx, path, writerOptions, 1)
	if err != nil {
		return err
	}
	readDB, err := openFile(ctx, path, readerOptions, sqliteReaders)
	if err != nil {
		return errors.Join(err, writeDB.Close())
	}
	d.pool = readDB
	if d.gorm, err = openGorm(sqlite.New(sqlite.Config{Conn: readDB}), d); err != nil {
		return errors.Join(err, readDB.Close(), writeDB.Close())
	}
	w, err := startWriter(ctx, d, writeDB, path)
	if err != nil {
		return errors.Join(err, readDB.Close(), writeDB.Close())
	}
	b := &sqliteBackend{path: path, db: d, readDB: readDB, writeDB: writeDB, writer: w}
	if b.checkpointer, err = startCheckpointer(ctx, path, d.log); err != nil {
		return errors.Join(err, readDB.Close(), w.stop(), writeDB.Close())
	}
	d.backend = b
	return nil
}

// hasSQLite reports whether the build contains SQLite: without cgo the driver is a stub that lacks
// most methods.
func hasSQLite() bool {
	_, ok := any((*sqlite3.SQLiteConn)(nil)).(autoCommitter)
	return ok
}

// createFile creates a missing file and its missing directories, readable only by their owner. It
// returns the absolute path with symbolic links resolved: SQLite has its log beside the file itself.
func createFile(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	path = resolveLinks(path)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return "", err
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600) // #nosec G304 -- the operator names the file
	if err != nil {
		return "", err
	}
	return path, file.Close()
}

func openFile(ctx context.Context, path, options string, maxConns int) (*sql.DB, error) {
	name := (&url.URL{Path: path}).EscapedPath() // a file name can contain ? and %
	db, err := sql.Open("sqlite3", "file:"+name+"?"+options)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(maxConns)
	db.SetMaxIdleConns(maxConns)
	if err := connectAll(ctx, db, maxConns); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// connectAll opens all connections of a pool, which keeps them: one that is opened later would see
// another file if the file is replaced meanwhile.
func connectAll(ctx context.Context, db *sql.DB, n int) error {
	var errs []error
	list := make([]*sql.Conn, 0, n)
	for range n {
		conn, err := db.Conn(ctx)
		if err == nil {
			list = append(list, conn)
			_, err = conn.ExecContext(ctx, "SELECT count(*) FROM sqlite_schema")
		}
		errs = append(errs, err)
	}
	for _, conn := range list {
		errs = append(errs, conn.Close())
	}
	return errors.Join(errs...)
}

type sqliteBackend struct {
	path    string
	db      *DB
	readDB  *sql.DB
	writeDB *sql.DB // the writer's
	writer  *writer

	checkpointer *checkpointer
}

func (b *sqliteBackend) write(ctx context.Context, c closure) (*Tx, error) {
	return b.writer.write(ctx, c)
}

// migrator opens another connection, since the writer never releases its own.
func (b *sqliteBackend) migrator(ctx context.Context, files migrationFiles) (*migrator, error) {
	db, err := openFile(ctx, b.path, writerOptions, 1)
	if err != nil {
		return nil, err
	}
	return newMigrator(SQLite, db, files, b.db.now, nil, db.Close)
}

func (b *sqliteBackend) snapshot(ctx context.Context) (*sql.Tx, error) {
	return b.readDB.BeginTx(ctx, nil)
}

func (b *sqliteBackend) ping(ctx context.Context) error {
	if err := b.readDB.PingContext(ctx); err != nil {
		return fmt.Errorf("readers: %w", err)
	}
	empty := func(*Tx) error { return nil }
	if _, err := b.writer.write(ctx, newClosure(empty, empty)); err != nil {
		return fmt.Errorf("writer: %w", err)
	}
	return nil
}

func (b *sqliteBackend) checkFiles() { b.writer.checkFiles() }

func (b *sqliteBackend) isLocked() bool { return b.writer.waitsForLock() }

// close closes the readers first: the last connection removes the log, which a reader cannot do.
func (b *sqliteBackend) close() error {
	return errors.Join(b.readDB.Close(), b.checkpointer.stop(), b.writer.stop(), b.writeDB.Close())
}
