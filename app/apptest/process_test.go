package apptest_test

import (
	"bufio"
	"context"
	"log/slog"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"gatecrier/app"
	"gatecrier/app/account"
	"gatecrier/app/apptest"
	"gatecrier/models"
)

// process is the program in its own process, which a test can kill.
type process struct {
	cmd      *exec.Cmd
	url      string
	dir      string
	database string        // empty for SQLite in dir
	ahead    time.Duration // how far its clock is ahead
}

// spawnOptions are the options of a process. Only dir is required.
type spawnOptions struct {
	dir, database string
	movable       bool          // skipLeases works
	ahead         time.Duration // how far its clock is ahead, if movable
	environment   []string      // more variables
}

var listening = regexp.MustCompile(`"address":"([^"]+)"`)

// startProcess starts the program on SQLite and waits until it listens.
func startProcess(t *testing.T, dir string) *process {
	t.Helper()
	return startProcessWith(t, spawnOptions{dir: dir})
}

// startProcessWith starts the program and waits until it listens.
func startProcessWith(t *testing.T, o spawnOptions) *process {
	t.Helper()
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), os.Args[0])
	cmd.Env = append(os.Environ(), serveEnv+"=1", "GATECRIER_LISTEN=127.0.0.1:0", "GATECRIER_DATA_DIR="+o.dir,
		"GATECRIER_DATABASE_URL="+o.database, "GATECRIER_ADMIN_PASSWORD="+apptest.Password,
		"GATECRIER_ALLOW_NETWORKS=127.0.0.0/8", "GATECRIER_LOG_FORMAT=json")
	cmd.Env = append(cmd.Env, o.environment...)
	if o.movable {
		cmd.Env = append(cmd.Env, aheadEnv+"="+o.ahead.String())
	}
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p := &process{cmd: cmd, dir: o.dir, database: o.database, ahead: o.ahead}
	t.Cleanup(p.kill)
	lines := bufio.NewScanner(stderr)
	var seen []string
	for lines.Scan() {
		seen = append(seen, lines.Text())
		if m := listening.FindStringSubmatch(lines.Text()); m != nil {
			p.url = "http://" + m[1]
			go func() { // a full pipe would stop the program
				for lines.Scan() {
					continue
				}
			}()
			return p
		}
	}
	t.Fatalf("the program did not start:\n%s", strings.Join(seen, "\n"))
	return nil
}

// kill sends SIGKILL. A second call does nothing.
func (p *process) kill() {
	if p.cmd.ProcessState == nil {
		p.cmd.Process.Kill() //nolint:errcheck // the process can have ended
		p.cmd.Wait()         //nolint:errcheck // its error says that it was killed
	}
}

// skipLeases moves the clock of a movable process past every lease.
func (p *process) skipLeases(t *testing.T) {
	t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGUSR1); err != nil {
		t.Error(err)
	}
	p.ahead += leap
}

// store opens the database beside the process, with the process's clock.
func (p *process) store(t *testing.T) *models.Store {
	t.Helper()
	store, err := app.OpenStore(t.Context(), app.Options{
		Config: app.Config{DataDir: p.dir, DatabaseURL: p.database},
		Log:    slog.New(slog.DiscardHandler),
		Now:    func() time.Time { return time.Now().Add(p.ahead) },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return store
}

// client returns a client with a token of the first administrator, which it creates beside the
// process like the command line.
func (p *process) client(t *testing.T) *apptest.Client {
	t.Helper()
	accounts := account.New(account.Parts{Store: p.store(t), Log: slog.New(slog.DiscardHandler)})
	token, err := accounts.CreateToken(t.Context(), "admin", account.NewToken{Name: "test"})
	if err != nil {
		t.Fatal(err)
	}
	return apptest.NewClient(t, p.url, token)
}
