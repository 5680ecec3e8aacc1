package engine

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"gorm.io/driver/postgres"
)

const (
	postgresConns   = 16 // for reads, and as many for writes
	postgresIdle    = 5 * time.Minute
	postgresRetries = 3
)

func openPostgres(ctx context.Context, d *DB, url string) error {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return err
	}
	pooled, err := hasPooler(ctx, config)
	if err != nil {
		return err
	}
	writeDB, err := connect(ctx, config, pooled, false)
	if err != nil {
		return err
	}
	readDB, err := connect(ctx, config, pooled, true)
	if err != nil {
		return errors.Join(err, writeDB.Close())
	}
	d.pool = readDB
	if d.gorm, err = openGorm(postgres.New(postgres.Config{Conn: readDB}), d); err != nil {
		return errors.Join(err, readDB.Close(), writeDB.Close())
	}
	b := &postgresBackend{
		db: d, config: config, pooled: pooled, readDB: readDB, writeDB: writeDB, running: map[*attempt]struct{}{},
	}
	b.watchdog = startWatchdog(b.checkHangs)
	d.backend = b
	return nil
}

// postgresBackend runs each Write in its own transaction, on the caller's goroutine.
type postgresBackend struct {
	db       *DB
	config   *pgx.ConnConfig
	pooled   bool // a pooler is in between
	readDB   *sql.DB
	writeDB  *sql.DB
	watchdog *watchdog
	mu       sync.Mutex
	running  map[*attempt]struct{}
}

// attempt is one run of a closure in its own transaction.
type attempt struct {
	backend *postgresBackend
	closure closure
	conn    *sql.Conn
	open    *sql.Tx
	guard   *txConn // of open
	tx      *Tx
}

// write tries again if PostgreSQL has undone the transaction in favor of another one.
func (b *postgresBackend) write(ctx context.Context, c closure) (*Tx, error) {
	for tries := 0; ; tries++ {
		tx, again, err := b.attempt(ctx, c)
		if err == nil {
			b.db.counters.writes.Add(1)
			b.db.counters.commits.Add(1)
		}
		if !again || tries == postgresRetries {
			return tx, err
		}
		b.db.log.DebugContext(ctx, "retry write", "error", err)
	}
}

// attempt runs a closure in a transaction. again reports whether another attempt can succeed. Only
// the closure's statements get the caller's context: no one could say whether an interrupted COMMIT
// took effect.
func (b *postgresBackend) attempt(ctx context.Context, c closure) (tx *Tx, again bool, err error) {
	conn, err := b.writeDB.Conn(ctx)
	if err != nil {
		return nil, false, fmt.Errorf("store: connect: %w", err)
	}
	defer func() { b.logIgnored(ctx, conn.Close()) }()
	open, err := conn.BeginTx(context.WithoutCancel(ctx), &sql.TxOptions{Isolation: sql.LevelReadCommitted})
	if err != nil {
		return nil, false, fmt.Errorf("store: begin: %w", err)
	}
	a := &attempt{backend: b, closure: c, conn: conn, open: open, guard: newTxConn(ctx, open)}
	a.tx = newTx(ctx, b.db, a.guard)
	firstErr, err := a.run(ctx)
	if err != nil {
		return nil, isConflict(firstErr) || isConflict(err), err
	}
	if err := open.Commit(); err != nil {
		err = fmt.Errorf("store: commit: %w", err)
		if outageOf(mark(err)) != Available { // PostgreSQL can have committed before the connection ended
			err = &unsureError{err}
		}
		return nil, isConflict(err), err
	}
	return a.tx, false, nil
}

// run runs the closure, and rolls back if it fails in any way. firstErr is the error of the first
// statement that failed.
func (a *attempt) run(ctx context.Context) (firstErr, err error) {
	a.backend.setRunning(a)
	var o outcome
	runGuarded(a.closure, a.tx, a.guard, func(end outcome) {
		o = end
		a.backend.clearRunning(a)
		if o.failure() != nil {
			a.backend.logIgnored(ctx, a.open.Rollback())
		}
	})
	if o.panicked != nil {
		panic(o.panicked)
	}
	return o.firstErr, o.failure()
}

func (b *postgresBackend) setRunning(a *attempt) {
	b.db.running.Add(1)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.running[a] = struct{}{}
}

func (b *postgresBackend) clearRunning(a *attempt) {
	b.db.running.Add(-1)
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.running, a)
}

// checkHangs undoes the closures that hang and closes their connections, since other transactions
// can wait for the rows that they have locked. The closures run on their callers' goroutines, so
// Write returns only when they do.
func (b *postgresBackend) checkHangs(now time.Time) {
	b.mu.Lock()
	list := slices.Collect(maps.Keys(b.running))
	b.mu.Unlock()
	for _, a := range list {
		if !a.guard.expire(now, a.closure) {
			continue
		}
		ctx := a.guard.ctx
		logTimeout(ctx, b.db.log, a.guard.timeout)
		b.logIgnored(ctx, a.open.Rollback())
		b.logIgnored(ctx, a.conn.Close())
	}
}

// logIgnored logs an error that has no effect: the end of the connection undoes its transaction at
// the latest.
func (b *postgresBackend) logIgnored(ctx context.Context, err error) {
	if err != nil {
		b.db.log.DebugContext(ctx, "undo write", "error", err)
	}
}

// isConflict reports whether an error is a serialization failure or a deadlock (40001 and 40P01 in
// appendix A of PostgreSQL's manual).
func isConflict(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (pg.Code == "40001" || pg.Code == "40P01")
}

func (b *postgresBackend) migrator(_ context.Context, files migrationFiles) (*migrator, error) {
	return newMigrator(Postgres, b.writeDB, files, b.db.now, &migrateLock{config: b.config}, func() error { return nil })
}

func (b *postgresBackend) snapshot(ctx context.Context) (*sql.Tx, error) {
	return b.readDB.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
}

func (b *postgresBackend) ping(ctx context.Context) error { return b.readDB.PingContext(ctx) }

func (b *postgresBackend) checkFiles() {}

func (b *postgresBackend) isLocked() bool { return false }

func (b *postgresBackend) close() error {
	b.watchdog.stop()
	return errors.Join(b.readDB.Close(), b.writeDB.Close())
}
