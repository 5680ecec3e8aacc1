package apptest_test

import (
	"bufio"
	"context"
	"errors"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"gatecrier/app/account"
	"gatecrier/models"
	"gatecrier/models/modelstest"
)

// migratedURL returns a database with a schema. Programs that migrate would start one after the
// other.
func migratedURL(t *testing.T) (url string) {
	t.Helper()
	url = modelstest.PostgresURL(t)
	s, err := models.Open(t.Context(), models.Options{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(s.Migrate(t.Context()), s.Close()); err != nil {
		t.Fatal(err)
	}
	return url
}

// startInDirs starts a process for each directory at the same time, on one database, and returns
// when all of them listen.
func startInDirs(t *testing.T, url string, dirs ...string) {
	t.Helper()
	done := sync.WaitGroup{}
	for _, dir := range dirs {
		cmd := exec.CommandContext(context.WithoutCancel(t.Context()), os.Args[0])
		cmd.Env = append(os.Environ(), serveEnv+"=1", "GATECRIER_LISTEN=127.0.0.1:0", "GATECRIER_LOG_FORMAT=json",
			"GATECRIER_DATA_DIR="+dir, "GATECRIER_DATABASE_URL="+url, "GATECRIER_SECRET_KEY="+string(otherKey()))
		stderr, err := cmd.StderrPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup((&process{cmd: cmd}).kill)
		done.Go(func() {
			var said strings.Builder
			for lines := bufio.NewScanner(stderr); lines.Scan(); {
				if said.WriteString(lines.Text() + "\n"); listening.MatchString(lines.Text()) {
					return
				}
			}
			t.Errorf("one did not start:\n%s", &said)
		})
	}
	done.Wait()
}

// signInWithFile signs the administrator in with the password file of a directory.
func signInWithFile(t *testing.T, url, dir string) {
	t.Helper()
	s, err := models.Open(t.Context(), models.Options{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	accounts := account.New(account.Parts{Store: s, Log: slog.New(slog.DiscardHandler)})
	password, err := os.ReadFile(filepath.Join(dir, "initial-password"))
	if err == nil {
		_, err = accounts.SignIn(t.Context(), "admin", strings.TrimSpace(string(password)), account.Client{})
	}
	if err := errors.Join(err, s.Close()); err != nil {
		t.Errorf("with the password in the file: %v", err)
	}
}

// Whichever start creates the administrator, the remaining file has the right password.
func TestFirstAdmin_PasswordOfConcurrentStarts(t *testing.T) {
	t.Parallel()
	dir, url := t.TempDir(), migratedURL(t)
	startInDirs(t, url, dir, dir, dir, dir)
	signInWithFile(t, url, dir)
}

func TestFirstAdmin_PasswordOfStartsInTwoDirectories(t *testing.T) {
	t.Parallel()
	dirs, url := []string{t.TempDir(), t.TempDir()}, migratedURL(t)
	startInDirs(t, url, dirs...)
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
	signInWithFile(t, url, left[0])
}

// A start that was interrupted before it created the administrator leaves a file.
func TestFirstAdmin_PasswordAfterInterruptedStart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "initial-password"), []byte(strings.Repeat("x", 200)))
	startInDirs(t, "", dir)
	signInWithFile(t, "sqlite:"+filepath.Join(dir, "gatecrier.db"), dir)
}
