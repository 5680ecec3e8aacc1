package engine_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"gatecrier/models/engine"
)

func TestLockIsForOne(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	first, err := engine.TryLock(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := engine.TryLock(path); !errors.Is(err, engine.ErrLocked) {
		t.Errorf("a second one: %v", err)
	}
	short, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if _, err := engine.Lock(short, path); !errors.Is(err, engine.ErrLocked) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("one that waits in vain: %v", err)
	}
	waiting := make(chan error)
	go func() {
		second, err := engine.Lock(t.Context(), path)
		if err == nil { // it is that of the name, although the first was removed
			_, err = os.Stat(path)
		}
		if err == nil {
			err = second.Close()
		}
		waiting <- err
	}()
	if err := errors.Join(os.Remove(path), first.Close()); err != nil {
		t.Error(err)
	}
	if err := <-waiting; err != nil {
		t.Errorf("one that waits: %v", err)
	}
	if _, err := engine.TryLock(filepath.Join(path, "no")); err == nil || errors.Is(err, engine.ErrLocked) {
		t.Errorf("a directory that is none: %v", err)
	}
}

func TestManyProgramsMigrateOneSQLiteFile(t *testing.T) {
	url := "sqlite:" + filepath.Join(t.TempDir(), "new", "x.db")
	ready, done := make(chan struct{}), sync.WaitGroup{}
	for range 6 {
		done.Go(func() {
			<-ready
			db, err := engine.OpenAlone(t.Context(), engine.Options{URL: url, Migrations: migrations(nil)})
			if err != nil {
				t.Error(err)
				return
			}
			migrate(t, db)
			if err := db.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	close(ready)
	done.Wait()
}

func TestFileOfURL(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	real, link := filepath.Join(dir, "real.db"), filepath.Join(dir, "link.db")
	if err := errors.Join(os.WriteFile(real, nil, 0o600), os.Symlink(real, link)); err != nil {
		t.Fatal(err)
	}
	for url, want := range map[string]string{
		"sqlite:" + link: real, "sqlite://" + real: real, "sqlite:none/x.db": "none/x.db",
		"postgres://u@h/x": "", "nonsense": "",
	} {
		if got := engine.File(url); got != want {
			t.Errorf("%s: %q, want %q", url, got, want)
		}
	}
}
