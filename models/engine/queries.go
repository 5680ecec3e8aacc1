package engine

import (
	"context"
	"database/sql"
	"time"

	"gorm.io/gorm"

	"gatecrier/app/fault"
)

// Queries are the methods that only read. Those of a DB use a pool of read-only connections, those
// of a Tx use its transaction.
type Queries struct {
	gorm    *gorm.DB
	pool    gorm.ConnPool
	dialect Dialect
	now     func() time.Time
	binder  *binder
	monitor *monitor
}

// Now returns the time of Options.Now in UTC, truncated to the microsecond that is stored.
func (q Queries) Now() time.Time { return q.now().UTC().Truncate(time.Microsecond) }

// Dialect returns the kind of the database.
func (q Queries) Dialect() Dialect { return q.dialect }

// Gorm returns a gorm session for ctx.
func (q Queries) Gorm(ctx context.Context) *gorm.DB {
	db := q.gorm.Session(&gorm.Session{NewDB: true, Context: ctx})
	db.Statement.ConnPool = q.pool
	return db
}

// Query calls scan for each row of a result. Its errors carry the stack of their origin.
func (q Queries) Query(ctx context.Context, query string, args []any, scan func(*sql.Rows) error) error {
	err := q.scanAll(ctx, query, args, scan)
	if conn, ok := q.pool.(*txConn); ok && err != nil {
		return conn.trace(err)
	}
	return q.monitor.mark(fault.WithStack(err))
}

func (q Queries) scanAll(ctx context.Context, query string, args []any, scan func(*sql.Rows) error) (err error) {
	rows, err := q.pool.QueryContext(ctx, q.bind(query), args...)
	if err != nil {
		return err
	}
	defer func() {
		if closeErr := rows.Close(); err == nil {
			err = closeErr
		}
	}()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// Get scans the first row of a result into dst. It returns sql.ErrNoRows if the result is empty.
func (q Queries) Get(ctx context.Context, query string, args []any, dst ...any) error {
	found := false
	err := q.Query(ctx, query, args, func(rows *sql.Rows) error {
		if found {
			return nil
		}
		found = true
		return rows.Scan(dst...)
	})
	if err == nil && !found {
		return sql.ErrNoRows
	}
	return err
}

// bind replaces the placeholders of a statement by those of the dialect.
func (q Queries) bind(query string) string {
	if q.dialect == SQLite {
		return query
	}
	return q.binder.bind(query)
}
