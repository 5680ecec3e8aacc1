package engine

import "context"

// Tx is the transaction of a closure in Write. Its reads see the closure's own changes. Only the
// closure's goroutine can use it; after the closure's end all its statements return ErrExpired.
type Tx struct {
	Queries
	conn  *txConn
	ctx   context.Context
	hooks []func()
}

func newTx(ctx context.Context, d *DB, conn *txConn) *Tx {
	tx := &Tx{Queries: d.Queries, conn: conn, ctx: context.WithValue(ctx, closureOf{d}, true)}
	tx.pool = conn
	return tx
}

// Context returns the context of Write's caller, marked so that a Write with it is refused.
func (tx *Tx) Context() context.Context { return tx.ctx }

// AfterCommit registers a function to call on the goroutine of Write's caller after the closure's
// changes are stored. It is not called if they are not.
func (tx *Tx) AfterCommit(fn func()) { tx.hooks = append(tx.hooks, fn) }

// Exec runs a statement, which each connection prepares once, and returns the number of rows that it
// changed.
func (tx *Tx) Exec(query string, args ...any) (int64, error) {
	res, err := tx.conn.ExecContext(tx.ctx, tx.bind(query), args...)
	if err != nil {
		return 0, tx.conn.trace(err)
	}
	return res.RowsAffected()
}

// Insert runs a statement that ends in RETURNING id and returns the id. It returns sql.ErrNoRows if
// the statement inserted nothing.
func (tx *Tx) Insert(query string, args ...any) (int64, error) {
	var id int64
	err := tx.Get(tx.ctx, query, args, &id)
	return id, err
}
