package modelstest

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// poolerConfig is a PgBouncer in transaction mode, as it is without any setting for a program: it
// refuses parameters of sessions and prepared statements.
const poolerConfig = `[databases]
* = host=%[1]s
[pgbouncer]
listen_addr =
unix_socket_dir = %[2]s
listen_port = 6432
auth_type = any
pool_mode = transaction
default_pool_size = %[3]d
max_client_conn = 400
logfile = %[2]s/log
`

// Pooled starts a PgBouncer in transaction mode before the server of a database URL, with size
// connections to the server, and returns the URL of the database behind it.
func Pooled(t testing.TB, database string, size int) string {
	t.Helper()
	u, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "gcpb") //nolint:usetesting // the path of a socket must be short
	if err != nil {
		t.Fatal(err)
	}
	p := &process{dir: dir, exited: make(chan struct{})}
	attr, err := p.identity()
	if err != nil {
		t.Fatal(err)
	}
	host := u.Query().Get("host")
	if host == "" {
		host = u.Hostname()
	}
	name := "postgres"
	if u.User != nil {
		name = u.User.Username()
	}
	config := strings.Replace(fmt.Sprintf(poolerConfig, host, dir, size), "host="+host, "host="+host+" user="+name, 1)
	file := filepath.Join(dir, "pgbouncer.ini")
	if err := os.WriteFile(file, []byte(config), 0o644); err != nil { //nolint:gosec // its user reads it
		t.Fatal(err)
	}
	program, err := exec.LookPath("pgbouncer")
	if err != nil {
		if program, err = exec.LookPath("/usr/sbin/pgbouncer"); err != nil {
			t.Fatal("pgbouncer is not installed: apt-get install pgbouncer")
		}
	}
	p.cmd = p.command(attr, program, file)
	p.cmd.Stdout, p.cmd.Stderr = &p.log, &p.log
	started := make(chan error)
	go p.run(started)
	if err := <-started; err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.stop(); err != nil {
			t.Error(err)
		}
	})
	u.Host, u.RawQuery = "", url.Values{"host": {dir}, "port": {"6432"}}.Encode()
	p.await(t, u.String())
	return u.String()
}

// await waits until the pooler accepts connections.
func (p *process) await(t testing.TB, url string) {
	t.Helper()
	config, err := pgx.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	deadline := time.Now().Add(30 * time.Second)
	for {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		conn, err := pgx.ConnectConfig(ctx, config)
		if err == nil {
			err = conn.Close(ctx)
			cancel()
			if err != nil {
				t.Fatal(err)
			}
			return
		}
		cancel()
		if p.gone() || time.Now().After(deadline) {
			t.Fatalf("the pooler did not start: %v %s", err, p.output())
		}
		<-time.After(10 * time.Millisecond)
	}
}
