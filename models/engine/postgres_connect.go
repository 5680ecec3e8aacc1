package engine

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// hasPooler reports whether a pooler such as PgBouncer is between the program and PostgreSQL: it
// gives its clients a process id that is not the server's. Its transaction mode runs the statements
// of a client on changing sessions, so that only what ends with a transaction can be relied on.
func hasPooler(ctx context.Context, config *pgx.ConnConfig) (pooled bool, err error) {
	conn, err := pgx.ConnectConfig(ctx, withoutSession(config))
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(ctx))) }()
	var pid uint32
	if err := conn.QueryRow(ctx, "SELECT pg_backend_pid()").Scan(&pid); err != nil {
		return false, fmt.Errorf("read the process id of the server: %w", err)
	}
	return pid != conn.PgConn().PID(), nil
}

// withoutSession returns a configuration that leaves nothing in a session: no prepared statements. A
// mode that the URL asks for is kept.
func withoutSession(config *pgx.ConnConfig) *pgx.ConnConfig {
	config = config.Copy()
	if config.DefaultQueryExecMode == pgx.QueryExecModeCacheStatement {
		config.DefaultQueryExecMode = pgx.QueryExecModeCacheDescribe
		config.StatementCacheCapacity = 0
	}
	return config
}

// connectURL is connect for a URL.
func connectURL(ctx context.Context, url string, readOnly bool) (*sql.DB, error) {
	if err := CheckURL(url); err != nil {
		return nil, err
	}
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, err
	}
	pooled, err := hasPooler(ctx, config)
	if err != nil {
		return nil, err
	}
	return connect(ctx, config, pooled, readOnly)
}

// connect opens a pool of connections. Those of a readOnly pool cannot write, so that a DB that
// writes outside its transactions fails on PostgreSQL as it does on SQLite. A pooler refuses such
// parameters of a session, and prepared statements, so a pooled connection has neither.
func connect(ctx context.Context, config *pgx.ConnConfig, pooled, readOnly bool) (*sql.DB, error) {
	if pooled {
		config = withoutSession(config)
	} else {
		config = config.Copy()
		config.RuntimeParams["jit"] = "off" // compiling costs more than any statement of ours
		if readOnly {
			config.RuntimeParams["default_transaction_read_only"] = "on"
		}
	}
	db := stdlib.OpenDB(*config)
	db.SetMaxOpenConns(postgresConns)
	db.SetMaxIdleConns(postgresConns)
	db.SetConnMaxIdleTime(postgresIdle)
	if err := db.PingContext(ctx); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}
