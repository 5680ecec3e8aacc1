package engine

import (
	"errors"
	"io/fs"
	"log/slog"
	"strings"
	"time"
)

// Dialect is the kind of database behind a Store.
type Dialect int

// The two dialects.
const (
	SQLite Dialect = iota
	Postgres
)

// String names the dialect in lower case.
func (d Dialect) String() string {
	switch d {
	case SQLite:
		return "sqlite"
	case Postgres:
		return "postgres"
	}
	return "unknown"
}

// Options say which database a Store opens, and what it is given to do so.
type Options struct {
	URL string           // "sqlite:PATH", or "postgres://..." as PostgreSQL's own tools take it
	Log *slog.Logger     // nil: nothing is logged
	Now func() time.Time // nil: time.Now

	Migrations fs.FS // a directory for each dialect
}

func (o Options) withDefaults() Options {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

// target splits a database URL into its dialect and what that dialect opens: a
// file's path for SQLite, the URL itself for PostgreSQL. Its errors do not
// repeat the URL, which may hold a password.
func target(url string) (Dialect, string, error) {
	if path, ok := strings.CutPrefix(url, "sqlite:"); ok {
		if rest, ok := strings.CutPrefix(path, "//"); ok {
			path = rest
		}
		if path == "" || strings.HasPrefix(path, ":memory:") {
			return SQLite, "", errors.New("store: a SQLite URL must name a file, as in sqlite:data/gatecrier.db")
		}
		return SQLite, path, nil
	}
	if strings.HasPrefix(url, "postgres://") || strings.HasPrefix(url, "postgresql://") {
		return Postgres, url, nil
	}
	return 0, "", errors.New("store: a database URL begins with sqlite: or postgres://")
}
