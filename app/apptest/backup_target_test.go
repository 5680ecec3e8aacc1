package apptest_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gatecrier/models"
)

// A backup replaces no file that the installation uses, whatever its name is: not by a link, and not
// before the file exists.
func TestBackup_ReplacesNoFileOfTheInstallation(t *testing.T) {
	t.Parallel()
	dir, links := t.TempDir(), t.TempDir()
	p := startProcess(t, dir)
	newProduct(t, p.client(t), "Shop", "")
	password := filepath.Join(links, "password")
	writeFile(t, password, []byte("correct horse battery"))
	own := filepath.Join(links, "own.key")
	environment := append(dataDir(dir), "GATECRIER_ADMIN_PASSWORD_FILE="+password)
	key, err := os.ReadFile(filepath.Join(dir, "secret.key"))
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, own, key)
	withKey := append(dataDir(dir), "GATECRIER_SECRET_KEY_FILE="+own)
	symlink := func(name, to string) string {
		path := filepath.Join(links, name)
		if err := os.Symlink(to, path); err != nil {
			t.Fatal(err)
		}
		return path
	}
	hard := filepath.Join(links, "hard")
	if err := os.Link(filepath.Join(dir, "secret.key"), hard); err != nil {
		t.Fatal(err)
	}
	in := func(name string) string { return filepath.Join(dir, name) }
	for _, test := range []struct {
		environment []string
		file        string
	}{
		{environment, in("gatecrier.db")},
		{environment, in("gatecrier.db-wal")},
		{environment, in("gatecrier.db-shm")},
		{environment, in("gatecrier.db-journal")}, // does not exist
		{environment, in("gatecrier.db.lock")},
		{environment, in("gatecrier.db.migrating")},
		{environment, in("secret.key")},
		{environment, in("initial-password")}, // does not exist
		{environment, in("x/../secret.key")},
		{environment, password},
		{withKey, own},
		{withKey, in("secret.key")},
		{environment, symlink("soft", in("secret.key"))},
		{environment, hard},
		{environment, filepath.Join(symlink("data", dir), "initial-password")},
	} {
		was, readErr := os.ReadFile(test.file)
		code, out := command(t, test.environment, "backup", "--force", test.file)
		if code != 1 || !strings.Contains(out, "belongs to the installation: name another file") {
			t.Errorf("%s: exit %d: %s", test.file, code, out)
		}
		if now, err := os.ReadFile(test.file); strings.Contains(test.file, "key") && string(now) != string(was) ||
			errors.Is(readErr, fs.ErrNotExist) != errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s has changed: %v", test.file, err)
		}
	}
	mustRun(t, environment, "backup", in("a.backup"))
	mustRun(t, environment, "backup", "--force", in("a.backup"))
	code, out := command(t, environment, "backup", "-")
	if code != 1 || !strings.Contains(out, "name a file") {
		t.Errorf("exit %d: %s", code, out)
	}
}

// A backup removes what one that was killed has left, and nothing of one that runs.
func TestBackup_RemovesLeftovers(t *testing.T) {
	t.Parallel()
	dir, files := t.TempDir(), t.TempDir()
	p := startProcess(t, dir)
	newProduct(t, p.client(t), "Shop", "")
	temporary := func(name string) string {
		path := filepath.Join(files, ".gatecrier-backup-"+name)
		if err := os.Mkdir(path, 0o700); err != nil {
			t.Fatal(err)
		}
		writeFile(t, filepath.Join(path, "database"), []byte("half of it"))
		return path
	}
	dead, running := temporary("1"), temporary("2")
	killed, err := models.TryLock(filepath.Join(dead, "lock"))
	if err != nil {
		t.Fatal(err)
	}
	if err := killed.Close(); err != nil { // as the end of a process does
		t.Fatal(err)
	}
	lock, err := models.TryLock(filepath.Join(running, "lock"))
	if err != nil {
		t.Fatal(err)
	}
	other := filepath.Join(files, ".gatecrier-backup-plain")
	writeFile(t, other, []byte("a file of another program"))
	mustRun(t, dataDir(dir), "backup", filepath.Join(files, "a"))
	if _, err := os.Stat(dead); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("what a backup that was killed has left: %v", err)
	}
	for _, path := range []string{filepath.Join(running, "database"), other} {
		if _, err := os.Stat(path); err != nil {
			t.Error(err)
		}
	}
	if err := lock.Close(); err != nil {
		t.Fatal(err)
	}
	mustRun(t, dataDir(dir), "backup", filepath.Join(files, "b"))
	left, err := filepath.Glob(filepath.Join(files, ".gatecrier-backup-*"))
	if err != nil || len(left) != 1 || left[0] != other {
		t.Errorf("left: %v, %v", left, err)
	}
}

func TestCLI_Help(t *testing.T) {
	for _, args := range [][]string{{"help"}, {"--help"}} {
		code, out, errs := runCommand(t, args...)
		if code != 0 || !strings.Contains(out, "Usage: gatecrier <command>") || errs != "" {
			t.Errorf("%v: exit %d\nout: %s\nerrors: %s", args, code, out, errs)
		}
	}
	code, out, _ := runCommand(t, "help", "backup")
	if code != 0 || !strings.Contains(out, "Usage: gatecrier backup <file>") {
		t.Errorf("exit %d: %s", code, out)
	}
}
