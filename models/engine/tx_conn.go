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

// conn is a connection with an open transaction.
type conn interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// txConn guards a connection for the time of one closure; gorm uses it as its pool. It cannot begin,
// commit or roll back, so gorm cannot either. After the first statement that failed, all later ones
// return that error. After the closure's end they return ErrExpired.
type txConn struct {
	mu        sync.Mutex
	conn      conn
	ctx       context.Context // of Write's caller
	ended     bool
	err       error       // of the first statement that failed
	tracedErr error       // the same with its stack
	open      []*sql.Rows // handed out; some can be closed since

	began    time.Time
	lastUsed time.Time     // when the last statement ended
	timeout  *TimeoutError // not nil: the watchdog ended it
}

func newTxConn(ctx context.Context, c conn) *txConn {
	now := time.Now()
	return &txConn{conn: c, ctx: ctx, began: now, lastUsed: now}
}

// ExecContext runs a statement.
func (t *txConn) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.check(ctx); err != nil {
		return nil, err
	}
	res, err := t.conn.ExecContext(ctx, query, args...)
	t.lastUsed = time.Now()
	t.setErr(err)
	return res, err
}

// QueryContext runs a statement that returns rows.
func (t *txConn) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.check(ctx); err != nil {
		return nil, err
	}
	//nolint:sqlclosecheck // the caller closes the rows, and end closes those left open
	rows, err := t.conn.QueryContext(ctx, query, args...)
	t.lastUsed = time.Now()
	t.setErr(err)
	if err == nil {
		t.open = append(t.open, rows)
	}
	return rows, err
}

// gorm's interface requires the next two methods, which fail: a single row would hide its error from
// the txConn, and a prepared statement would outlive it.
var (
	errNoRow     = errors.New("store: no QueryRow inside a transaction, use Get")
	errNoPrepare = errors.New("store: no Prepare inside a transaction, Exec prepares by itself")
)

// QueryRowContext returns a row with an error.
func (t *txConn) QueryRowContext(ctx context.Context, query string, _ ...any) *sql.Row {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.setErr(errNoRow)
	failing := sql.OpenDB(failingConnector{errNoRow})
	defer failing.Close() //nolint:errcheck // it never opened a connection
	return failing.QueryRowContext(ctx, query)
}

// PrepareContext returns an error.
func (t *txConn) PrepareContext(context.Context, string) (*sql.Stmt, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.setErr(errNoPrepare)
	return nil, errNoPrepare
}

// check returns an error if no statement can run now.
func (t *txConn) check(ctx context.Context) error {
	if t.ended {
		return ErrExpired
	}
	t.checkRows()
	t.setErr(t.ctx.Err())
	t.setErr(ctx.Err())
	return t.err
}

// setErr stores the first error of the transaction.
func (t *txConn) setErr(err error) {
	if t.err == nil && !t.ended {
		t.err = err
	}
}

// trace returns err with the stack of its origin. The transaction's first error gets one stack, and
// later statements return that same error. gorm gets it without: it knows only drivers' errors.
func (t *txConn) trace(err error) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.err == nil || !errors.Is(err, t.err) {
		return fault.WithStack(err)
	}
	if t.tracedErr == nil {
		t.tracedErr = fault.WithStack(err)
	}
	return t.tracedErr
}

// checkRows stores the errors of the rows handed out, since a statement with RETURNING can fail as
// late as its first row. It forgets the rows that are closed.
func (t *txConn) checkRows() {
	stillOpen := t.open[:0]
	for _, rows := range t.open {
		t.setErr(rows.Err())
		if _, err := rows.Columns(); err == nil { // closed rows return an error
			stillOpen = append(stillOpen, rows)
		}
	}
	clear(t.open[len(stillOpen):])
	t.open = stillOpen
}

// end waits for a running statement, closes the rows left open and refuses later statements. It
// returns the transaction's first error. owned is false if the watchdog has taken the connection.
func (t *txConn) end() (err error, owned bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.timeout != nil {
		return t.timeout, false
	}
	t.close()
	if t.tracedErr != nil {
		return t.tracedErr, true
	}
	return t.err, true
}

// close closes the rows left open and marks the end.
func (t *txConn) close() {
	for _, rows := range t.open {
		t.setErr(rows.Err())
		t.setErr(rows.Close())
	}
	t.open, t.ended = nil, true
}

// expire ends the time of a closure that hangs and reports whether it did; the connection then
// belongs to its caller. A closure does not hang while a statement runs: the database is slow then.
func (t *txConn) expire(now time.Time, c closure) bool {
	if !t.mu.TryLock() {
		return false
	}
	defer t.mu.Unlock()
	if t.ended || now.Sub(t.lastUsed) < idleLimit && now.Sub(t.began) < totalLimit {
		return false
	}
	t.close()
	t.timeout = newTimeout(c, now.Sub(t.began))
	return true
}

// failingConnector is a database that returns err for each connection.
type failingConnector struct{ err error }

func (f failingConnector) Connect(context.Context) (driver.Conn, error) { return nil, f.err }
func (f failingConnector) Driver() driver.Driver                        { return f }
func (f failingConnector) Open(string) (driver.Conn, error)             { return nil, f.err }
