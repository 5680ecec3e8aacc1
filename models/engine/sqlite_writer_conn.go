package engine

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// prepared is how many statements a connection keeps ready.
const prepared = 256

// writerConn is the writer's connection. It takes no notice of a caller's context:
// to interrupt a statement makes SQLite undo the whole transaction, which is
// that of others too.
type writerConn struct {
	conn  *sql.Conn
	stmts map[string]*sql.Stmt
}

// autoCommitter is the driver's connection, where it is not a stub.
type autoCommitter interface{ AutoCommit() bool }

var errUndone = errors.New("SQLite has undone it")

// newWriterConn also reads once: a connection that never did leaves the log of a new file
// behind when it closes as the last one.
func newWriterConn(ctx context.Context, db *sql.DB) (*writerConn, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := conn.ExecContext(ctx, logging+"; SELECT count(*) FROM sqlite_schema"); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return &writerConn{conn: conn, stmts: map[string]*sql.Stmt{}}, nil
}

// ExecContext prepares a statement with arguments once. Without arguments it
// may be several.
func (p *writerConn) ExecContext(_ context.Context, query string, args ...any) (sql.Result, error) {
	if len(args) == 0 {
		return p.conn.ExecContext(context.Background(), query)
	}
	stmt, err := p.prepare(query)
	if err != nil {
		return nil, err
	}
	return stmt.ExecContext(context.Background(), args...)
}

// QueryContext leaves preparing to the driver, which lends a statement once: a
// database/sql one used again while its rows are open would spoil those rows.
func (p *writerConn) QueryContext(_ context.Context, query string, args ...any) (*sql.Rows, error) {
	return p.conn.QueryContext(context.Background(), query, args...)
}

// do runs one of the writer's own statements.
func (p *writerConn) do(query string) error {
	stmt, err := p.prepare(query)
	if err != nil {
		return err
	}
	_, err = stmt.ExecContext(context.Background())
	return err
}

// prepare finds a prepared statement, or makes one. Where there are too many,
// any other goes: those in use come back at once.
func (p *writerConn) prepare(query string) (*sql.Stmt, error) {
	if stmt, ok := p.stmts[query]; ok {
		return stmt, nil
	}
	for old, stmt := range p.stmts {
		if len(p.stmts) < prepared {
			break
		}
		delete(p.stmts, old)
		if err := stmt.Close(); err != nil {
			return nil, err
		}
	}
	stmt, err := p.conn.PrepareContext(context.Background(), query)
	if err == nil {
		p.stmts[query] = stmt
	}
	return stmt, err
}

// stillOpen is nil while a transaction is open.
func (p *writerConn) stillOpen() error {
	return p.conn.Raw(func(c any) error {
		driver, ok := c.(autoCommitter)
		if !ok {
			return fmt.Errorf("a %T is not SQLite's", c)
		}
		if driver.AutoCommit() {
			return errUndone
		}
		return nil
	})
}

func (p *writerConn) close() error {
	var errs []error
	for _, stmt := range p.stmts {
		errs = append(errs, stmt.Close())
	}
	return errors.Join(append(errs, p.conn.Close())...)
}
