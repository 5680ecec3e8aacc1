package engine

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"
)

// lockSign is how long the writer waits for its lock before it counts as locked out.
const lockSign = time.Second

// sqliteFiles are the files that the connections have open: the database and its log.
type sqliteFiles struct {
	path      string
	main, log fs.FileInfo
}

func openFiles(path string) (sqliteFiles, error) {
	f := sqliteFiles{path: path}
	var err error
	if f.main, err = os.Stat(path); err != nil {
		return f, err
	}
	f.log, err = os.Stat(path + "-wal")
	return f, err
}

// check returns an error if a file was deleted or replaced. What is written to the open ones then
// would be lost when the program ends.
func (f sqliteFiles) check() error {
	if err := checkFile(f.path, f.main, "the database file"); err != nil {
		return err
	}
	return checkFile(f.path+"-wal", f.log, "the log of the database")
}

func checkFile(path string, open fs.FileInfo, what string) error {
	named, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("store: %s %s was deleted: restart Gatecrier, or restore a backup", what, path)
	case err != nil:
		return nil // says nothing about the open files
	case !os.SameFile(named, open):
		return fmt.Errorf("store: %s %s was replaced: restart Gatecrier to use the new one", what, path)
	}
	return nil
}

// checkFiles pins the state Gone if a file was deleted or replaced.
func (w *writer) checkFiles() {
	if w.db.monitor.pinnedErr() != nil {
		return
	}
	err := w.files.check()
	if err == nil {
		return
	}
	w.db.monitor.pin(Gone, err)
	empty := func(*Tx) error { return nil }
	go func() { // the writer saves what it can before it refuses this
		if w.db.calls.begin() {
			defer w.db.calls.end()
			_, _ = w.write(context.Background(), newClosure(empty, empty)) //nolint:errcheck // it is refused
		}
	}()
}

// checkMain returns an error before a commit whose changes would go into a file that no start opens.
func (w *writer) checkMain() error {
	if err := checkFile(w.files.path, w.files.main, "the database file"); err != nil {
		w.db.monitor.pin(Gone, err)
		return w.db.monitor.pinnedErr()
	}
	return nil
}

// checkStored returns an error if the files of a commit are not those that the next start opens, and
// the commit could not be moved into the database file.
func (w *writer) checkStored() error {
	err := w.files.check()
	if err == nil {
		return nil
	}
	w.db.monitor.pin(Gone, err)
	if w.saveLog() {
		return nil
	}
	return w.db.monitor.pinnedErr()
}

// saveLog moves all changes from a log that was deleted, which is still open, into the database
// file, so that none of them is lost. It reports whether it could.
func (w *writer) saveLog() bool {
	if w.logSaved.IsZero() {
		w.logSaved = time.Now()
	} else {
		return false
	}
	if checkFile(w.files.path, w.files.main, "") != nil {
		return false
	}
	if _, err := os.Stat(w.files.path + "-wal"); !errors.Is(err, fs.ErrNotExist) {
		return false // another program uses a log of its own
	}
	var busy, pages, moved int
	err := w.conn.conn.QueryRowContext(context.Background(), "PRAGMA wal_checkpoint(FULL)").Scan(&busy, &pages, &moved)
	saved := err == nil && busy == 0 && pages == moved
	w.db.log.Error("save the deleted log of the database in its file", "saved", saved, "pages", moved, "cause", err)
	return saved
}

// waitsForLock reports whether another program has kept the lock for a while.
func (w *writer) waitsForLock() bool {
	since := w.lockSince.Load()
	return since != 0 && time.Since(time.UnixMicro(since)) >= lockSign
}
