package main

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
)

// A database is Gatecrier's, in a file or on a PostgreSQL server.
type database struct {
	url   string // as GATECRIER_DATABASE_URL has it
	file  string // "" on PostgreSQL
	admin string // URL of the server on which the database was created
	name  string
}

// newDatabase creates a database on the server, or with no server a place for a file.
func newDatabase(server, dir string) (*database, error) {
	if server == "" {
		file := filepath.Join(dir, "data", "gatecrier.db")
		return &database{url: "sqlite:" + file, file: file}, os.Mkdir(filepath.Join(dir, "data"), 0o700)
	}
	d := &database{admin: server, name: "gatecrier_bench_" + strings.ToLower(rand.Text())}
	u, err := url.Parse(server)
	if err != nil {
		return nil, errors.New("GATECRIER_TEST_POSTGRES is not a URL")
	}
	u.Path = "/" + d.name
	d.url = u.String()
	if err := d.administer("CREATE DATABASE " + d.name); err != nil {
		return nil, err
	}
	return d, nil
}

// drop removes what newDatabase created on a server.
func (d *database) drop() error {
	if d.admin == "" {
		return nil
	}
	return d.administer("DROP DATABASE IF EXISTS " + d.name + " WITH (FORCE)")
}

func (d *database) administer(statement string) error {
	db, err := sql.Open("pgx", d.admin)
	if err != nil {
		return err
	}
	_, err = db.ExecContext(context.Background(), statement)
	return errors.Join(err, db.Close())
}

// inboxProducts is how many products the notifications are about; the member can see one of a
// hundred.
const inboxProducts = 10_000

// series are the numbers from 1 to a bound.
const series = "WITH RECURSIVE n (i) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < %d) "

// fill inserts the notifications, in one transaction, while the program does not run. Making them
// by the API would take hours.
func (d *database) fill(rows int) (err error) {
	ctx := context.Background()
	driver, at := "pgx", d.url
	if d.file != "" {
		driver, at = "sqlite3", "file:"+d.file+"?_journal_mode=WAL"
	}
	db, err := sql.Open(driver, at)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // after the commit it does nothing
	var events, now int64
	if err := tx.QueryRowContext(ctx, "SELECT max(id), max(at) FROM events").Scan(&events, &now); err != nil {
		return err
	}
	for _, s := range d.statements(rows, events, now) {
		if _, err := tx.ExecContext(ctx, s); err != nil {
			return fmt.Errorf("%.60s: %w", s, err)
		}
	}
	return tx.Commit()
}

// statements follow the events that exist; now is the time of the newest.
func (d *database) statements(rows int, events, now int64) []string {
	numbers := fmt.Sprintf(series, rows)
	about := fmt.Sprintf("(SELECT min(id) FROM products WHERE name LIKE 'inbox %%') + (i * 7919) %% %d", inboxProducts)
	list := []string{
		fmt.Sprintf("INSERT INTO products (name, created_at, updated_at) "+series+
			"SELECT 'inbox ' || i, %d, %d FROM n", inboxProducts, now, now),
		fmt.Sprintf(`INSERT INTO branches (product_id, name, is_default, gate_since, created_at)
			SELECT id, 'main', TRUE, %d, %d FROM products WHERE name LIKE 'inbox %%'`, now, now),
		fmt.Sprintf(`INSERT INTO events (id, uuid, type, version, product_id, actor, at, payload) %s
			SELECT i + %d, 'bench-' || i, 'gate.changed', 1, %s, 'bench', %d, '{}' FROM n`, numbers, events, about, now),
		fmt.Sprintf(`INSERT INTO notifications (event_id, product_id, type, tone, name, message, at) %s
			SELECT i + %d, %s, 'gate.changed', 'bad', 'Security gate failed', '1 critical (threshold 0)', %d FROM n`,
			numbers, events, about, now),
		fmt.Sprintf(`INSERT INTO members (user_id, product_id, role, created_at)
			SELECT u.id, p.id, 'reader', %d FROM users u, products p
			WHERE u.name = '%s' AND p.name LIKE 'inbox %%' AND p.id %% 100 = 0`, now, member),
		fmt.Sprintf("UPDATE users SET must_change_password = FALSE WHERE name = '%s'", member),
	}
	if d.file == "" {
		list = append(list, "SELECT setval(pg_get_serial_sequence('events', 'id'), (SELECT max(id) FROM events))", "ANALYZE")
	}
	return list
}
