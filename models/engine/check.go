package engine

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// probeSQL writes one row with the values that it has, in a table that exists since the first
// migration.
const probeSQL = "UPDATE migration_hashes SET name = name WHERE version = 1"

// While the data is damaged it is checked again, in case the error was that of a moment.
const (
	recheckEvery   = 10 * time.Minute
	recheckTimeout = time.Minute
)

// errNoAnswer is the error of a probe that does not end in time.
var errNoAnswer = errors.New("store: no write has succeeded within " + probeTimeout.String())

// checker probes a database, for all callers at once.
type checker struct {
	mu   sync.Mutex
	done time.Time // of the last probe
	err  error     // its result
}

// Check returns nil if the database can be read and written, else an error with its state. A result
// is valid for a second, and a write of another caller within that second spares the probe.
func (d *DB) Check(ctx context.Context) error {
	if d.isNested(ctx) {
		return ErrNested
	}
	d.checker.mu.Lock()
	defer d.checker.mu.Unlock()
	now := time.Now()
	if now.Sub(d.checker.done) >= probeEvery {
		d.checker.err = d.probe(context.WithoutCancel(ctx), now)
		d.checker.done = time.Now()
	}
	if d.checker.err == nil {
		return d.outageErr()
	}
	return d.checker.err
}

// Condition returns what is known about the database without asking it.
func (d *DB) Condition() Condition { return d.monitor.condition() }

// outageErr returns the error of an outage that has not ended: after a failure it takes some time
// without another.
func (d *DB) outageErr() error {
	if c := d.monitor.condition(); c.State != Available {
		return &StateError{c.State, errors.New(c.Reason)}
	}
	return nil
}

func (d *DB) probe(ctx context.Context, now time.Time) error {
	d.backend.checkFiles()
	if err := d.monitor.pinnedErr(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	if err := d.Get(ctx, "SELECT count(*) FROM migration_hashes", nil, new(int64)); err != nil {
		return noteProbe(d, err)
	}
	if d.monitor.provenSince(now.Add(-probeEvery)) {
		return nil
	}
	return noteProbe(d, d.Write(ctx, func(tx *Tx) error {
		_, err := tx.Exec(probeSQL)
		return err
	}))
}

// noteProbe notes a probe that did not end in time, which the monitor takes for the caller's
// deadline otherwise.
func noteProbe(d *DB, err error) error {
	if !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	late := &StateError{Timeout, fmt.Errorf("%w: %s", errNoAnswer, err.Error())}
	if d.backend.isLocked() {
		late.State = Busy
	}
	d.monitor.begin(late.State, late)
	return late
}

// watch follows the files of the database, and probes it while it does not work, until stop.
func (d *DB) watch() *watchdog {
	var checked time.Time // the data, while it is damaged
	return startWatchdog(func(time.Time) {
		d.backend.checkFiles()
		if d.monitor.condition().State == Available {
			return
		}
		d.monitor.remind()
		if d.monitor.condition().State == Corrupt && time.Since(checked) >= recheckEvery {
			ctx, cancel := context.WithTimeout(context.Background(), recheckTimeout)
			_, _ = d.CheckIntegrity(ctx) //nolint:errcheck // the monitor has noted it
			cancel()
			checked = time.Now()
		}
		_ = d.Check(context.Background()) //nolint:errcheck // the monitor has noted it
	})
}
