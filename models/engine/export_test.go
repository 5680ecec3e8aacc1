package engine

import "time"

// The unexported parts that tests in engine_test use.

var (
	Rebind        = rebind
	ErrGoexit     = errGoexit
	PostgresConns = postgresConns
	MaxStatements = maxStatements
	Mark          = mark
)

const (
	MaxBatchTime = maxBatchTime
	IdleLimit    = idleLimit
	TotalLimit   = totalLimit
)

// Prepared returns how many statements the SQLite writer keeps.
func (d *DB) Prepared() int { return len(d.backend.(*sqliteBackend).writer.conn.stmts) }

// CheckHangs runs the watchdog's check with a time.
func (d *DB) CheckHangs(now time.Time) {
	switch b := d.backend.(type) {
	case *sqliteBackend:
		b.writer.checkHang(now)
	case *postgresBackend:
		b.checkHangs(now)
	}
}

// Running returns how many closures run.
func (d *DB) Running() int { return int(d.running.Load()) }

// InStatement reports whether a statement of the transaction runs.
func (tx *Tx) InStatement() bool {
	if !tx.conn.mu.TryLock() {
		return true
	}
	tx.conn.mu.Unlock()
	return false
}
