package engine

import "context"

// Tx is a closure's turn in Write: the same reads as a Store's, which see what
// the closure itself has written, and all that writes. It is for the closure's
// goroutine, and after its turn answers ErrExpired.
type Tx struct {
	Queries
	turn  *txConn
	ctx   context.Context
	hooks []func()
}

// within marks the context of a closure of a store.
type within struct{ store *DB }

func newTx(ctx context.Context, s *DB, t *txConn) *Tx {
	tx := &Tx{Queries: s.Queries, turn: t, ctx: context.WithValue(ctx, within{s}, true)}
	tx.pool = t
	return tx
}

// Context is the caller's context, marked so that a Write inside this one is
// refused.
func (tx *Tx) Context() context.Context { return tx.ctx }

// AfterCommit has fn called on the goroutine that called Write, once what the
// closure did is stored, and never otherwise.
func (tx *Tx) AfterCommit(fn func()) { tx.hooks = append(tx.hooks, fn) }

// Exec runs a statement, prepared once per connection, and tells how many rows
// it changed.
func (tx *Tx) Exec(query string, args ...any) (int64, error) {
	res, err := tx.turn.ExecContext(tx.ctx, tx.bind(query), args...)
	if err != nil {
		return 0, tx.turn.trace(err)
	}
	return res.RowsAffected()
}

// Insert runs a statement that ends in RETURNING id, and returns that id;
// sql.ErrNoRows where it inserted nothing.
func (tx *Tx) Insert(query string, args ...any) (int64, error) {
	var id int64
	err := tx.Get(tx.ctx, query, args, &id)
	return id, err
}
