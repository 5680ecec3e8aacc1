package engine

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"sync"
	"time"

	"gatecrier/app/fault"
)

// conn is a connection on which a transaction is open.
type conn interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// txConn is one closure's time on a connection, and the pool that gorm is given
// for that time. It cannot begin, commit or roll back, so neither can gorm. It
// remembers the first statement that failed and answers all later ones with
// that error; when the turn is over it answers ErrExpired to code that still
// holds it.
type txConn struct {
	mu     sync.Mutex
	conn   conn
	ctx    context.Context // the caller's
	over   bool
	failed error
	traced error       // the same, with where it came from
	open   []*sql.Rows // perhaps closed since

	began, last time.Time     // when it began, and its last statement ended
	expired     *TimeoutError // it was ended from outside
}

func newTxConn(ctx context.Context, c conn) *txConn {
	now := time.Now()
	return &txConn{conn: c, ctx: ctx, began: now, last: now}
}

// ExecContext runs a statement.
func (t *txConn) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.check(ctx); err != nil {
		return nil, err
	}
	res, err := t.conn.ExecContext(ctx, query, args...)
	t.last = time.Now()
	t.note(err)
	return res, err
}

// QueryContext runs a statement that answers rows.
func (t *txConn) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.check(ctx); err != nil {
		return nil, err
	}
	//nolint:sqlclosecheck // the caller closes them, and end closes what the caller forgot
	rows, err := t.conn.QueryContext(ctx, query, args...)
	t.last = time.Now()
	t.note(err)
	if err == nil {
		t.open = append(t.open, rows)
	}
	return rows, err
}

// The two below are part of gorm's interface. A single row hides its error
// from the connection and a prepared statement would outlive it: neither is offered.
var (
	errNoRow     = errors.New("store: no QueryRow inside a transaction, use get")
	errNoPrepare = errors.New("store: no Prepare inside a transaction, exec prepares by itself")
)

// QueryRowContext is refused.
func (t *txConn) QueryRowContext(ctx context.Context, query string, _ ...any) *sql.Row {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.note(errNoRow)
	refusal := sql.OpenDB(refuse{errNoRow})
	defer refusal.Close() //nolint:errcheck // it never opened anything
	return refusal.QueryRowContext(ctx, query)
}

// PrepareContext is refused.
func (t *txConn) PrepareContext(context.Context, string) (*sql.Stmt, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.note(errNoPrepare)
	return nil, errNoPrepare
}

// check says why no statement may run now, if so.
func (t *txConn) check(ctx context.Context) error {
	if t.over {
		return ErrExpired
	}
	t.sweep()
	t.note(t.ctx.Err())
	t.note(ctx.Err())
	return t.failed
}

func (t *txConn) note(err error) {
	if t.failed == nil && !t.over {
		t.failed = err
	}
}

// trace keeps where an error came from. The first one of the transaction is the same
// for all that it answers, but for gorm, which knows only those of drivers.
func (t *txConn) trace(err error) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.failed == nil || !errors.Is(err, t.failed) {
		return fault.WithStack(err)
	}
	if t.traced == nil {
		t.traced = fault.WithStack(err)
	}
	return t.traced
}

// sweep looks at the rows that were handed out: a statement with RETURNING may
// fail as late as at its first row. Those closed since are forgotten.
func (t *txConn) sweep() {
	kept := t.open[:0]
	for _, rows := range t.open {
		t.note(rows.Err())
		if _, err := rows.Columns(); err == nil { // an error says that they are closed
			kept = append(kept, rows)
		}
	}
	clear(t.open[len(kept):])
	t.open = kept
}

// end closes what the closure left open and lets no statement through any
// more. It waits for one that still runs. It returns the first error; the turn
// is not the caller's any more where it has expired.
func (t *txConn) end() (first error, mine bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.expired != nil {
		return t.expired, false
	}
	t.shut()
	if t.traced != nil {
		return t.traced, true
	}
	return t.failed, true
}

func (t *txConn) shut() {
	for _, rows := range t.open {
		t.note(rows.Err())
		t.note(rows.Close())
	}
	t.open, t.over = nil, true
}

// expire ends the turn of a closure that hangs, unless a statement runs: then
// it is the database that takes its time. It reports whether it did; whoever
// called it then has the connection.
func (t *txConn) expire(now time.Time, fn closureOf) bool {
	if !t.mu.TryLock() {
		return false
	}
	defer t.mu.Unlock()
	if t.over || now.Sub(t.last) < idleLimit && now.Sub(t.began) < totalLimit {
		return false
	}
	t.shut()
	t.expired = newTimeout(fn, now.Sub(t.began))
	return true
}

// refuse is a database that cannot be reached, for the error's sake.
type refuse struct{ err error }

func (r refuse) Connect(context.Context) (driver.Conn, error) { return nil, r.err }
func (r refuse) Driver() driver.Driver                        { return r }
func (r refuse) Open(string) (driver.Conn, error)             { return nil, r.err }
