package apptest_test

import (
	"bytes"
	"encoding/base64"
	"errors"
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
	"gatecrier/models/modelstest"
)

// startFails runs the program as a process that must fail at its start, and returns its output.
func startFails(t *testing.T, environment ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(append(os.Environ(), serveEnv+"=1", "GATECRIER_LISTEN=127.0.0.1:0", "GATECRIER_LOG_FORMAT=json"),
		environment...)
	overdue := time.AfterFunc(20*time.Second, func() { _ = cmd.Process.Kill() }) //nolint:errcheck // it can have ended
	out, err := cmd.CombinedOutput()
	if !overdue.Stop() {
		t.Fatalf("it runs, and should not:\n%s", out)
	}
	if cmd.ProcessState.ExitCode() != 1 {
		t.Fatalf("exit %v, want 1\n%s", err, out)
	}
	return string(out)
}

// A second server on a SQLite file would send every message twice.
func TestStart_RefusesSecondServerOnSQLite(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := startProcess(t, dir)
	said := startFails(t, "GATECRIER_DATA_DIR="+dir,
		"GATECRIER_DATABASE_URL=sqlite:"+dir+"/../"+filepath.Base(dir)+"/gatecrier.db")
	if !strings.Contains(said, "another gatecrier serves "+dir) || strings.Contains(said, "listening") {
		t.Errorf("the second says: %s", said)
	}
	// Commands beside it need no lock, and the first server continues.
	c := p.client(t)
	c.Must(http.StatusOK, "GET", "/products", nil)
	// A kill releases the lock.
	p.kill()
	startProcess(t, dir)
}

// Programs that create a database at the same time wait for each other.
func TestMigrate_ManyAtOnce(t *testing.T) {
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

// otherKey returns a valid key that differs from that of the database.
func otherKey() []byte {
	return []byte(base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{7}, 32)) + "\n")
}

func writeFile(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// With a wrong key the program could neither send messages nor change targets. It does not start,
// and creates no key of its own.
func TestStart_RefusesWrongKey(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	receiver := apptest.NewReceiver(t)
	p := apptest.Start(t, apptest.Options{Dir: dir})
	s := newProduct(t, p.Client("admin"), "Shop", receiver.URL)
	p.Stop()
	path, data := filepath.Join(dir, "secret.key"), "GATECRIER_DATA_DIR="+dir
	good, refusal := readFile(t, path), path+" is not the key of this database"

	writeFile(t, path, otherKey())
	if said := startFails(t, data); !strings.Contains(said, refusal) {
		t.Errorf("with another key it says: %s", said)
	}
	said := startFails(t, data, "GATECRIER_SECRET_KEY="+string(otherKey()))
	if !strings.Contains(said, "GATECRIER_SECRET_KEY is not the key") {
		t.Errorf("with another key in the environment it says: %s", said)
	}
	modelstest.Statement(t, filepath.Join(dir, "gatecrier.db"), "DELETE FROM key_checks") // as in a database from before
	if said := startFails(t, data); !strings.Contains(said, refusal) {
		t.Errorf("by a target, with another key, it says: %s", said)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if said := startFails(t, data); !strings.Contains(said, path+" does not exist") {
		t.Errorf("without a key it says: %s", said)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("another key was made")
	}

	writeFile(t, path, good)
	p = apptest.Start(t, apptest.Options{Dir: dir})
	p.Client("admin").Must(http.StatusOK, "PUT", s.path+"/counts", object{"scanner": "x", "counts": criticalCounts(1)})
	receiver.Wait(t, 1)
	p.Stop()
	writeFile(t, path, otherKey())
	if said := startFails(t, data); !strings.Contains(said, refusal) {
		t.Errorf("once more, with another key, it says: %s", said)
	}
	// The steps of the operations guide for a lost key.
	modelstest.Statement(t, filepath.Join(dir, "gatecrier.db"),
		"DELETE FROM connections; UPDATE settings SET secrets = NULL; DELETE FROM key_checks")
	apptest.Start(t, apptest.Options{Dir: dir})
}

func TestStart_RefusesInstancesWithTwoKeys(t *testing.T) {
	t.Parallel()
	url := modelstest.PostgresURL(t)
	apptest.Start(t, apptest.Options{DatabaseURL: url})
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "secret.key"), otherKey())
	said := startFails(t, "GATECRIER_DATA_DIR="+dir, "GATECRIER_DATABASE_URL="+url)
	if !strings.Contains(said, "is not the key of this database") {
		t.Errorf("with a key of its own it says: %s", said)
	}
	said = startFails(t, "GATECRIER_DATA_DIR="+t.TempDir(), "GATECRIER_DATABASE_URL="+url)
	if !strings.Contains(said, "secret.key does not exist") {
		t.Errorf("without a key it says: %s", said)
	}
}

// An administrator can repair a configuration that cannot be opened, so its messages wait.
func TestUnreadableConnectionConfig_IsRetried(t *testing.T) {
	t.Parallel()
	receiver := apptest.NewReceiver(t)
	p := apptest.Start(t, apptest.Options{})
	c := p.Client("admin")
	s := newProduct(t, c, "Shop", receiver.URL)
	file := filepath.Join(p.Dir, "gatecrier.db")
	modelstest.Statement(t, file, "CREATE TABLE kept AS SELECT id, config FROM connections")
	modelstest.Statement(t, file, "UPDATE connections SET config = ?", []byte{1, 2, 3, 4, 5, 6})
	c.Must(http.StatusOK, "PUT", s.path+"/counts", object{"scanner": "x", "counts": criticalCounts(1)})
	var a apptest.Answer
	apptest.Eventually(t, "the first attempt is over", func() bool {
		a = c.Do("GET", "/deliveries", nil)
		return a.Get("items.0.state") == "retrying" || a.Get("items.0.state") == "dead"
	})
	if a.Get("items.0.state") != "retrying" {
		t.Fatalf("the message is given up: %s", a.Text)
	}
	modelstest.Statement(t, file,
		"UPDATE connections SET config = (SELECT k.config FROM kept k WHERE k.id = connections.id)")
	p.Clock.Advance(time.Hour)
	p.Wake()
	receiver.Wait(t, 1)
}

// The error of an invalid configuration names its variable, and the program leaves no files behind.
func TestStart_InvalidConfigWritesNothing(t *testing.T) {
	t.Parallel()
	empty := filepath.Join(t.TempDir(), "password")
	writeFile(t, empty, nil)
	readable := filepath.Join(t.TempDir(), "key")
	writeFile(t, readable, otherKey()[:20])
	for _, setting := range []string{
		"GATECRIER_TRUSTED_PROXIES=abc", "GATECRIER_LISTEN=nonsense", "GATECRIER_ADMIN_PASSWORD=short",
		"GATECRIER_ADMIN_EMAIL=nobody",
		"GATECRIER_ADMIN_PASSWORD_FILE=" + empty, "GATECRIER_SECRET_KEY_FILE=" + readable,
	} {
		dir := filepath.Join(t.TempDir(), "data")
		said := startFails(t, "GATECRIER_DATA_DIR="+dir, setting)
		variable, value, _ := strings.Cut(setting, "=")
		if !strings.Contains(said, "gatecrier: "+variable+": ") && !strings.Contains(said, "read key file "+value) {
			t.Errorf("%s: it says: %s", setting, said)
		}
		if left, err := os.ReadDir(dir); err == nil {
			t.Errorf("%s: it leaves %v", setting, left)
		}
	}
}

// In a wrong directory a command creates no database, because it would have no administrator.
func TestCommands_CreateNoDatabase(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	file := filepath.Join(dir, "gatecrier.db")
	for _, setting := range [][2]string{{"GATECRIER_DATA_DIR", dir}, {"GATECRIER_DATABASE_URL", "sqlite:" + file}} {
		t.Setenv(setting[0], setting[1])
		for _, args := range [][]string{
			{"user", "add", "eve", "--email", "eve@example.com"},
			{"user", "password", "eve"},
			{"user", "admin", "eve"},
			{"token", "create", "--user", "eve", "--name", "ci"},
			{"migrate"},
		} {
			code, out, errs := runCommand(t, args...)
			if code != 1 || out != "" ||
				!strings.Contains(errs, "no database at "+file+": start gatecrier serve first, or set GATECRIER_DATA_DIR") {
				t.Errorf("%v: exit %d %s%s", args, code, out, errs)
			}
		}
		if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("the directory was made: %v", err)
		}
	}
}

func TestCommands_RefuseWithReason(t *testing.T) {
	p := apptest.Start(t, apptest.Options{})
	t.Setenv("GATECRIER_DATA_DIR", p.Dir)
	gate := func(url string) []string {
		return []string{"gate", "--url", url, "--token", "gct_x", "--product", "x"}
	}
	for _, test := range []struct {
		args []string
		want string
	}{
		{
			[]string{"token", "create", "--user", "admin", "--name", "a\nb"},
			"name: Enter 1 to 100 characters, no control characters",
		},
		{gate(strings.TrimPrefix(p.URL, "http://")), "begin with http:// or https://"},
		{gate("localhost:8099"), "begin with http:// or https://"},
		{gate("ftp://localhost"), "begin with http:// or https://"},
		{gate("http://"), "begin with http:// or https://"},
		{gate(""), "--url is missing: pass it, or set GATECRIER_URL"},
		{gate("http://a b"), "begin with http:// or https://"},
	} {
		code, out, errs := runCommand(t, test.args...)
		if code != 1 || out != "" || !strings.Contains(errs, test.want) || strings.Count(errs, "\n") != 1 {
			t.Errorf("%q: exit %d %s%s", test.args, code, out, errs)
		}
	}
	_, want, _ := runCommand(t, "version")
	if code, out, errs := runCommand(t, "--version"); code != 0 || out != want || errs != "" {
		t.Errorf("--version: exit %d %q %s, want %q", code, out, errs, want)
	}
}
