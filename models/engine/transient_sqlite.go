//go:build cgo

package engine

import (
	"errors"

	"github.com/mattn/go-sqlite3"
)

// isTransientSQLite reports whether an error of SQLite is about the file, its disk or its locks.
func isTransientSQLite(err error) bool {
	var e sqlite3.Error
	if !errors.As(err, &e) {
		return false
	}
	switch e.Code {
	case sqlite3.ErrBusy, sqlite3.ErrLocked, sqlite3.ErrNomem, sqlite3.ErrReadonly, sqlite3.ErrInterrupt,
		sqlite3.ErrIoErr, sqlite3.ErrCorrupt, sqlite3.ErrFull, sqlite3.ErrCantOpen, sqlite3.ErrProtocol,
		sqlite3.ErrNotADB, sqlite3.ErrPerm, sqlite3.ErrAuth:
		return true
	}
	return false
}
