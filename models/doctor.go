package models

import (
	"context"
	"database/sql"
	"errors"
	"time"
)

// SchemaVersions returns the version of the database's schema and that of this program. It returns an
// error if this program cannot use the database.
func (s *Store) SchemaVersions(ctx context.Context) (have, want int64, err error) {
	return s.db.SchemaVersions(ctx)
}

// CheckReferences lists the first rows of SQLite that refer to a row that does not exist, and on
// PostgreSQL the constraints and indexes that are not valid. It reads one table at a time.
func (s *Store) CheckReferences(ctx context.Context) ([]string, error) {
	return s.db.CheckReferences(ctx)
}

// DatabaseClock returns the time of a PostgreSQL server; ok is false for SQLite, which has the clock of
// this machine.
func (r queries) DatabaseClock(ctx context.Context) (at time.Time, ok bool, err error) {
	if r.dialect != Postgres {
		return at, false, nil
	}
	var micros int64
	err = r.get(ctx, "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint", nil, &micros)
	return time.UnixMicro(micros).UTC(), err == nil, err
}

// LastStored returns the newest time of an event, an entry of the audit log or a run of a job, zero for
// none.
func (r queries) LastStored(ctx context.Context) (at time.Time, err error) {
	for _, query := range []string{
		"SELECT at FROM events ORDER BY id DESC LIMIT 100",
		"SELECT at FROM audit ORDER BY id DESC LIMIT 100",
		"SELECT started_at FROM job_runs ORDER BY id DESC LIMIT 100",
	} {
		var list []time.Time
		err := r.query(ctx, query, nil, collect(&list, func(t *time.Time) []any { return []any{timeTo(t)} }))
		if err != nil {
			return at, err
		}
		for _, t := range list {
			if t.After(at) {
				at = t
			}
		}
	}
	return at, nil
}

// RecentInstances counts the instances that have started a job since a time.
func (r queries) RecentInstances(ctx context.Context, since time.Time) (n int, err error) {
	err = r.get(ctx, "SELECT count(DISTINCT instance) FROM job_slots WHERE started_at >= ?", []any{micro(since)}, &n)
	return n, err
}

// EnabledConnections lists connections that send, with their configurations, after an id. It is for
// checks that show no addresses of users' connections.
func (r queries) EnabledConnections(ctx context.Context, after int64, limit int) ([]Connection, error) {
	var list []Connection
	err := r.query(ctx, `
		SELECT id, user_id, module, name, config
		FROM connections
		WHERE enabled
		AND id > ?
		ORDER BY id
		LIMIT ?`, []any{after, limit}, collect(&list, func(c *Connection) []any {
		return []any{&c.ID, &c.UserID, &c.Module, &c.Name, &c.Config}
	}))
	return list, err
}

// LastFinishedRun returns the newest run of a job that was not interrupted; ok is false if there is none.
func (r queries) LastFinishedRun(ctx context.Context, job string) (run JobRun, ok bool, err error) {
	err = r.get(ctx, "SELECT "+runColumns+" FROM job_runs WHERE job = ? AND result IN ('ok', 'failed') "+
		"ORDER BY id DESC LIMIT 1", []any{job}, run.dst()...)
	if errors.Is(err, sql.ErrNoRows) {
		return run, false, nil
	}
	return run, err == nil, err
}
