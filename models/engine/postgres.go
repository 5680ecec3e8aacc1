package engine

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"gorm.io/driver/postgres"
)

const (
	postgresConns   = 16 // of readers, and of writers
	postgresIdle    = 5 * time.Minute
	postgresRetries = 3
)

func openPostgres(ctx context.Context, s *DB, url string) error {
	db, err := connect(ctx, url, false)
	if err != nil {
		return err
	}
	pool, err := connect(ctx, url, true)
	if err != nil {
		return errors.Join(err, db.Close())
	}
	s.pool = pool
	if s.gorm, err = openGorm(postgres.New(postgres.Config{Conn: pool}), s); err != nil {
		return errors.Join(err, pool.Close(), db.Close())
	}
	b := &postgresBackend{store: s, readers: pool, db: db, active: map[*attempt]struct{}{}}
	b.watch = startWatchdog(b.look)
	s.backend = b
	return nil
}

// connect opens a pool of connections, which cannot write where it is readOnly:
// a Store that writes beside its transactions is a mistake on both databases.
func connect(ctx context.Context, url string, readOnly bool) (*sql.DB, error) {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, err
	}
	config.RuntimeParams["jit"] = "off" // its compiler costs more than any statement of ours
	if readOnly {
		config.RuntimeParams["default_transaction_read_only"] = "on"
	}
	db := stdlib.OpenDB(*config)
	db.SetMaxOpenConns(postgresConns)
	db.SetMaxIdleConns(postgresConns)
	db.SetConnMaxIdleTime(postgresIdle)
	if err := db.PingContext(ctx); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// postgresBackend has a transaction for each Write, on the caller's goroutine.
type postgresBackend struct {
	store   *DB
	readers *sql.DB
	db      *sql.DB
	watch   *watchdog
	mu      sync.Mutex
	active  map[*attempt]struct{}
}

// attempt is one closure's turn in a transaction of its own.
type attempt struct {
	backend *postgresBackend
	fn      closureOf
	conn    *sql.Conn
	open    *sql.Tx
	turn    *txConn
	tx      *Tx
}

// write tries again where PostgreSQL has undone a transaction in favour of
// another one.
func (b *postgresBackend) write(ctx context.Context, fn closureOf) (*Tx, error) {
	for tries := 0; ; tries++ {
		tx, again, err := b.attempt(ctx, fn)
		if err == nil {
			b.store.counters.writes.Add(1)
			b.store.counters.commits.Add(1)
		}
		if !again || tries == postgresRetries {
			return tx, err
		}
		b.store.log.DebugContext(ctx, "write is tried again", "error", err)
	}
}

// attempt runs fn in a transaction; again says that another attempt may do.
// Only fn's statements get the caller's context: a COMMIT that is cut short
// would leave open whether it was done.
func (b *postgresBackend) attempt(ctx context.Context, fn closureOf) (tx *Tx, again bool, err error) {
	conn, err := b.db.Conn(ctx)
	if err != nil {
		return nil, false, fmt.Errorf("store: connect: %w", err)
	}
	defer func() { b.note(ctx, conn.Close()) }()
	open, err := conn.BeginTx(context.WithoutCancel(ctx), &sql.TxOptions{Isolation: sql.LevelReadCommitted})
	if err != nil {
		return nil, false, fmt.Errorf("store: begin: %w", err)
	}
	a := &attempt{backend: b, fn: fn, conn: conn, open: open, turn: newTxConn(ctx, open)}
	a.tx = newTx(ctx, b.store, a.turn)
	first, err := a.run(ctx)
	if err != nil {
		return nil, undoneForAnother(first) || undoneForAnother(err), err
	}
	if err := open.Commit(); err != nil {
		return nil, undoneForAnother(err), fmt.Errorf("store: commit: %w", err)
	}
	return a.tx, false, nil
}

// run runs the closure, and rolls back where it fails in any way. first is the
// error of the first statement that failed.
func (a *attempt) run(ctx context.Context) (first, err error) {
	a.backend.enter(a)
	returned := false
	defer func() {
		var v any
		if !returned {
			v = recover()
		}
		ended, mine := a.turn.end()
		a.backend.leave(a)
		if first = ended; returned && (err == nil || !mine) {
			err = ended
		}
		if !returned || err != nil {
			a.backend.note(ctx, a.open.Rollback())
		}
		if v != nil {
			panic(&PanicError{Value: v, Stack: debug.Stack()})
		}
	}()
	err = closure(a.fn.run, a.tx)
	returned = true
	return first, err
}

func (b *postgresBackend) enter(a *attempt) {
	b.store.inside.Add(1)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.active[a] = struct{}{}
}

func (b *postgresBackend) leave(a *attempt) {
	b.store.inside.Add(-1)
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.active, a)
}

// look undoes what closures that hang have done, and takes their connections
// from them: others may wait for the rows that they have locked. Their callers
// are answered when they return, since they run on the callers' goroutines.
func (b *postgresBackend) look(now time.Time) {
	b.mu.Lock()
	list := slices.Collect(maps.Keys(b.active))
	b.mu.Unlock()
	for _, a := range list {
		if !a.turn.expire(now, a.fn) {
			continue
		}
		b.store.log.ErrorContext(
			a.turn.ctx, "a write hangs and was undone", "error", a.turn.expired, "stacks", string(a.turn.expired.Stacks),
		)
		b.note(a.turn.ctx, a.open.Rollback())
		b.note(a.turn.ctx, a.conn.Close())
	}
}

// note logs an error that changes nothing: what was to be undone is undone by
// the end of the connection at the latest.
func (b *postgresBackend) note(ctx context.Context, err error) {
	if err != nil {
		b.store.log.DebugContext(ctx, "while undoing a write", "error", err)
	}
}

// undoneForAnother reports a serialization failure or a deadlock (40001 and
// 40P01 in PostgreSQL's appendix A).
func undoneForAnother(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (pg.Code == "40001" || pg.Code == "40P01")
}

func (b *postgresBackend) migrator(_ context.Context, files migrationFiles) (*migrator, error) {
	return newMigrator(Postgres, b.db, files, b.store.now, func() error { return nil })
}

func (b *postgresBackend) snapshot(ctx context.Context) (*sql.Tx, error) {
	return b.readers.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
}

func (b *postgresBackend) ping(ctx context.Context) error { return b.readers.PingContext(ctx) }

func (b *postgresBackend) close() error {
	b.watch.stop()
	return errors.Join(b.readers.Close(), b.db.Close())
}
