package models

import (
	"context"
	"database/sql"
	"fmt"
	"reflect"
	"runtime"
	"runtime/debug"
	"sync/atomic"
	"time"
)

const (
	batchClosures = 128                    // at most so many closures share a commit
	batchTime     = 10 * time.Millisecond  // and none joins one that has been open for longer
	slowClosure   = 100 * time.Millisecond // worth a line in the log, since all others waited
)

// What became of a job so far.
const (
	queued  int32 = iota
	running       // the writer has it: the caller waits for the outcome
	gone          // the caller no longer waits
)

// job is one Write on its way through the writer.
type job struct {
	ctx      context.Context
	fn       func(*Tx) error
	state    atomic.Int32
	tx       *Tx
	err      error
	panicked *PanicError
	done     chan struct{} // closed when err and panicked are final
}

func (j *job) failed() bool { return j.err != nil || j.panicked != nil }

// fail notes a closure that did not return: v is what it panicked with, nil
// when it ended its goroutine.
func (j *job) fail(v any) {
	if v == nil {
		j.err = errGoexit
		return
	}
	j.panicked = &PanicError{Value: v, Stack: debug.Stack()}
}

// writer owns the one connection that writes to a SQLite file. One goroutine
// takes jobs in order, runs each in a savepoint, and commits when none waits or
// the batch is full; then it answers all of the batch. It never waits for more
// to come: batches form by themselves while a commit is being synced.
type writer struct {
	store *Store
	conn  *pinned
	jobs  chan *job
	ended chan struct{}

	// The goroutine's own. A transaction is open while batch is not empty.
	batch []*job
	began time.Time
}

func startWriter(ctx context.Context, s *Store, db *sql.DB) (*writer, error) {
	conn, err := pin(ctx, db)
	if err != nil {
		return nil, err
	}
	w := &writer{store: s, conn: conn, jobs: make(chan *job, 8*batchClosures), ended: make(chan struct{})}
	go w.run()
	return w, nil
}

// write hands a closure to the writer and waits for its outcome.
func (w *writer) write(ctx context.Context, fn func(*Tx) error) (*Tx, error) {
	j := &job{ctx: ctx, fn: fn, done: make(chan struct{})}
	select {
	case w.jobs <- j:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	select {
	case <-j.done:
	case <-ctx.Done():
		if j.state.CompareAndSwap(queued, gone) {
			return nil, ctx.Err()
		}
		<-j.done
	}
	if j.panicked != nil {
		panic(j.panicked)
	}
	return j.tx, j.err
}

// stop returns when all jobs are answered. Nobody may call write any more.
func (w *writer) stop() error {
	close(w.jobs)
	<-w.ended
	return w.conn.close()
}

// run is the goroutine. A closure can end it (testing's FailNow does): then a
// successor goes on with the same batch.
func (w *writer) run() {
	finished := false
	defer func() {
		if finished {
			close(w.ended)
			return
		}
		go w.run()
	}()
	for w.step() {
	}
	finished = true
}

// step runs one closure or commits; false when all is done.
func (w *writer) step() bool {
	if len(w.batch) == 0 {
		j, ok := <-w.jobs
		if ok {
			w.take(j)
		}
		return ok
	}
	if j := w.another(); j != nil {
		w.take(j)
	} else {
		w.commit()
	}
	return true
}

// another returns a waiting job for the open batch, nil where it is time to
// commit. The time is the machine's: it is a bound, nobody reads it.
func (w *writer) another() *job {
	if len(w.batch) >= batchClosures || time.Since(w.began) > batchTime {
		return nil
	}
	select {
	case j := <-w.jobs:
		return j // nil when the channel is closed
	default:
		return nil
	}
}

// take gives a job its turn, unless its caller has left.
func (w *writer) take(j *job) {
	if !j.state.CompareAndSwap(queued, running) {
		return
	}
	if j.err = j.ctx.Err(); j.err == nil && len(w.batch) == 0 {
		j.err = w.begin()
	}
	if j.err != nil {
		close(j.done)
		return
	}
	w.turn(j)
}

func (w *writer) begin() error {
	if err := w.conn.do("BEGIN IMMEDIATE"); err != nil {
		return fmt.Errorf("store: begin: %w", err)
	}
	w.began = time.Now()
	return nil
}

// turn runs a closure in its savepoint. What has to follow is deferred, since
// the closure may panic or end the goroutine.
func (w *writer) turn(j *job) {
	w.batch = append(w.batch, j)
	if err := w.conn.do("SAVEPOINT closure"); err != nil {
		w.lose(err)
		return
	}
	t := &turn{conn: w.conn, ctx: j.ctx}
	j.tx = newTx(j.ctx, w.store, t)
	began, returned := time.Now(), false
	defer func() {
		if !returned {
			j.fail(recover())
		}
		w.settle(j, t)
		w.warnOfSlow(j, time.Since(began))
	}()
	j.err = j.fn(j.tx)
	returned = true
}

// settle keeps or undoes what a closure did, and nothing else of its batch.
func (w *writer) settle(j *job, t *turn) {
	if err := t.end(); !j.failed() {
		j.err = err
	}
	if !j.failed() {
		j.err = w.conn.do("RELEASE closure")
	}
	if !j.failed() {
		return
	}
	// A full disk, among others, has SQLite undo the whole transaction. Another
	// savepoint would then begin one of its own: there must be none.
	err := w.conn.stillOpen()
	if err == nil {
		err = w.conn.do("ROLLBACK TO closure")
	}
	if err == nil {
		err = w.conn.do("RELEASE closure")
	}
	if err != nil {
		w.lose(err)
	}
}

// lose gives up the open batch, whose transaction is no longer to be trusted.
func (w *writer) lose(cause error) {
	w.abandon()
	err := fmt.Errorf("store: transaction lost: %w", cause)
	for _, j := range w.batch {
		if !j.failed() {
			j.err = err
		}
	}
	w.answer()
}

// commit makes the batch durable. Where that fails, whatever a closure answered
// may rest on what was never stored, so that all get this error.
func (w *writer) commit() {
	err := w.conn.do("COMMIT")
	if err != nil {
		w.abandon()
		err = fmt.Errorf("store: commit: %w", err)
	} else {
		w.store.counters.commits.Add(1)
	}
	for _, j := range w.batch {
		if err != nil {
			j.err = err
		} else if !j.failed() {
			w.store.counters.writes.Add(1)
		}
	}
	w.answer()
}

// abandon makes sure that no transaction is open.
func (w *writer) abandon() {
	if w.conn.stillOpen() != nil {
		return
	}
	if err := w.conn.do("ROLLBACK"); err != nil {
		w.store.log.Error("rollback failed", "error", err)
	}
}

func (w *writer) answer() {
	for _, j := range w.batch {
		close(j.done)
	}
	clear(w.batch)
	w.batch = w.batch[:0]
}

func (w *writer) warnOfSlow(j *job, took time.Duration) {
	if took > slowClosure {
		name := runtime.FuncForPC(reflect.ValueOf(j.fn).Pointer()).Name()
		w.store.log.WarnContext(j.ctx, "slow write held up all others", "closure", name, "duration", took)
	}
}
