package apptest_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gatecrier/app/apptest"
	"gatecrier/app/doctor"
	"gatecrier/models"
)

// A server takes the lock again after its file is removed, so that a second server does not start.
func TestLock_IsTakenAgainAfterItsFileWasRemoved(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	startProcess(t, dir)
	lock := filepath.Join(dir, "gatecrier.db.lock")
	if err := os.Remove(lock); err != nil {
		t.Fatal(err)
	}
	apptest.Eventually(t, "the lock file exists again", func() bool { _, err := os.Stat(lock); return err == nil })
	out := startFails(t, "GATECRIER_DATA_DIR="+dir)
	if !strings.Contains(out, "another gatecrier serves "+filepath.Join(dir, "gatecrier.db")) {
		t.Error(out)
	}
}

// If another program has taken the lock meanwhile, the server ends: both would send every message.
func TestLock_LostEndsTheServer(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	path := filepath.Join(p.Dir, "gatecrier.db.lock")
	var taken *os.File
	apptest.Eventually(t, "another program has the lock", func() bool {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		f, err := models.TryLock(path)
		if err != nil && !errors.Is(err, models.ErrLocked) {
			t.Fatal(err)
		}
		taken = f
		return err == nil
	})
	t.Cleanup(func() { _ = taken.Close() }) //nolint:errcheck // nothing else uses it
	if err := <-p.Failed(); err == nil || !strings.Contains(err.Error(), "another gatecrier has taken the lock") {
		t.Errorf("it ends with %v", err)
	}
}

// Other users of the machine must not read the database: the start and the doctor say so.
func TestDatabase_ReadableByOthersIsReported(t *testing.T) {
	t.Parallel()
	dir := installation(t)
	file := filepath.Join(dir, "gatecrier.db")
	if _, checks := diagnosed(t, dataDir(dir)...); strings.Contains(checks["database"].Text, "Other users") {
		t.Errorf("mode 0600: %+v", checks["database"])
	}
	if err := os.Chmod(file, 0o640); err != nil {
		t.Fatal(err)
	}
	code, checks := diagnosed(t, dataDir(dir)...)
	c := checks["database"]
	if code != 0 || c.State != doctor.Warning || !strings.Contains(c.Text, "can read "+file+" (mode 0640)") ||
		!strings.Contains(c.Advice, "chmod 600") {
		t.Errorf("exit %d: %+v", code, c)
	}
	p := apptest.Start(t, apptest.Options{Dir: dir})
	log := p.Logged()
	if !strings.Contains(log, "other users can read the database") || !strings.Contains(log, "mode=0640") {
		t.Error(log)
	}
}
