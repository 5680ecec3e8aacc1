package engine

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	presenceRetry  = 200 * time.Millisecond // between tries to get a lost presence back
	presenceGrace  = 2 * time.Second        // for closing its connection
	maxWriterIdle  = "10s"                  // of a connection in a transaction that holds a lock
	lockKey        = "hashtextextended(?, 0)"
	presencePrefix = "present/"
)

// HoldPresence shows other instances that this one is alive, under a name, until ctx ends. It holds
// a lock of PostgreSQL in a transaction that stays open: the server releases it when the process
// dies, at once and by no clock. A transaction keeps its session behind a pooler too. set gets
// whether the lock is held. On SQLite, which one program serves, it only waits.
func (d *DB) HoldPresence(ctx context.Context, name string, set func(held bool)) {
	b, ok := d.backend.(*postgresBackend)
	for ok && ctx.Err() == nil {
		err := b.holdPresence(ctx, name, set)
		set(false)
		if ctx.Err() != nil {
			return
		}
		d.log.WarnContext(ctx, "hold presence", "error", err)
		select {
		case <-ctx.Done():
		case <-time.After(presenceRetry):
		}
	}
	<-ctx.Done()
}

func (b *postgresBackend) holdPresence(ctx context.Context, name string, set func(held bool)) error {
	conn, err := pgx.ConnectConfig(ctx, withoutSession(b.config))
	if err != nil {
		return err
	}
	defer func() {
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), presenceGrace)
		defer cancel()
		b.logIgnored(ctx, conn.Close(last))
	}()
	// A server can end idle transactions; this one is idle on purpose.
	for _, query := range []string{"BEGIN", "SET LOCAL idle_in_transaction_session_timeout = 0"} {
		if _, err := conn.Exec(ctx, query); err != nil {
			return err
		}
	}
	lock := b.db.binder.bind("SELECT pg_advisory_xact_lock(" + lockKey + ")")
	if _, err := conn.Exec(ctx, lock, presencePrefix+name); err != nil {
		return err
	}
	set(true)
	for { // it returns when the connection ends
		if err := conn.PgConn().WaitForNotification(ctx); err != nil {
			return err
		}
	}
}

// TryLock makes this transaction the only one that does some work, until it ends, and reports
// whether it succeeded. PostgreSQL releases the lock with the transaction or the connection,
// whichever ends first, and ends a connection that idles within the transaction. On SQLite every
// transaction is alone.
func (tx *Tx) TryLock(name string) (locked bool, err error) {
	if tx.dialect == SQLite {
		return true, nil
	}
	var set string
	err = tx.Get(tx.ctx, "SELECT pg_try_advisory_xact_lock("+lockKey+
		"), set_config('idle_in_transaction_session_timeout', '"+maxWriterIdle+"', true)", []any{name}, &locked, &set)
	return locked, err
}

// IsPresent reports whether another instance holds its presence under a name. It is for PostgreSQL.
func (tx *Tx) IsPresent(name string) (bool, error) {
	free, err := tx.TryLock(presencePrefix + name)
	return !free, err
}
