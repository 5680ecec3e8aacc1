package engine

import (
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Dialect is a kind of database.
type Dialect int

// The supported databases.
const (
	SQLite Dialect = iota
	Postgres
)

// String returns the name in lower case.
func (d Dialect) String() string {
	switch d {
	case SQLite:
		return "sqlite"
	case Postgres:
		return "postgres"
	}
	return "unknown"
}

// Options are the parameters of Open.
type Options struct {
	URL string           // "sqlite:PATH", or "postgres://..." as PostgreSQL's own tools take it
	Log *slog.Logger     // nil: nothing is logged
	Now func() time.Time // nil: time.Now

	// Migrations has the directories sqlite and postgres with numbered SQL files for goose. The
	// first one creates the table migration_hashes (version, name, hash, applied_at).
	Migrations fs.FS

	// Restoring opens a database whose restore or copy is not finished, to finish it.
	Restoring bool
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

// CheckURL returns an error if a database URL is invalid. The error does not repeat the URL.
func CheckURL(url string) error {
	_, _, err := parseURL(url)
	return err
}

// File returns the path of the database in a SQLite URL with symbolic links resolved, or "" for any
// other URL.
func File(url string) string {
	dialect, path, err := parseURL(url)
	if err != nil || dialect != SQLite {
		return ""
	}
	return resolveLinks(path)
}

// parseURL returns the dialect of a database URL and the address for it: the path of the file for
// SQLite, the URL itself for PostgreSQL. Its errors do not repeat the URL, which can hold a password.
func parseURL(url string) (d Dialect, address string, err error) {
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
		return Postgres, url, checkPostgresURL(url)
	}
	return 0, "", errors.New("store: a database URL begins with sqlite: or postgres://")
}

// resolveLinks returns a path without symbolic links, or the path itself if the file is missing.
func resolveLinks(path string) string {
	const maxLinks = 40 // as the system's
	for range maxLinks {
		if file, err := filepath.EvalSymlinks(path); err == nil {
			return file
		}
		to, err := os.Readlink(path) // of a file that does not exist yet
		if err != nil {
			return path
		}
		if !filepath.IsAbs(to) {
			to = filepath.Join(filepath.Dir(path), to)
		}
		path = to
	}
	return path
}
