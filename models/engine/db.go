package engine

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"sync"
	"sync/atomic"

	"gorm.io/gorm/schema"

	"gatecrier/app/fault"
)

// What a Store refuses.
var (
	ErrClosed  = errors.New("store: closed")
	ErrNested  = errors.New("store: a Write inside a Write would wait for itself")
	ErrExpired = errors.New("store: this transaction is over")
)

// errGoexit answers a closure that ended the goroutine it ran on.
var errGoexit = errors.New("store: the closure ended its goroutine")

// PanicError is what a panic in a closure becomes when it is raised again on
// the goroutine that called Write.
type PanicError struct {
	Value any    // what the closure panicked with
	Stack []byte // where it did
}

// Error tells the value, without the stack.
func (e *PanicError) Error() string { return fmt.Sprintf("panic in a write: %v", e.Value) }

// Unwrap returns the value where that is an error.
func (e *PanicError) Unwrap() error {
	err, ok := e.Value.(error)
	if !ok {
		return nil
	}
	return err
}

// Stats count since the Store was opened.
type Stats struct {
	Asked   int64 // closures that were handed over
	Writes  int64 // those whose changes are stored
	Commits int64 // commits that it took
}

type counters struct{ asked, writes, commits atomic.Int64 }

// backend is what differs between SQLite and PostgreSQL.
type backend interface {
	// write runs fn in a transaction. It panics with a *PanicError where fn
	// panicked, on the caller's goroutine.
	write(ctx context.Context, fn closureOf) (*Tx, error)
	migrator(ctx context.Context, files migrationFiles) (*migrator, error)
	// snapshot begins a transaction that reads, all of it as of one moment.
	snapshot(ctx context.Context) (*sql.Tx, error)
	ping(ctx context.Context) error
	close() error
}

// Store reads what is stored, and writes through closures. It is safe for
// concurrent use.
type DB struct {
	Queries
	backend  backend
	log      *slog.Logger
	files    fs.FS // migrations of all dialects
	door     door
	counters counters
	migrated atomic.Bool  // nothing is pending, nor will be for this program
	inside   atomic.Int32 // closures that have their turn
	mark     uintptr      // by which one is seen on a stack
}

// Open opens a database, and creates the file of a SQLite one with mode 0600
// where there is none. It migrates nothing.
func Open(ctx context.Context, o Options) (*DB, error) {
	o = o.withDefaults()
	dialect, place, err := target(o.URL)
	if err != nil {
		return nil, err
	}
	schema.RegisterSerializer("micro", microSerializer{})
	s := &DB{
		log:     o.Log,
		files:   o.Migrations,
		mark:    mark(),
		Queries: Queries{dialect: dialect, now: o.Now, binder: &binder{}},
	}
	switch dialect {
	case SQLite:
		err = openSQLite(ctx, s, place)
	case Postgres:
		err = openPostgres(ctx, s, place)
	}
	if err != nil {
		return nil, fmt.Errorf("store: open %s: %w", dialect, err)
	}
	return s, nil
}

// Write runs fn in a transaction and stores what it did, or, where it fails,
// nothing of it; nil means that it is stored durably.
//
// fn may run more than once: it touches only tx and variables that it
// overwrites. It takes no time over anything but statements, for on SQLite all
// other writers wait meanwhile. After a failed statement all later ones fail
// with its error, and so does Write even where fn returns nil: where a conflict
// is expected, say ON CONFLICT.
//
// A ctx that ends before fn's turn undoes it without running it; one that ends
// in between, at the next statement; after the last statement it no longer
// counts. A panic in fn undoes it and is raised again here, as a *PanicError.
// An fn that hangs is undone after some seconds, and answered with a
// *TimeoutError; a Write in it is refused with ErrNested.
func (s *DB) Write(ctx context.Context, fn func(tx *Tx) error) error { return s.WriteFor(ctx, fn, fn) }

// WriteFor is Write, where the caller's function is what logs and errors name.
func (s *DB) WriteFor(ctx context.Context, caller any, fn func(tx *Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if ctx.Value(within{s}) != nil || s.nested() {
		return ErrNested
	}
	tx, err := s.commit(ctx, closureOf{fn, caller})
	if err != nil {
		return fault.WithStack(err)
	}
	for _, hook := range tx.hooks {
		hook()
	}
	return nil
}

// commit ends before the hooks run, so that a hook may call Write while Close
// waits.
func (s *DB) commit(ctx context.Context, fn closureOf) (*Tx, error) {
	if !s.door.enter() {
		return nil, ErrClosed
	}
	defer s.door.leave()
	s.counters.asked.Add(1)
	return s.backend.write(ctx, fn)
}

// Stats tells how many closures were stored in how many commits.
func (s *DB) Stats() Stats {
	return Stats{Asked: s.counters.asked.Load(), Writes: s.counters.writes.Load(), Commits: s.counters.commits.Load()}
}

// Dialect tells which kind of database this is.
func (r Queries) Dialect() Dialect { return r.dialect }

// Queued is how many closures wait for the SQLite writer.
func (s *DB) Queued() int {
	if b, ok := s.backend.(*sqliteBackend); ok {
		return len(b.writer.requests)
	}
	return 0
}

// Ping reports whether the database can be read and, on SQLite, whether the
// writer answers and gets the file's lock: a write of nothing.
func (s *DB) Ping(ctx context.Context) error {
	if ctx.Value(within{s}) != nil || s.nested() {
		return ErrNested
	}
	if !s.door.enter() {
		return ErrClosed
	}
	defer s.door.leave()
	if err := s.backend.ping(ctx); err != nil {
		return fmt.Errorf("store: ping: %w", err)
	}
	return nil
}

// Close waits for the Writes that have begun, refuses later ones with
// ErrClosed, and closes the database. A second Close does nothing.
func (s *DB) Close() error {
	if !s.door.shut() {
		return nil
	}
	if err := s.backend.close(); err != nil {
		return fmt.Errorf("store: close: %w", err)
	}
	return nil
}

// door lets callers in until it is shut, and shuts when all have left.
type door struct {
	mu     sync.Mutex
	closed bool
	inside sync.WaitGroup
}

func (d *door) enter() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.closed {
		d.inside.Add(1)
	}
	return !d.closed
}

func (d *door) leave() { d.inside.Done() }

// shut reports whether this call is the one that shut it.
func (d *door) shut() bool {
	d.mu.Lock()
	first := !d.closed
	d.closed = true
	d.mu.Unlock()
	d.inside.Wait()
	return first
}
