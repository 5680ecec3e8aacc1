package models

import (
	"context"
	"time"

	"gorm.io/gorm"

	"gatecrier/models/engine"
)

// queries are the methods that only read, which a Store and a Tx share: those of a Store cannot
// write, those of a Tx see its changes.
type queries struct {
	sql     engine.Queries
	dialect Dialect
}

func newQueries(q engine.Queries) queries { return queries{sql: q, dialect: q.Dialect()} }

// Now returns the time of Options.Now in UTC, truncated to the microsecond that is stored.
func (r queries) Now() time.Time { return r.sql.Now() }

// db returns a gorm session for ctx.
func (r queries) db(ctx context.Context) *gorm.DB { return r.sql.Gorm(ctx) }

// query calls scan for each row of a result.
func (r queries) query(ctx context.Context, query string, args []any, scan func(scanner) error) error {
	return r.sql.Query(ctx, query, args, scan)
}

// get scans the first row of a result into dst. It returns sql.ErrNoRows if the result is empty.
func (r queries) get(ctx context.Context, query string, args []any, dst ...any) error {
	return r.sql.Get(ctx, query, args, dst...)
}

// scanner is the current row of a result.
type scanner = engine.Scanner

// collect returns a callback for query that scans each row into a new element of list.
func collect[T any](list *[]T, dst func(*T) []any) func(scanner) error {
	return engine.Collect(list, dst)
}

// micro returns the stored value of a time: microseconds since 1970 in UTC, or NULL for the zero time.
func micro(t time.Time) any { return engine.Micro(t) }

// timeTo returns a scan destination that reads a stored time into t.
func timeTo(t *time.Time) any { return engine.TimeTo(t) }
