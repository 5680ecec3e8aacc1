package models

import (
	"context"
	"database/sql"
	"io/fs"
	"time"

	"gorm.io/gorm"
)

// What tests in models_test need of the inside.

func (tx *Tx) Exec(query string, args ...any) (int64, error)   { return tx.exec(query, args...) }
func (tx *Tx) Insert(query string, args ...any) (int64, error) { return tx.insert(query, args...) }

func (r queries) Query(ctx context.Context, query string, args []any, scan func(*sql.Rows) error) error {
	return r.query(ctx, query, args, scan)
}

func (r queries) Get(ctx context.Context, query string, args []any, dst ...any) error {
	return r.get(ctx, query, args, dst...)
}

func (r queries) DB(ctx context.Context) *gorm.DB { return r.db(ctx) }

// SetMigrations gives the store the migrations of another version of the program.
func (s *Store) SetMigrations(files fs.FS) { s.files = files }

// Queued is how many closures wait for the SQLite writer.
func (s *Store) Queued() int { return len(s.backend.(*sqliteBackend).writer.requests) }

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

// Watch has the store look for closures that hang, at a time.
func (s *Store) Watch(now time.Time) {
	switch b := s.backend.(type) {
	case *sqliteBackend:
		b.writer.checkHang(now)
	case *postgresBackend:
		b.look(now)
	}
}

const (
	IdleLimit  = idleLimit
	TotalLimit = totalLimit
)

// Inside is how many closures have their turn.
func (s *Store) Inside() int { return int(s.inside.Load()) }

// InStatement reports whether one of the turn's statements runs.
func (tx *Tx) InStatement() bool {
	if !tx.turn.mu.TryLock() {
		return true
	}
	tx.turn.mu.Unlock()
	return false
}
