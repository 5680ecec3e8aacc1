package engine

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

const (
	// copyLock is the number of the advisory lock of copies into a database.
	copyLock = 0x67617465637079

	unusedTries = 15 // of checkUnused: a server that was killed ends its connections a moment later
	unusedWait  = 200 * time.Millisecond
)

// checkUnused returns an error if other programs are connected to a source on PostgreSQL. A SQLite
// file has a lock.
func (s *copySource) checkUnused(ctx context.Context) error {
	if s.dialect != Postgres {
		return nil
	}
	var reader contentReader = s.db
	if s.tx != nil {
		reader = s.tx
	}
	var n int
	for range unusedTries {
		// A transaction sees the connections of its first look until this.
		if err := reader.QueryRowContext(ctx, "SELECT pg_stat_clear_snapshot()::text").Scan(new(string)); err != nil {
			return err
		}
		err := reader.QueryRowContext(ctx, `
			SELECT count(*)
			FROM pg_stat_activity
			WHERE datname = current_database()
			AND pid <> pg_backend_pid()
			AND coalesce(backend_type, 'client backend') = 'client backend'`).Scan(&n)
		if err != nil || n == 0 {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(unusedWait):
		}
	}
	return fmt.Errorf("%d other connections use this database: stop all gatecrier servers, and what else is connected "+
		"to it, and copy again", n)
}

// connectDirect is connectURL, but refuses a pooler: the lock of a copy belongs to a session.
func connectDirect(ctx context.Context, url string, readOnly bool) (*sql.DB, error) {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, err
	}
	pooled, err := hasPooler(ctx, config)
	if err == nil && pooled {
		err = errors.New("a pooler is between this program and PostgreSQL: connect to PostgreSQL itself")
	}
	if err != nil {
		return nil, err
	}
	return connect(ctx, config, false, readOnly)
}

// postgresTarget writes to a PostgreSQL database.
type postgresTarget struct {
	copyTargetDB
	lock *sql.Conn // has the advisory lock
}

func openPostgresTarget(ctx context.Context, address string) (copyTarget, error) {
	db, err := connectDirect(ctx, address, false)
	if err != nil {
		return nil, err
	}
	t := &postgresTarget{copyTargetDB: copyTargetDB{kind: Postgres, db: db}}
	if t.lock, err = db.Conn(ctx); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return t, nil
}

func (t *postgresTarget) mark(ctx context.Context) (string, error) {
	var free bool
	for range unusedTries { // a copy that was killed can hold it for a moment
		err := t.lock.QueryRowContext(ctx, "SELECT pg_try_advisory_lock($1)", int64(copyLock)).Scan(&free)
		if err != nil {
			return "", err
		}
		if free {
			return t.readMark(ctx)
		}
		select {
		case <-ctx.Done():
			return "", ctx.Err()
		case <-time.After(unusedWait):
		}
	}
	return "", errors.New("another gatecrier copy writes to it: wait for its end")
}

func (t *postgresTarget) setMark(ctx context.Context, fingerprint string) error {
	return t.inTx(ctx, func(tx *sql.Tx) error { return saveMark(ctx, tx, t.bind, fingerprint) })
}

// foreignKeys are the statements that take each foreign key away, and that make it again.
const foreignKeys = `
	SELECT conrelid::regclass || ' ' || conname,
		format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname),
		format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid))
	FROM pg_constraint
	WHERE contype = 'f'
	AND connamespace = current_schema()::regnamespace
	ORDER BY 1`

// loosen takes the foreign keys away, and keeps the statements that make them again with the mark.
func (t *postgresTarget) loosen(ctx context.Context) error {
	return t.inTx(ctx, func(tx *sql.Tx) error {
		var list [][3]string
		err := scanRows(ctx, tx, foreignKeys, func(rows *sql.Rows) error {
			var c [3]string
			err := rows.Scan(&c[0], &c[1], &c[2])
			list = append(list, c)
			return err
		})
		if err != nil {
			return err
		}
		for _, c := range list {
			_, err := tx.ExecContext(ctx,
				"INSERT INTO "+copyingTable+" (kind, name, value, n) VALUES ('constraint', $1, $2, 0)", c[0], c[2])
			if err != nil {
				return err
			}
			if _, err := tx.ExecContext(ctx, c[1]); err != nil {
				return err
			}
		}
		return nil
	})
}

// write copies a batch by COPY.
func (t *postgresTarget) write(ctx context.Context, b copyBatch) (err error) {
	key, err := b.table.marshalKey(b.progress.after)
	if err != nil {
		return err
	}
	names := make([]string, len(b.table.columns))
	for i, c := range b.table.columns {
		names[i] = c.name
	}
	conn, err := t.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	return conn.Raw(func(driver any) error {
		tx, err := driver.(*stdlib.Conn).Conn().Begin(ctx)
		if err != nil {
			return err
		}
		_, err = tx.CopyFrom(ctx, pgx.Identifier{b.table.name}, names, pgx.CopyFromRows(b.rows))
		if err == nil {
			_, err = tx.Exec(ctx, rebind(saveProgress), b.table.name, key, b.progress.rows)
		}
		if err != nil {
			return errors.Join(err, tx.Rollback(ctx))
		}
		return tx.Commit(ctx)
	})
}

func (t *postgresTarget) finish(ctx context.Context, tables []copyTable, sequences map[string]int64) error {
	statements, err := readTexts(ctx, t.db, "SELECT value FROM "+copyingTable+" WHERE kind = 'constraint' ORDER BY name")
	if err != nil {
		return err
	}
	err = t.inTx(ctx, func(tx *sql.Tx) error {
		for _, statement := range statements {
			if _, err := tx.ExecContext(ctx, statement); err != nil {
				return err
			}
		}
		for name, last := range sequences {
			//nolint:gosec // the name of a table of the schema
			_, err := tx.ExecContext(ctx, "SELECT setval(pg_get_serial_sequence($1, 'id'), greatest($2, "+
				"(SELECT coalesce(max(id), 1) FROM "+quote(name)+")))", quote(name), last)
			if err != nil {
				return err
			}
		}
		_, err := tx.ExecContext(ctx, "DROP TABLE "+copyingTable)
		return err
	})
	if err != nil {
		return err
	}
	for _, table := range tables { // plans need them before autovacuum comes
		if _, err := t.db.ExecContext(ctx, "ANALYZE "+quote(table.name)); err != nil {
			return err
		}
	}
	return nil
}

// close ends the connection with the lock too.
func (t *postgresTarget) close() error { return errors.Join(t.lock.Close(), t.db.Close()) }
