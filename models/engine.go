package models

import (
	"context"
	"io/fs"
	"log/slog"
	"os"

	"gatecrier/models/engine"
)

// Other packages use the engine only by the names below: the engine itself runs any SQL, and only
// this package can import it.

// The errors of a Store or a Tx that refuses a call.
var (
	ErrClosed  = engine.ErrClosed
	ErrNested  = engine.ErrNested
	ErrExpired = engine.ErrExpired
	ErrInUse   = engine.ErrInUse
)

// PanicError is the value that Write panics with, on its caller's goroutine, after a closure panicked.
type PanicError = engine.PanicError

// TimeoutError is the error of a closure that hung. Its changes are undone.
type TimeoutError = engine.TimeoutError

// State is what keeps the database from working.
type State = engine.State

// The states of a database.
const (
	Available = engine.Available
	Busy      = engine.Busy
	Full      = engine.Full
	ReadOnly  = engine.ReadOnly
	Corrupt   = engine.Corrupt
	Gone      = engine.Gone
	Timeout   = engine.Timeout
)

// StateOf returns the state of the database that an error shows, Available for any other error.
func StateOf(err error) State { return engine.StateOf(err) }

// IsUnsure reports whether an error is of a write whose changes can be stored all the same.
func IsUnsure(err error) bool { return engine.IsUnsure(err) }

// Condition is the state of a database since a time.
type Condition = engine.Condition

// Integrity is the result of a check of the stored data.
type Integrity = engine.Integrity

// JoinOutages returns a logger that joins the lines of an outage of the database that is opened with
// it: one at its beginning, one a minute, and one at its end.
func JoinOutages(log *slog.Logger) *slog.Logger { return engine.JoinOutages(log) }

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

// IsFileAt reports whether path still names the file of a lock: another program can have removed it.
func IsFileAt(path string, f *os.File) bool { return engine.IsFileAt(path, f) }

// Lock is TryLock, but waits while another program has the lock. If ctx ends first, its error
// matches ErrLocked and the error of ctx.
func Lock(ctx context.Context, path string) (*os.File, error) { return engine.Lock(ctx, path) }

// CheckURL returns an error if a database URL is invalid. The error does not repeat the URL.
func CheckURL(url string) error { return engine.CheckURL(url) }

// File returns the path of the database in a SQLite URL with symbolic links resolved, or "" for any
// other URL.
func File(url string) string { return engine.File(url) }

// HasTables reports whether a SQLite file exists and has any table. It changes nothing.
func HasTables(ctx context.Context, path string) (bool, error) {
	return engine.SQLiteHasTables(ctx, path)
}

// DatabaseContent is the version of a database's schema, and the number of rows by table.
type DatabaseContent = engine.FileContent

// CopySQLite writes a copy of a SQLite database to a new file, with all that was committed when it
// began and nothing else. Other programs can read and write meanwhile. progress gets the bytes that
// are written and about how many there will be.
func CopySQLite(ctx context.Context, from, to string, progress func(done, total int64)) error {
	return engine.CopySQLite(ctx, from, to, progress)
}

// ReadSQLite checks the structure and the foreign keys of a SQLite file that no program writes to, and
// counts its rows. Broken foreign keys are no error: they are in the content. It creates no files
// beside it.
func ReadSQLite(ctx context.Context, path string) (DatabaseContent, error) {
	return engine.ReadSQLite(ctx, path)
}

// CloseLog moves what the log of a SQLite file has into it and removes the log. It returns ErrInUse if
// another program uses the file, and another error if it is damaged.
func CloseLog(ctx context.Context, path string) error { return engine.CloseLog(ctx, path) }

// PostgresSnapshot calls fn with the name of an exported snapshot of a database, for other programs
// that are to see the same moment, and with the content of that moment.
func PostgresSnapshot(ctx context.Context, url string, fn func(id string, c DatabaseContent) error) error {
	return engine.PostgresSnapshot(ctx, url, fn)
}

// BeginPostgresRestore marks an empty database as one whose restore is not finished: no program opens
// it. again reports whether it has the mark already.
func BeginPostgresRestore(ctx context.Context, url string) (again bool, err error) {
	return engine.BeginPostgresRestore(ctx, url)
}

// EndPostgresRestore removes the mark.
func EndPostgresRestore(ctx context.Context, url string) error {
	return engine.EndPostgresRestore(ctx, url)
}

// CopyOptions are the parameters of Copy. It sets Migrations.
type CopyOptions = engine.CopyOptions

// CopyResult is what a copy did.
type CopyResult = engine.CopyResult

// Copy copies all rows of a database to an empty one of the other kind, or finishes such a copy. It
// only reads the source. Until the copy is finished and verified, the target has a mark, and no
// program migrates or serves it.
func Copy(ctx context.Context, o CopyOptions) (CopyResult, error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return CopyResult{}, err
	}
	o.Migrations = files
	return engine.Copy(ctx, o)
}
