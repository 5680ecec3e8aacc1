package backup

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"gatecrier/models"
)

const (
	temporaryName = ".gatecrier-backup-" // begins the names of temporary directories
	lockName      = "lock"               // the file in one that is locked while a program uses it
	// lockless is the age of a directory that a program that was killed has left, where files cannot be locked.
	lockless = 24 * time.Hour
	maxTries = 10 // to make a directory that another program does not remove first
)

// temporaryDir is a directory of mode 0700 for the parts of a backup. The next backup removes one whose
// program was killed.
type temporaryDir struct {
	path string
	lock io.Closer
}

// newTemporary makes a temporary directory, and locks it.
func newTemporary(in string) (temporaryDir, error) {
	for range maxTries {
		path, err := os.MkdirTemp(in, temporaryName)
		if err != nil {
			return temporaryDir{}, err
		}
		lock, err := models.TryLock(filepath.Join(path, lockName))
		switch {
		case err == nil:
			return temporaryDir{path, lock}, nil
		case errors.Is(err, models.ErrLocked), errors.Is(err, fs.ErrNotExist):
			continue // another program has just taken it for a leftover
		}
		return temporaryDir{path, io.NopCloser(nil)}, nil // a file system without locks
	}
	return temporaryDir{}, errors.New("other programs remove the temporary directory")
}

func (d temporaryDir) remove() error { return errors.Join(os.RemoveAll(d.path), d.lock.Close()) }

// removeLeftovers removes what programs that were killed have left in a directory. An error does not
// matter: the files are in no one's way.
func removeLeftovers(dir string, now time.Time) {
	list, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	for _, entry := range list {
		info, err := entry.Info()
		if err != nil || !entry.IsDir() || !strings.HasPrefix(entry.Name(), temporaryName) {
			continue
		}
		path := filepath.Join(dir, entry.Name())
		lock, err := models.TryLock(filepath.Join(path, lockName))
		switch {
		case err == nil:
			_ = temporaryDir{path, lock}.remove() //nolint:errcheck // see above
		case !errors.Is(err, models.ErrLocked) && now.Sub(info.ModTime()) > lockless:
			_ = os.RemoveAll(path) //nolint:errcheck // see above
		}
	}
}
