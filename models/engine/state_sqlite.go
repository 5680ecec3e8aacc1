//go:build cgo

package engine

import (
	"errors"
	"slices"
	"syscall"

	"github.com/mattn/go-sqlite3"
)

// Result codes of SQLite (sqlite.org/rescode.html).
const (
	sqlitePerm      = 3
	sqliteBusy      = 5
	sqliteLocked    = 6
	sqliteNoMemory  = 7
	sqliteReadOnly  = 8
	sqliteIOErr     = 10
	sqliteCorrupt   = 11
	sqliteFull      = 13
	sqliteCantOpen  = 14
	sqliteProtocol  = 15
	sqliteNotADB    = 26
	sqliteMoved     = sqliteReadOnly | 4<<8 // the file was moved or deleted
	sqliteCorruptFS = sqliteIOErr | 33<<8   // the file system says that its data is damaged
	sqliteShortRead = sqliteIOErr | 2<<8    // the file ends too early
)

// sqliteState returns the state that an error of SQLite shows.
func sqliteState(err error) State {
	var e sqlite3.Error
	if !errors.As(err, &e) {
		return Available
	}
	switch int(e.ExtendedCode) {
	case sqliteMoved:
		return Gone
	case sqliteCorruptFS, sqliteShortRead:
		return Corrupt
	}
	switch int(e.Code) {
	case sqliteBusy, sqliteLocked, sqliteNoMemory, sqliteProtocol:
		return Busy
	case sqliteFull:
		return Full
	case sqliteReadOnly, sqlitePerm:
		return ReadOnly
	case sqliteCorrupt, sqliteNotADB:
		return Corrupt
	case sqliteIOErr, sqliteCantOpen:
		return fileState(e.SystemErrno)
	}
	return Available
}

// fileState returns the state that an error of the file system shows.
func fileState(errno syscall.Errno) State {
	switch {
	case slices.Contains([]syscall.Errno{syscall.ENOSPC, syscall.EDQUOT, syscall.EFBIG}, errno):
		return Full
	case slices.Contains([]syscall.Errno{syscall.EROFS, syscall.EACCES, syscall.EPERM}, errno):
		return ReadOnly
	}
	return Gone
}
