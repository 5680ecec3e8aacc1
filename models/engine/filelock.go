package engine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// ErrLocked is the error of TryLock if another program holds the lock.
var ErrLocked = errors.New("another program holds the lock")

const (
	lockInterval = 20 * time.Millisecond // between two tries of Lock
	maxAloneWait = 5 * time.Minute       // the wait for programs that create or migrate the same file
)

// TryLock locks a file for this program and creates a missing one. It returns ErrLocked if another
// program has the lock. The lock ends when the file is closed or the program ends in any way.
func TryLock(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600) // #nosec G304 -- the operator names the directory
	if err != nil {
		return nil, fmt.Errorf("open the lock: %w", err)
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) || err == nil && !IsFileAt(path, f) {
		err = ErrLocked
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("lock %s: %w", path, err), f.Close())
	}
	return f, nil
}

// IsFileAt reports whether path still names the file of a lock: another program can have removed it.
func IsFileAt(path string, f *os.File) bool {
	have, err := f.Stat()
	named, statErr := os.Stat(path)
	return err == nil && statErr == nil && os.SameFile(have, named)
}

// Lock is TryLock, but waits while another program has the lock. If ctx ends first, its error
// matches ErrLocked and the error of ctx.
func Lock(ctx context.Context, path string) (*os.File, error) {
	for {
		f, err := TryLock(path)
		if !errors.Is(err, ErrLocked) {
			return f, err
		}
		select {
		case <-time.After(lockInterval):
		case <-ctx.Done():
			return nil, errors.Join(err, ctx.Err())
		}
	}
}

// OpenAlone is Open, but other programs that call it with the same SQLite file wait meanwhile: two
// programs that create a file at the same time would disturb each other.
func OpenAlone(ctx context.Context, o Options) (d *DB, err error) {
	open := func() (err error) { d, err = Open(ctx, o); return err }
	path := File(o.URL)
	if path == "" {
		err = open()
	} else if err = os.MkdirAll(filepath.Dir(path), 0o700); err == nil {
		err = runAlone(ctx, path, open)
	}
	return d, err
}

// runAlone runs fn while no other program runs runAlone for the same SQLite file.
func runAlone(ctx context.Context, path string, fn func() error) error {
	wait, cancel := context.WithTimeout(ctx, maxAloneWait)
	defer cancel()
	f, err := Lock(wait, resolveLinks(path)+".migrating")
	if err != nil {
		return fmt.Errorf("store: wait for another program that migrates: %w", err)
	}
	return errors.Join(fn(), f.Close())
}
