package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"gatecrier/models"
)

// errServed is the error for a SQLite file that a server uses.
var errServed = errors.New("stop it first, or use PostgreSQL for several")

// errLockLost is the error of a server that another one runs beside.
var errLockLost = errors.New("the lock file was removed, and another gatecrier has taken the lock")

// lockWait is how long a start waits for the lock: a process that a stopped server has just started can
// hold it for a moment.
const lockWait = 500 * time.Millisecond

// servingLock is the lock of a SQLite file, so that only one program serves it: a second one would send
// every message again. Instances on PostgreSQL share their work through the database and need no lock.
type servingLock struct {
	path string // "" on PostgreSQL
	file *os.File
}

// lockServing locks a SQLite file, "" for PostgreSQL.
func lockServing(file string) (*servingLock, error) {
	if file == "" {
		return &servingLock{}, nil
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return nil, fmt.Errorf("make the database's directory: %w", err)
	}
	path := file + ".lock"
	ctx, cancel := context.WithTimeout(context.Background(), lockWait)
	defer cancel()
	held, err := models.Lock(ctx, path)
	if errors.Is(err, models.ErrLocked) {
		return nil, fmt.Errorf("another gatecrier serves %s: %w", file, errServed)
	}
	return &servingLock{path, held}, err
}

// keep takes the lock again if its file was removed or replaced, and reports whether it has. The error
// is errLockLost if another program was faster.
func (l *servingLock) keep() (again bool, err error) {
	if l.path == "" || models.IsFileAt(l.path, l.file) {
		return false, nil
	}
	held, err := models.TryLock(l.path)
	if errors.Is(err, models.ErrLocked) {
		return false, fmt.Errorf("%s: %w", l.path, errLockLost)
	}
	if err != nil {
		return false, err
	}
	former := l.file
	l.file = held
	return true, former.Close()
}

// Close releases the lock.
func (l *servingLock) Close() error {
	if l.file == nil {
		return nil
	}
	return l.file.Close()
}

// keepLock keeps the lock of the database. If another server has taken it, this one ends: both would
// send every message.
func (a *App) keepLock(ctx context.Context) error {
	again, err := a.lock.keep()
	if errors.Is(err, errLockLost) {
		select {
		case a.served <- err:
		default: // it ends already
		}
	}
	if again {
		a.log.WarnContext(ctx, "take the lock again: its file was removed", "path", a.lock.path)
	}
	return err
}
