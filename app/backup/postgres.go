package backup

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"gatecrier/models"
)

const (
	stopWait       = 5 * time.Second // for a tool whose context has ended
	maxToolMessage = 500             // bytes
)

// dumpPostgres dumps a PostgreSQL database with pg_dump, and counts the rows of the same moment.
func dumpPostgres(ctx context.Context, o CreateOptions, m *Manifest, to string) error {
	m.Database = models.Postgres.String()
	tool, err := findTool("pg_dump", "back up")
	if err != nil {
		return err
	}
	database, environment, err := toolDatabase(o.DatabaseURL)
	if err != nil {
		return err
	}
	return models.PostgresSnapshot(ctx, o.DatabaseURL, func(id string, content models.DatabaseContent) error {
		m.Schema, m.Rows = content.Schema, content.Rows
		o.Progress("copy", 0, 0)
		return runTool(ctx, environment, tool, "--format=custom", "--no-owner", "--no-privileges",
			"--no-password", "--snapshot="+id, "--file="+to, "--dbname="+database)
	})
}

// postgres restores into an empty PostgreSQL database. While it is not finished, a mark in the
// database keeps programs from starting on it.
func (r *restore) postgres(ctx context.Context) (err error) {
	tool, err := findTool("pg_restore", "restore")
	if err != nil {
		return err
	}
	temp, err := os.MkdirTemp("", staging)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(temp)) }()
	dump := filepath.Join(temp, postgresName)
	if err := r.archive.extract(dump); err != nil {
		return fmt.Errorf("unpack the database: %w", err)
	}
	database, environment, err := toolDatabase(r.DatabaseURL)
	if err != nil {
		return err
	}
	again, err := models.BeginPostgresRestore(ctx, r.DatabaseURL)
	if err != nil {
		return err
	}
	args := []string{
		"--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges", "--no-password",
		"--dbname=" + database,
	}
	if again { // an earlier restore was interrupted, perhaps after this step
		args = append(args, "--clean", "--if-exists")
	}
	r.Progress("restore", 0, 0)
	if err := runTool(ctx, environment, tool, append(args, dump)...); err != nil {
		return err
	}
	if err := r.finishPostgres(ctx); err != nil {
		return fmt.Errorf("%w (the database stays closed: run gatecrier restore again)", err)
	}
	return nil
}

// finishPostgres checks and prepares the restored database, and opens it.
func (r *restore) finishPostgres(ctx context.Context) error {
	r.Progress("check", 0, 0)
	err := models.PostgresSnapshot(ctx, r.DatabaseURL, func(_ string, content models.DatabaseContent) error {
		if content.Schema != r.Schema || !maps.Equal(content.Rows, r.Rows) {
			return errors.New("the database has other rows than the backup says")
		}
		return nil
	})
	if err != nil {
		return err
	}
	store, err := models.Open(ctx, models.Options{URL: r.DatabaseURL, Log: r.Log, Now: r.Now, Restoring: true})
	if err != nil {
		return err
	}
	r.Progress("prepare", 0, 0)
	if err := errors.Join(r.prepare(ctx, store), store.Close()); err != nil {
		return err
	}
	if err := r.beginKey(); err != nil {
		return err
	}
	if err := models.EndPostgresRestore(ctx, r.DatabaseURL); err != nil {
		return err
	}
	return r.endKey()
}

// findTool finds one of PostgreSQL's programs.
func findTool(name, verb string) (string, error) {
	path, err := exec.LookPath(name)
	if err != nil {
		return "", fmt.Errorf("%s is not installed, and this needs it to %s PostgreSQL: install PostgreSQL's client "+
			"programs (Debian: apt install postgresql-client), of the server's version or later", name, verb)
	}
	return path, nil
}

// runTool runs one of PostgreSQL's programs. Its error is the program's message.
func runTool(ctx context.Context, environment []string, tool string, args ...string) error {
	cmd := exec.CommandContext(ctx, tool, args...) // #nosec G204 -- one of PostgreSQL's programs
	cmd.Env = append(os.Environ(), environment...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = stopWait
	var message bytes.Buffer
	cmd.Stderr = &message
	err := cmd.Run()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		text := strings.Join(strings.Fields(message.String()), " ")
		return fmt.Errorf("%s: %w: %.*s", filepath.Base(tool), err, maxToolMessage, text)
	}
	return nil
}

// toolParameters are parameters of a URL that PostgreSQL's programs know. They refuse others, which
// only this program's driver knows.
var toolParameters = []string{
	"application_name", "channel_binding", "connect_timeout", "dbname", "gssencmode", "host", "hostaddr",
	"keepalives", "keepalives_count", "keepalives_idle", "keepalives_interval", "krbsrvname", "options", "passfile",
	"port", "requirepeer", "service", "sslcert", "sslcrl", "sslkey", "sslmode", "sslrootcert", "sslsni",
	"target_session_attrs", "tcp_user_timeout", "user",
}

// toolDatabase returns a database URL for the arguments of a program, and the variables with what
// others must not see in the list of processes.
func toolDatabase(databaseURL string) (database string, environment []string, err error) {
	if err := models.CheckURL(databaseURL); err != nil {
		return "", nil, err
	}
	u, err := url.Parse(databaseURL)
	if err != nil {
		return "", nil, errors.New("GATECRIER_DATABASE_URL is not a URL") // the cause quotes the password
	}
	query := u.Query()
	password, has := u.User.Password()
	if query.Has("password") {
		password, has = query.Get("password"), true
	}
	if has {
		environment = append(environment, "PGPASSWORD="+password)
	}
	if u.User != nil {
		u.User = url.User(u.User.Username())
	}
	if query.Has("sslpassword") {
		return "", nil, errors.New("GATECRIER_DATABASE_URL has sslpassword: use a key without a password, or ssh-agent")
	}
	if path := query.Get("search_path"); path != "" {
		environment = append(environment, "PGOPTIONS=-c search_path="+strings.ReplaceAll(path, " ", `\ `))
	}
	for name := range query {
		if !slices.Contains(toolParameters, name) {
			query.Del(name)
		}
	}
	u.RawQuery = query.Encode()
	return u.String(), environment, nil
}
