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

// ErrLocked says that another program holds a lock.
var ErrLocked = errors.New("another program holds the lock")

// lockPoll is how often somebody who waits for a lock tries again.
const lockPoll = 20 * time.Millisecond

// TryLock locks a file for this program alone, and makes the file where there
// is none; ErrLocked where another has it. Closing the file ends the lock, and
// so does the end of the program, however it comes.
func TryLock(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600) // #nosec G304 -- the operator names the directory
	if err != nil {
		return nil, fmt.Errorf("open the lock: %w", err)
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) || err == nil && !leadsTo(path, f) {
		err = ErrLocked
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("lock %s: %w", path, err), f.Close())
	}
	return f, nil
}

// leadsTo reports whether a file still has its name: who had the lock may have
// removed it.
func leadsTo(path string, f *os.File) bool {
	have, err := f.Stat()
	named, statErr := os.Stat(path)
	return err == nil && statErr == nil && os.SameFile(have, named)
}

// Lock is TryLock that waits while another program has the lock.
func Lock(ctx context.Context, path string) (*os.File, error) {
	for {
		f, err := TryLock(path)
		if !errors.Is(err, ErrLocked) {
			return f, err
		}
		select {
		case <-time.After(lockPoll):
		case <-ctx.Done():
			return nil, errors.Join(err, ctx.Err())
		}
	}
}

// aloneTime bounds the wait for others that make or migrate the same file.
const aloneTime = 5 * time.Minute

// OpenAlone is Open, where other programs that begin with the same SQLite file
// wait meanwhile: two that make it at once would disturb each other.
func OpenAlone(ctx context.Context, o Options) (s *DB, err error) {
	open := func() (err error) { s, err = Open(ctx, o); return err }
	path := File(o.URL)
	if path == "" {
		err = open()
	} else if err = os.MkdirAll(filepath.Dir(path), 0o700); err == nil {
		err = alone(ctx, path, open)
	}
	return s, err
}

// alone runs fn while no other program is in here for the same SQLite file.
func alone(ctx context.Context, path string, fn func() error) error {
	wait, cancel := context.WithTimeout(ctx, aloneTime)
	defer cancel()
	f, err := Lock(wait, unlinked(path)+".migrating")
	if err != nil {
		return fmt.Errorf("store: wait for another program that migrates: %w", err)
	}
	return errors.Join(fn(), f.Close())
}

// CheckURL says what is wrong with a database URL, without repeating it.
func CheckURL(url string) error {
	_, _, err := target(url)
	return err
}

// File is the path of the database in a SQLite URL, without the links on the
// way to it; "" for any other URL.
func File(url string) string {
	dialect, path, err := target(url)
	if err != nil || dialect != SQLite {
		return ""
	}
	return unlinked(path)
}

// unlinked is a path without links, where the file is there already.
func unlinked(path string) string {
	if file, err := filepath.EvalSymlinks(path); err == nil {
		return file
	}
	return path
}
