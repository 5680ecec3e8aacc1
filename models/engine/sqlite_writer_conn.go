package engine

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// maxStatements is how many prepared statements a writerConn keeps.
const maxStatements = 256

// writerConn is the writer's connection. It ignores the contexts of callers: if a statement is
// interrupted, SQLite undoes the whole transaction, which other callers share.
type writerConn struct {
	conn  *sql.Conn
	stmts map[string]*sql.Stmt
}

// autoCommitter is a method of the driver's connection that its stub lacks.
type autoCommitter interface{ AutoCommit() bool }

var errUndone = errors.New("SQLite has undone it")

// newWriterConn also reads once: a connection that never reads would leave the log of a new file
// behind if it is the last one to close.
func newWriterConn(ctx context.Context, db *sql.DB) (*writerConn, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := conn.ExecContext(ctx, logPragmas+"; SELECT count(*) FROM sqlite_schema"); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return &writerConn{conn: conn, stmts: map[string]*sql.Stmt{}}, nil
}

// ExecContext runs a statement with arguments, which it prepares once, or one or more statements
// without arguments.
func (c *writerConn) ExecContext(_ context.Context, query string, args ...any) (sql.Result, error) {
	if len(args) == 0 {
		return c.conn.ExecContext(context.Background(), query)
	}
	stmt, err := c.prepare(query)
	if err != nil {
		return nil, err
	}
	return stmt.ExecContext(context.Background(), args...)
}

// QueryContext runs a statement that returns rows. The driver prepares it and lends it once at a
// time; a statement of database/sql used again while its rows are open would corrupt those rows.
func (c *writerConn) QueryContext(_ context.Context, query string, args ...any) (*sql.Rows, error) {
	return c.conn.QueryContext(context.Background(), query, args...)
}

// do runs one of the writer's own statements.
func (c *writerConn) do(query string) error {
	stmt, err := c.prepare(query)
	if err != nil {
		return err
	}
	_, err = stmt.ExecContext(context.Background())
	return err
}

// prepare returns a prepared statement. If there are too many it closes any other one: a statement
// that is still in use is soon prepared again.
func (c *writerConn) prepare(query string) (*sql.Stmt, error) {
	if stmt, ok := c.stmts[query]; ok {
		return stmt, nil
	}
	for old, stmt := range c.stmts {
		if len(c.stmts) < maxStatements {
			break
		}
		delete(c.stmts, old)
		if err := stmt.Close(); err != nil {
			return nil, err
		}
	}
	stmt, err := c.conn.PrepareContext(context.Background(), query)
	if err == nil {
		c.stmts[query] = stmt
	}
	return stmt, err
}

// checkOpen returns an error unless a transaction is open.
func (c *writerConn) checkOpen() error {
	return c.conn.Raw(func(raw any) error {
		driver, ok := raw.(autoCommitter)
		if !ok {
			return fmt.Errorf("a %T is not SQLite's", raw)
		}
		if driver.AutoCommit() {
			return errUndone
		}
		return nil
	})
}

func (c *writerConn) close() error {
	var errs []error
	for _, stmt := range c.stmts {
		errs = append(errs, stmt.Close())
	}
	return errors.Join(append(errs, c.conn.Close())...)
}
