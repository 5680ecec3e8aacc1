package app_test

import (
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"gatecrier/app"
	"gatecrier/models/modelstest"
)

func TestMain(m *testing.M) { os.Exit(modelstest.Main(m)) }

// migrated is a database with a schema: migrating would let one program after
// the other start.
func migrated(t *testing.T) (url string) {
	t.Helper()
	url = modelstest.PostgresURL(t)
	c := config()
	c.DatabaseURL = url
	store, err := app.OpenStore(t.Context(), app.Options{Config: c, Log: slog.New(slog.DiscardHandler), Now: time.Now})
	if err == nil {
		err = store.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return url
}

// begin makes a program for each directory at once, on one database.
func begin(t *testing.T, url string, dirs ...string) []*app.App {
	t.Helper()
	made := make([]*app.App, len(dirs))
	ready, done := make(chan struct{}), sync.WaitGroup{}
	for i, dir := range dirs {
		c := config()
		c.DataDir, c.DatabaseURL = dir, url
		c.SecretKey = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc="
		done.Go(func() {
			<-ready
			a, err := app.New(t.Context(), app.Options{Config: c, Log: slog.New(slog.DiscardHandler), Now: time.Now, Stderr: io.Discard})
			if err != nil {
				t.Errorf("program %d: %v", i, err)
				return
			}
			made[i] = a
			t.Cleanup(func() {
				if err := a.Close(); err != nil {
					t.Error(err)
				}
			})
		})
	}
	close(ready)
	done.Wait()
	if t.Failed() {
		t.FailNow()
	}
	return made
}

// signIn signs the administrator in by the file of a directory.
func signIn(t *testing.T, a *app.App, dir string) {
	t.Helper()
	password, err := os.ReadFile(filepath.Join(dir, "initial-password"))
	if err != nil {
		t.Error(err)
		return
	}
	if _, err := a.Accounts.SignIn(t.Context(), "admin", strings.TrimSpace(string(password))); err != nil {
		t.Errorf("with the password in the file: %v", err)
	}
}

// Whichever of them makes the administrator, the file that is left has the
// right password.
func TestFirstPasswordOfManyStarts(t *testing.T) {
	for range 3 {
		dir := t.TempDir()
		signIn(t, begin(t, migrated(t), dir, dir, dir, dir)[0], dir)
	}
}

func TestFirstPasswordOfStartsInTwoDirectories(t *testing.T) {
	dirs := []string{t.TempDir(), t.TempDir(), t.TempDir()}
	a := begin(t, migrated(t), dirs...)[0]
	var left []string
	for _, dir := range dirs {
		_, err := os.Stat(filepath.Join(dir, "initial-password"))
		if err == nil {
			left = append(left, dir)
		} else if !errors.Is(err, os.ErrNotExist) {
			t.Error(err)
		}
	}
	if len(left) != 1 {
		t.Fatalf("%d files are left, want the one of who made the administrator", len(left))
	}
	signIn(t, a, left[0])
}

// A start that was cut short before the administrator was there leaves a file.
func TestFirstPasswordAfterAStartCutShort(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "initial-password"), []byte(strings.Repeat("x", 200)), 0o600); err != nil {
		t.Fatal(err)
	}
	signIn(t, begin(t, "", dir)[0], dir)
}
