package models

import (
	"context"
	"os"

	"gatecrier/models/engine"
)

// Other packages use the engine only by the names below: the engine itself runs any SQL, and only
// this package may import it.

// The errors of a Store or a Tx that refuses a call.
var (
	ErrClosed  = engine.ErrClosed
	ErrNested  = engine.ErrNested
	ErrExpired = engine.ErrExpired
)

// PanicError is the value that Write panics with, on its caller's goroutine, after a closure panicked.
type PanicError = engine.PanicError

// TimeoutError is the error of a closure that hung. Its changes are undone.
type TimeoutError = engine.TimeoutError

// Stats are counts since the Store was opened.
type Stats = engine.Stats

// Dialect is a kind of database.
type Dialect = engine.Dialect

// The supported databases.
const (
	SQLite   = engine.SQLite
	Postgres = engine.Postgres
)

// ErrLocked is the error of TryLock if another program holds the lock.
var ErrLocked = engine.ErrLocked

// TryLock locks a file for this program and creates a missing one. It returns ErrLocked if another
// program has the lock. The lock ends when the file is closed or the program ends in any way.
func TryLock(path string) (*os.File, error) { return engine.TryLock(path) }

// Lock is TryLock, but waits while another program has the lock. If ctx ends first, its error
// matches ErrLocked and the error of ctx.
func Lock(ctx context.Context, path string) (*os.File, error) { return engine.Lock(ctx, path) }

// CheckURL returns an error if a database URL is invalid. The error does not repeat the URL.
func CheckURL(url string) error { return engine.CheckURL(url) }

// File returns the path of the database in a SQLite URL with symbolic links resolved, or "" for any
// other URL.
func File(url string) string { return engine.File(url) }

// HasTables reports whether a SQLite file exists and has any table. It changes nothing.
func HasTables(ctx context.Context, path string) (bool, error) { return engine.SQLiteHasTables(ctx, path) }
