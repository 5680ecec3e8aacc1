package engine

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"log/slog"
	"sync"
	"sync/atomic"

	"gorm.io/gorm/schema"

	"gatecrier/app/fault"
)

// Stats are counts since the DB was opened.
type Stats struct {
	Asked   int64 // calls of Write that reached the database
	Writes  int64 // closures whose changes are stored
	Commits int64 // commits that stored them
}

type counters struct{ asked, writes, commits atomic.Int64 }

// backend is the part of a DB that differs between SQLite and PostgreSQL.
type backend interface {
	// write runs a closure in a transaction. If the closure panics, write panics with a *PanicError
	// on the caller's goroutine.
	write(ctx context.Context, c closure) (*Tx, error)
	migrator(ctx context.Context, files migrationFiles) (*migrator, error)
	// snapshot begins a transaction whose reads all see the same moment.
	snapshot(ctx context.Context) (*sql.Tx, error)
	ping(ctx context.Context) error
	// checkFiles pins the state Gone if the files were deleted or replaced.
	checkFiles()
	// isLocked reports whether the writer waits for a lock of another program.
	isLocked() bool
	close() error
}

// DB is an open database. Its own methods read; Write runs a closure that writes. It is safe for
// concurrent use.
type DB struct {
	Queries
	backend    backend
	log        *slog.Logger
	migrations fs.FS
	restoring  bool
	calls      callTracker
	counters   counters
	migrated   atomic.Bool  // no migration is pending, and none will be for this program
	running    atomic.Int32 // closures that run
	closurePC  uintptr      // identifies runClosure on a stack, see isNested
	checker    checker
	watcher    *watchdog
}

// Open opens a database. It creates a missing SQLite file with mode 0600. It does not migrate.
func Open(ctx context.Context, o Options) (*DB, error) {
	o = o.withDefaults()
	dialect, address, err := parseURL(o.URL)
	if err != nil {
		return nil, err
	}
	schema.RegisterSerializer("micro", microSerializer{})
	d := &DB{
		Queries:    Queries{dialect: dialect, now: o.Now, binder: &binder{}, monitor: newMonitor(o.Log)},
		log:        o.Log,
		migrations: o.Migrations,
		restoring:  o.Restoring,
		closurePC:  findClosurePC(),
	}
	switch dialect {
	case SQLite:
		err = openSQLite(ctx, d, address)
	case Postgres:
		err = openPostgres(ctx, d, address)
	}
	if err != nil {
		return nil, fmt.Errorf("store: open %s: %w", dialect, err)
	}
	d.monitor.pinsDamage = dialect == SQLite
	d.watcher = d.watch()
	return d, nil
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
func (d *DB) Write(ctx context.Context, fn func(tx *Tx) error) error {
	return d.WriteFor(ctx, fn, fn)
}

// WriteFor is Write for a package that wraps the closures of its callers: logs and a *TimeoutError
// name caller, a function, instead of fn.
func (d *DB) WriteFor(ctx context.Context, caller any, fn func(tx *Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err // the caller's, before the database has to do with it
	}
	if d.isNested(ctx) {
		return ErrNested
	}
	tx, err := d.commit(ctx, newClosure(caller, fn))
	if err != nil {
		return d.monitor.mark(fault.WithStack(err))
	}
	d.monitor.written()
	for _, hook := range tx.hooks {
		hook()
	}
	return nil
}

// commit returns before the hooks run, so that a hook can call Write while Close waits.
func (d *DB) commit(ctx context.Context, c closure) (*Tx, error) {
	if !d.calls.begin() {
		return nil, ErrClosed
	}
	defer d.calls.end()
	d.counters.asked.Add(1)
	return d.backend.write(ctx, c)
}

// Stats returns how many closures were stored in how many commits.
func (d *DB) Stats() Stats {
	return Stats{Asked: d.counters.asked.Load(), Writes: d.counters.writes.Load(), Commits: d.counters.commits.Load()}
}

// Queued returns how many closures wait for SQLite's writer; PostgreSQL has no queue.
func (d *DB) Queued() int {
	if b, ok := d.backend.(*sqliteBackend); ok {
		return len(b.writer.requests)
	}
	return 0
}

// Ping returns an error if the database cannot be read. On SQLite it also runs an empty write, which
// needs the writer and the lock of the file.
func (d *DB) Ping(ctx context.Context) error {
	if d.isNested(ctx) {
		return ErrNested
	}
	if !d.calls.begin() {
		return ErrClosed
	}
	defer d.calls.end()
	if err := d.backend.ping(ctx); err != nil {
		return d.monitor.mark(fmt.Errorf("store: ping: %w", err))
	}
	return nil
}

// Close waits for the Writes that have begun, and closes the database. Later Writes return
// ErrClosed. A second Close does nothing.
func (d *DB) Close() error {
	if !d.calls.close() {
		return nil
	}
	d.watcher.stop()
	if err := d.backend.close(); err != nil {
		return fmt.Errorf("store: close: %w", err)
	}
	return nil
}

// callTracker lets calls begin until it is closed.
type callTracker struct {
	mu      sync.Mutex
	closed  bool
	running sync.WaitGroup
}

// begin reports whether the call can go on. The caller must then call end.
func (t *callTracker) begin() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.closed {
		t.running.Add(1)
	}
	return !t.closed
}

func (t *callTracker) end() { t.running.Done() }

// close waits until no call runs. It reports whether this call was the first.
func (t *callTracker) close() (first bool) {
	t.mu.Lock()
	first = !t.closed
	t.closed = true
	t.mu.Unlock()
	t.running.Wait()
	return first
}
