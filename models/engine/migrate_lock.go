package engine

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/pressly/goose/v3/lock"
)

const (
	migrateLockEvery = time.Second // between tries to lock the migrations
	migrateLockTime  = 5 * time.Minute
)

// migrateLock is goose's lock of the migrations, held in a transaction of a connection of its own:
// goose's own holds it in a session, which a pooler changes between statements.
type migrateLock struct {
	config *pgx.ConnConfig
	conn   *pgx.Conn // nil unless it is locked
}

var _ lock.SessionLocker = (*migrateLock)(nil)

// SessionLock waits for the lock. It returns an error if another program keeps it for too long.
func (m *migrateLock) SessionLock(ctx context.Context, _ *sql.Conn) (err error) {
	conn, err := pgx.ConnectConfig(ctx, withoutSession(m.config))
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, conn.Close(context.WithoutCancel(ctx)))
		}
	}()
	if _, err := conn.Exec(ctx, "BEGIN; SET LOCAL idle_in_transaction_session_timeout = 0"); err != nil {
		return err
	}
	for began := time.Now(); time.Since(began) < migrateLockTime; {
		var locked bool
		query := "SELECT pg_try_advisory_xact_lock($1)"
		if err := conn.QueryRow(ctx, query, lock.DefaultLockID).Scan(&locked); err != nil {
			return err
		}
		if locked {
			m.conn = conn
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(migrateLockEvery):
		}
	}
	return fmt.Errorf("another program has migrated for %s", migrateLockTime)
}

// SessionUnlock ends the lock.
func (m *migrateLock) SessionUnlock(ctx context.Context, _ *sql.Conn) error {
	if m.conn == nil {
		return nil
	}
	conn := m.conn
	m.conn = nil
	return conn.Close(ctx)
}
