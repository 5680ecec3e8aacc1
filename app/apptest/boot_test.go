package apptest_test

import (
	"bytes"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"gatecrier/app/apptest"
	"gatecrier/app/cli"
)

// boot runs the program as a process of its own that is to fail at its start,
// and returns what it printed.
func boot(t *testing.T, environment ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(append(os.Environ(), serveEnv+"=1", "GATECRIER_LISTEN=127.0.0.1:0", "GATECRIER_LOG_FORMAT=json"), environment...)
	overdue := time.AfterFunc(20*time.Second, func() { _ = cmd.Process.Kill() }) //nolint:errcheck // it may have ended
	out, err := cmd.CombinedOutput()
	if !overdue.Stop() {
		t.Fatalf("it runs, and should not:\n%s", out)
	}
	if cmd.ProcessState.ExitCode() != 1 {
		t.Fatalf("exit %v, want 1\n%s", err, out)
	}
	return string(out)
}

// A second server on a SQLite file would send everything once more.
func TestASecondServerIsRefused(t *testing.T) {
	dir := t.TempDir()
	p := spawn(t, dir)
	said := boot(t, "GATECRIER_DATA_DIR="+dir, "GATECRIER_DATABASE_URL=sqlite:"+dir+"/../"+filepath.Base(dir)+"/gatecrier.db")
	if !strings.Contains(said, "another gatecrier serves "+dir) || strings.Contains(said, "listening") {
		t.Errorf("the second says: %s", said)
	}
	// Commands beside it need no lock, and the first goes on.
	c := apptest.NewClient(t, p.url, apptest.TokenIn(t, dir, "admin"))
	c.Must(http.StatusOK, "GET", "/products", nil)
	// A kill takes the lock along.
	p.kill()
	spawn(t, dir)
}

// Several that make a database at once wait for each other.
func TestManyMigrateAtOnce(t *testing.T) {
	t.Setenv("GATECRIER_DATA_DIR", t.TempDir())
	ready, done := make(chan struct{}), sync.WaitGroup{}
	for range 6 {
		done.Go(func() {
			var out, errs bytes.Buffer
			<-ready
			if code := cli.Run(t.Context(), []string{"migrate"}, &out, &errs); code != 0 {
				t.Errorf("exit %d: %s", code, &errs)
			}
		})
	}
	close(ready)
	done.Wait()
}
