package modelstest

import (
	"errors"
	"os"
	"syscall"
)

// useMemory moves the temporary directories of the tests and their children into memory, unless
// TMPDIR names another place or there is no room: each commit of SQLite waits for the disk otherwise.
// It returns a function that removes them.
func useMemory() (remove func() error, err error) {
	in := memory()
	if in == "" || os.Getenv("TMPDIR") != "" {
		return func() error { return nil }, nil
	}
	dir, err := os.MkdirTemp(in, "gctest")
	if err != nil {
		return nil, err
	}
	// PostgreSQL and PgBouncer run as another user if the tests run as root.
	err = os.Chmod(dir, 0o755) //nolint:gosec // as /tmp, it has only directories with modes of their own
	if err == nil {
		err = os.Setenv("TMPDIR", dir)
	}
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return func() error { return os.RemoveAll(dir) }, nil
}

// memory returns the directory of a file system in memory with room for all the databases of a
// package's tests, "" for none.
func memory() string {
	const dir, enough = "/dev/shm", 4 << 30
	var fs syscall.Statfs_t
	if err := syscall.Statfs(dir, &fs); err != nil ||
		fs.Bavail*uint64(fs.Bsize) < enough { //nolint:gosec // a block's size is above 0
		return ""
	}
	return dir
}
