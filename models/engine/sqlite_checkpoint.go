package engine

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"time"
)

const (
	checkpointInterval = time.Second      // between two looks at the log
	quietLooks         = 3                // looks without a change, after which the database is idle
	maxCheckpointWait  = 30 * time.Second // a log that changes all the time is emptied too
)

// checkpointer moves the content of the log into the main file while nothing writes, and empties the
// log. Without it, the data of a small installation would be in the log alone for days.
type checkpointer struct {
	db    *sql.DB // a connection of its own: it never waits for others, and no writer waits for it
	path  string  // of the log
	log   *slog.Logger
	ended chan struct{}
	quit  chan struct{}

	last    logState // at the last look
	quiet   int      // looks since the last change
	waiting int      // looks since the log was empty
}

// logState is the state of a log's file.
type logState struct {
	size     int64
	modified time.Time
}

func startCheckpointer(ctx context.Context, path string, log *slog.Logger) (*checkpointer, error) {
	db, err := openFile(ctx, path, "_busy_timeout=0&_txlock=deferred&_synchronous=FULL", 1)
	if err != nil {
		return nil, err
	}
	c := &checkpointer{
		db: db, path: path + "-wal", log: log, ended: make(chan struct{}), quit: make(chan struct{}),
	}
	go c.run()
	return c, nil
}

// run uses the machine's time: it only decides when to look.
func (c *checkpointer) run() {
	defer close(c.ended)
	ticker := time.NewTicker(checkpointInterval)
	defer ticker.Stop()
	for {
		select {
		case <-c.quit:
			return
		case <-ticker.C:
			c.look()
		}
	}
}

// look empties the log if it has not changed for some looks, or has not been empty for long.
func (c *checkpointer) look() {
	info, err := os.Stat(c.path)
	if err != nil || info.Size() == 0 {
		c.last, c.quiet, c.waiting = logState{}, 0, 0
		return
	}
	state := logState{info.Size(), info.ModTime()}
	c.waiting++
	if c.quiet++; state != c.last {
		c.last, c.quiet = state, 0
	}
	if c.quiet < quietLooks && time.Duration(c.waiting)*checkpointInterval < maxCheckpointWait {
		return
	}
	c.quiet, c.waiting = 0, 0
	if err := emptyLog(context.Background(), c.db); err != nil {
		c.log.Warn("empty the log of the database", "error", err)
	}
}

// emptyLog moves the content of the log into the main file. The first step waits for nothing, and
// nothing waits for it; the second one then has nothing left to copy. A reader or a writer that is
// busy keeps the log, which is no error.
func emptyLog(ctx context.Context, db *sql.DB) error {
	for _, mode := range []string{"PASSIVE", "TRUNCATE"} {
		var busy, pages, copied int
		err := db.QueryRowContext(ctx, "PRAGMA wal_checkpoint("+mode+")").Scan(&busy, &pages, &copied)
		if isBusy(err) || err == nil && (busy != 0 || copied < pages) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("checkpoint: %w", err)
		}
	}
	return nil
}

func (c *checkpointer) stop() error {
	close(c.quit)
	<-c.ended
	return c.db.Close()
}

// Checkpoint moves what the log of a SQLite database has into its main file; PostgreSQL does that by
// itself. It returns an error if a reader or a writer of another program prevents it.
func (d *DB) Checkpoint(ctx context.Context) (err error) {
	b, ok := d.backend.(*sqliteBackend)
	if !ok {
		return nil
	}
	db, err := openFile(ctx, b.path, "_busy_timeout=5000", 1)
	if err != nil {
		return fmt.Errorf("store: checkpoint: %w", err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return truncateLog(ctx, db)
}

// truncateLog is emptyLog, but it waits for others, and returns an error if they prevent it.
func truncateLog(ctx context.Context, db *sql.DB) error {
	var busy, pages, copied int
	err := db.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &pages, &copied)
	if isBusy(err) || err == nil && busy != 0 {
		return ErrInUse
	}
	if err != nil {
		return fmt.Errorf("store: checkpoint: %w", err)
	}
	return nil
}

// isBusy reports whether another connection keeps a lock. The text is SQLite's: the driver's type of
// errors is missing in a build without cgo.
func isBusy(err error) bool { return err != nil && strings.Contains(err.Error(), "database is locked") }
