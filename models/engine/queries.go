package engine

import (
	"context"
	"database/sql"
	"strconv"
	"strings"
	"sync"
	"time"

	"gorm.io/gorm"

	"gatecrier/app/fault"
)

// Queries has all that only reads. A Store's go to a pool of connections that
// can do nothing else, a Tx's to the connection of its transaction.
type Queries struct {
	gorm    *gorm.DB
	pool    gorm.ConnPool
	dialect Dialect
	now     func() time.Time
	binder  *binder
}

// Now is the injected clock in UTC, to the microsecond that is stored.
func (r Queries) Now() time.Time { return r.now().UTC().Truncate(time.Microsecond) }

// Gorm is a gorm session for ctx.
func (r Queries) Gorm(ctx context.Context) *gorm.DB {
	db := r.gorm.Session(&gorm.Session{NewDB: true, Context: ctx})
	db.Statement.ConnPool = r.pool
	return db
}

// Query calls scan once for each row of an answer. Its errors keep where they
// came from.
func (r Queries) Query(ctx context.Context, query string, args []any, scan func(*sql.Rows) error) error {
	err := r.scanAll(ctx, query, args, scan)
	if t, ok := r.pool.(*txConn); ok && err != nil {
		return t.trace(err)
	}
	return fault.WithStack(err)
}

func (r Queries) scanAll(ctx context.Context, query string, args []any, scan func(*sql.Rows) error) (err error) {
	rows, err := r.pool.QueryContext(ctx, r.bind(query), args...)
	if err != nil {
		return err
	}
	defer func() {
		if closing := rows.Close(); err == nil {
			err = closing
		}
	}()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// Get scans the first row of an answer into dst; sql.ErrNoRows where there is
// none.
func (r Queries) Get(ctx context.Context, query string, args []any, dst ...any) error {
	found := false
	err := r.Query(ctx, query, args, func(rows *sql.Rows) error {
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

// bind gives a statement its dialect's placeholders.
func (r Queries) bind(query string) string {
	if r.dialect == SQLite {
		return query
	}
	return r.binder.bind(query)
}

// bindings is how many statements a binder remembers. Those of the program are
// far fewer; lists of different lengths make them more.
const bindings = 2048

// binder remembers statements with their placeholders replaced.
type binder struct {
	mu    sync.RWMutex
	known map[string]string
}

func (b *binder) bind(query string) string {
	b.mu.RLock()
	bound, ok := b.known[query]
	b.mu.RUnlock()
	if ok {
		return bound
	}
	bound = rebind(query)
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.known == nil || len(b.known) >= bindings {
		b.known = map[string]string{}
	}
	b.known[query] = bound
	return bound
}

// rebind replaces each ? with $1, $2 and so on, but for those inside quotes
// and comments.
func rebind(query string) string {
	var out strings.Builder
	n := 0
	for i := 0; i < len(query); {
		size := quoted(query[i:])
		if size == 0 && query[i] == '?' {
			n++
			out.WriteString("$" + strconv.Itoa(n))
			i++
			continue
		}
		size = max(size, 1)
		out.WriteString(query[i : i+size])
		i += size
	}
	return out.String()
}

// quoted is the length of the string, name or comment that query begins with,
// 0 if with none.
func quoted(query string) int {
	ends := ""
	switch {
	case query[0] == '\'' || query[0] == '"':
		ends = query[:1] // a doubled quote reads as two strings side by side
	case strings.HasPrefix(query, "--"):
		ends = "\n"
	case strings.HasPrefix(query, "/*"):
		ends = "*/"
	default:
		return 0
	}
	skip := 1
	if ends == "*/" {
		skip = 2
	}
	end := strings.Index(query[skip:], ends)
	if end < 0 {
		return len(query)
	}
	return skip + end + len(ends)
}
