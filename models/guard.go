package models

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"sync"
)

// runner runs the statements of an open transaction.
type runner interface {
	exec(query string, args []any) (sql.Result, error)
	query(query string, args []any) (*sql.Rows, error)
}

// guard is the connection pool that a Tx and gorm see. It runs statements on
// its own context, since a cancelled one would take the whole group of writes
// with it, and looks at the caller's between them. The first failed statement
// poisons it: PostgreSQL would refuse the rest anyway, and SQLite must not do
// otherwise. It can neither begin nor commit, so gorm cannot.
type guard struct {
	mu     sync.Mutex
	run    runner
	caller context.Context
	over   bool
	err    error // of the first failed statement
}

func (g *guard) check() error {
	if g.over {
		return ErrExpired
	}
	if g.err == nil {
		g.err = g.caller.Err()
	}
	return g.err
}

// end closes the guard and returns the error that poisoned it.
func (g *guard) end() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.over = true
	return g.err
}

// ExecContext runs a statement. The context is the caller's, which only the
// check looks at.
func (g *guard) ExecContext(_ context.Context, query string, args ...any) (sql.Result, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if err := g.check(); err != nil {
		return nil, err
	}
	res, err := g.run.exec(query, args)
	if err != nil {
		g.err = err
	}
	return res, err
}

// QueryContext runs a query.
func (g *guard) QueryContext(_ context.Context, query string, args ...any) (*sql.Rows, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if err := g.check(); err != nil {
		return nil, err
	}
	rows, err := g.run.query(query, args)
	if err != nil {
		g.err = err
	}
	return rows, err
}

// QueryRowContext is there for gorm's interface. A row cannot be read without
// keeping rows open, so it always fails.
func (g *guard) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	return sql.OpenDB(refusal{}).QueryRowContext(ctx, query, args...)
}

// PrepareContext is there for gorm's interface; statements are prepared below.
func (g *guard) PrepareContext(context.Context, string) (*sql.Stmt, error) {
	return nil, errNoRow
}

var errNoRow = errors.New("store: inside a write, use query or gorm's finders")

// refusal is a database that answers everything with errNoRow.
type refusal struct{}

func (refusal) Connect(context.Context) (driver.Conn, error) { return nil, errNoRow }
func (refusal) Driver() driver.Driver                        { return nil }
