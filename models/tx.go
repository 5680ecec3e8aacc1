package models

import (
	"context"

	"gatecrier/models/engine"
)

// Tx is the transaction of a closure in Write. It has the reads of a Store, which see the closure's
// own changes, and all methods that write. Only the closure's goroutine can use it; after the
// closure's end all its statements return ErrExpired.
type Tx struct {
	queries
	tx  *engine.Tx
	ctx context.Context
}

func newTx(tx *engine.Tx) *Tx {
	return &Tx{queries: newQueries(tx.Queries), tx: tx, ctx: tx.Context()}
}

// Context returns the context of Write's caller, marked so that a Write with it is refused.
func (tx *Tx) Context() context.Context { return tx.ctx }

// AfterCommit registers a function to call on the goroutine of Write's caller after the closure's
// changes are stored. It is not called if they are not.
func (tx *Tx) AfterCommit(fn func()) { tx.tx.AfterCommit(fn) }

// exec runs a statement and returns the number of rows that it changed.
func (tx *Tx) exec(query string, args ...any) (int64, error) { return tx.tx.Exec(query, args...) }

// insert runs a statement that ends in RETURNING id and returns the id. It returns sql.ErrNoRows if
// the statement inserted nothing.
func (tx *Tx) insert(query string, args ...any) (int64, error) { return tx.tx.Insert(query, args...) }
