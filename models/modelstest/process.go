package modelstest

import (
	"bytes"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"syscall"
)

// settings make PostgreSQL fast: its data need not survive the tests. It listens only on a
// socket in its own directory.
var settings = []string{
	"listen_addresses=", "fsync=off", "synchronous_commit=off", "full_page_writes=off",
	"max_connections=400", "shared_buffers=32MB", "autovacuum=off", "log_min_messages=fatal",
}

// process is a PostgreSQL that ends with the test process.
type process struct {
	dir    string
	cmd    *exec.Cmd
	log    buffer
	exited chan struct{}
}

// startProcess makes a cluster in a temporary directory and starts it.
func startProcess() (*process, error) {
	bin, err := programs()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(memory(), "gcpg")
	if err != nil {
		return nil, err
	}
	p := &process{dir: dir, exited: make(chan struct{})}
	if err := p.begin(bin); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return p, nil
}

func (p *process) begin(bin string) error {
	attr, err := p.identity()
	if err != nil {
		return err
	}
	data := filepath.Join(p.dir, "data")
	initdb := p.command(
		attr,
		filepath.Join(bin, "initdb"),
		"-D",
		data,
		"-U",
		"postgres",
		"-A",
		"trust",
		"-E",
		"UTF8",
		"--locale=C",
		"-N",
		"--no-sync",
		"--no-instructions",
	)
	if out, err := initdb.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w: %s", err, out)
	}
	args := []string{"-D", data, "-k", p.dir}
	for _, s := range settings {
		args = append(args, "-c", s)
	}
	p.cmd = p.command(attr, filepath.Join(bin, "postgres"), args...)
	p.cmd.Stdout, p.cmd.Stderr = &p.log, &p.log
	started := make(chan error)
	go p.run(started)
	return <-started
}

// run starts the server and waits for its end. It locks its thread, since the kernel signals the
// server when the thread that started it ends.
func (p *process) run(started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer close(p.exited)
	err := p.cmd.Start()
	started <- err
	if err == nil {
		p.log.note(p.cmd.Wait())
	}
}

func (p *process) command(attr *syscall.SysProcAttr, name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...) //nolint:gosec,noctx // PostgreSQL's own programs, ended by stop
	cmd.Dir, cmd.SysProcAttr = p.dir, attr
	cmd.Env = append(os.Environ(), "LC_ALL=C", "TZ=UTC")
	return cmd
}

// identity gives the directory to another user if the tests run as root, since PostgreSQL
// refuses to run as root.
func (p *process) identity() (*syscall.SysProcAttr, error) {
	attr := &syscall.SysProcAttr{Pdeathsig: syscall.SIGQUIT}
	if os.Geteuid() != 0 {
		return attr, nil
	}
	account, err := user.Lookup("postgres")
	if err != nil {
		account, err = user.Lookup("nobody")
	}
	if err != nil {
		return nil, err
	}
	uid, err := strconv.ParseUint(account.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(account.Gid, 10, 32)
	if err != nil {
		return nil, err
	}
	attr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	return attr, os.Chown(p.dir, int(uid), int(gid))
}

func (p *process) url() string {
	u := url.URL{
		Scheme:   "postgres",
		User:     url.User("postgres"),
		Path:     "/postgres",
		RawQuery: url.Values{"host": {p.dir}}.Encode(),
	}
	return u.String()
}

func (p *process) gone() bool {
	select {
	case <-p.exited:
		return true
	default:
		return false
	}
}

func (p *process) output() string { return p.log.String() }

// stop ends the server at once, and removes its directory.
func (p *process) stop() error {
	if !p.gone() {
		if err := p.cmd.Process.Signal(syscall.SIGQUIT); err != nil && !errors.Is(err, os.ErrProcessDone) {
			return err
		}
		<-p.exited
	}
	return os.RemoveAll(p.dir)
}

// programs finds the directory of initdb and postgres: in the PATH, or where Debian installs
// them, the highest version first.
func programs() (string, error) {
	if initdb, err := exec.LookPath("initdb"); err == nil {
		if _, err := exec.LookPath("postgres"); err == nil {
			return filepath.Dir(initdb), nil
		}
	}
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil || len(found) == 0 {
		return "", errors.New("initdb is not installed: apt-get install postgresql, or set " + adminVariable)
	}
	newest := slices.MaxFunc(found, func(a, b string) int { return version(a) - version(b) })
	return filepath.Dir(newest), nil
}

// version is 15 of /usr/lib/postgresql/15/bin/initdb; 0 where it is no number.
func version(initdb string) int {
	n, err := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(initdb))))
	if err != nil {
		return 0
	}
	return n
}

// buffer keeps the output of the server.
type buffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write appends p.
func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

// String returns the whole output.
func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

func (b *buffer) note(err error) {
	if err != nil {
		b.mu.Lock()
		defer b.mu.Unlock()
		fmt.Fprintf(&b.text, "ended: %v", err)
	}
}
