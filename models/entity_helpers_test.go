package models

import (
	"context"
	"database/sql"

	"gorm.io/gorm"
)

// What tests of the entities need of the inside: the statements that a method
// runs, so that they can ask for the plans of these.

// Said is a statement with its arguments.
type Said struct {
	Query string
	Args  []any
}

// Overheard tells what fn reads from the store by SQL of our own. Nobody else
// may use the store meanwhile.
func (s *Store) Overheard(fn func() error) ([]Said, error) {
	var said []Said
	pool := s.pool
	s.pool = eavesdropPool{pool, &said}
	defer func() { s.pool = pool }()
	err := fn()
	return said, err
}

// Overheard tells what fn does in the transaction.
func (tx *Tx) Overheard(fn func() error) ([]Said, error) {
	var said []Said
	conn := tx.turn.conn
	tx.turn.conn = eavesdropConn{conn, &said}
	defer func() { tx.turn.conn = conn }()
	err := fn()
	return said, err
}

type eavesdropPool struct {
	gorm.ConnPool
	said *[]Said
}

func (p eavesdropPool) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	*p.said = append(*p.said, Said{query, args})
	return p.ConnPool.QueryContext(ctx, query, args...)
}

type eavesdropConn struct {
	conn
	said *[]Said
}

func (c eavesdropConn) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	*c.said = append(*c.said, Said{query, args})
	return c.conn.ExecContext(ctx, query, args...)
}

func (c eavesdropConn) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	*c.said = append(*c.said, Said{query, args})
	return c.conn.QueryContext(ctx, query, args...)
}
