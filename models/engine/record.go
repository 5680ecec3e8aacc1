package engine

import (
	"context"
	"database/sql"

	"gorm.io/gorm"
)

// Recorded returns queries that call record before each statement. Tests use it to inspect the plans
// of statements.
func (q Queries) Recorded(record func(query string, args []any)) Queries {
	q.pool = recordingPool{q.pool, record}
	return q
}

// Record calls record before each statement of the transaction until stop.
func (tx *Tx) Record(record func(query string, args []any)) (stop func()) {
	before := tx.conn.conn
	tx.conn.conn = recordingConn{before, record}
	return func() { tx.conn.conn = before }
}

type recordingPool struct {
	gorm.ConnPool
	record func(query string, args []any)
}

// QueryContext records the statement and runs it.
func (p recordingPool) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	p.record(query, args)
	return p.ConnPool.QueryContext(ctx, query, args...)
}

type recordingConn struct {
	conn
	record func(query string, args []any)
}

// ExecContext records the statement and runs it.
func (c recordingConn) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	c.record(query, args)
	return c.conn.ExecContext(ctx, query, args...)
}

// QueryContext records the statement and runs it.
func (c recordingConn) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	c.record(query, args)
	return c.conn.QueryContext(ctx, query, args...)
}
