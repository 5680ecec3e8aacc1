package models

import (
	"context"
	"database/sql"

	"gorm.io/gorm"
)

// What tests in models_test need of the inside.

func (tx *Tx) Exec(query string, args ...any) (int64, error)   { return tx.exec(query, args...) }
func (tx *Tx) Insert(query string, args ...any) (int64, error) { return tx.insert(query, args...) }

func (r reads) Query(ctx context.Context, query string, args []any, scan func(*sql.Rows) error) error {
	return r.query(ctx, query, args, scan)
}

func (r reads) Get(ctx context.Context, query string, args []any, dst ...any) error {
	return r.get(ctx, query, args, dst...)
}

func (r reads) DB(ctx context.Context) *gorm.DB { return r.db(ctx) }

// Queued is how many closures wait for the SQLite writer.
func (s *Store) Queued() int { return len(s.backend.(*sqliteBackend).writer.jobs) }

// Prepared is how many statements the SQLite writer keeps.
func (s *Store) Prepared() int { return len(s.backend.(*sqliteBackend).writer.conn.stmts) }

var (
	Rebind  = rebind
	Micro   = micro
	TimeTo  = timeTo
	Goexit  = errGoexit
	Workers = postgresConns
	Stmts   = prepared
)

const BatchTime = batchTime
