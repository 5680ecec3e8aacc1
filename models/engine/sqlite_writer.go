package engine

import (
	"context"
	"database/sql"
	"fmt"
	"runtime/debug"
	"sync/atomic"
	"time"
)

const (
	batchClosures = 128                    // at most so many closures share a commit
	batchTime     = 10 * time.Millisecond  // and none joins one that has been open for longer
	slowClosure   = 100 * time.Millisecond // worth a line in the log, since all others waited
)

// The states of a write request.
const (
	stateQueued    int32 = iota
	stateRunning         // the writer has it: the caller waits for the outcome
	stateAbandoned       // the caller no longer waits
)

// writeRequest is one Write on its way through the writer.
type writeRequest struct {
	ctx      context.Context
	fn       closureOf
	state    atomic.Int32
	alone    bool // it has a transaction of its own
	tx       *Tx
	err      error
	panicked *PanicError
	done     chan struct{} // closed when err and panicked are final
}

func (j *writeRequest) failed() bool { return j.err != nil || j.panicked != nil }

// fail notes a closure that did not return: v is what it panicked with, nil
// when it ended its goroutine.
func (j *writeRequest) fail(v any) {
	if v == nil {
		j.err = errGoexit
		return
	}
	j.panicked = &PanicError{Value: v, Stack: debug.Stack()}
}

// writer owns the one connection that writes to a SQLite file. One goroutine
// takes requests in order, runs each in a savepoint, and commits when none waits or
// the batch is full; then it answers all of the batch. It never waits for more
// to come: batches form by themselves while a commit is being synced.
//
// That goroutine may be lost to a closure that hangs. The watchdog then takes over
// and has another go on with the same batch; see txConn.expire for who owns what.
type writer struct {
	store    *DB
	conn     *writerConn
	requests chan *writeRequest
	ended    chan struct{}
	watchdog *watchdog
	current  atomic.Pointer[running] // the closure that runs

	// The goroutine's own. A transaction is open while batch is not empty.
	batch []*writeRequest
	redo  []*writeRequest // lost with another's transaction: each is run again alone
	began time.Time
}

// running is a closure that runs.
type running struct {
	request *writeRequest
	conn    *txConn
}

// loopState is one goroutine's time as the writer.
type loopState struct {
	finished bool // all is done
	lost     bool // another one is the writer now
}

func startWriter(ctx context.Context, s *DB, db *sql.DB) (*writer, error) {
	conn, err := newWriterConn(ctx, db)
	if err != nil {
		return nil, err
	}
	w := &writer{store: s, conn: conn, requests: make(chan *writeRequest, 8*batchClosures), ended: make(chan struct{})}
	go w.run()
	w.watchdog = startWatchdog(w.checkHang)
	return w, nil
}

// write hands a closure to the writer and waits for its outcome.
func (w *writer) write(ctx context.Context, fn closureOf) (*Tx, error) {
	j := &writeRequest{ctx: ctx, fn: fn, done: make(chan struct{})}
	select {
	case w.requests <- j:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	select {
	case <-j.done:
	case <-ctx.Done():
		if j.state.CompareAndSwap(stateQueued, stateAbandoned) {
			return nil, ctx.Err()
		}
		<-j.done
	}
	if j.panicked != nil {
		panic(j.panicked)
	}
	return j.tx, j.err
}

// stop returns when all requests are answered. The caller must not call write any more.
func (w *writer) stop() error {
	close(w.requests)
	<-w.ended
	w.watchdog.stop()
	return w.conn.close()
}

// run is the goroutine. A closure can end it (testing's FailNow does): then a
// successor goes on with the same batch.
func (w *writer) run() {
	var s loopState
	defer func() {
		switch {
		case s.lost:
		case s.finished:
			close(w.ended)
		default:
			go w.run()
		}
	}()
	for !s.finished && !s.lost {
		w.step(&s)
	}
}

// step runs one closure or commits.
func (w *writer) step(s *loopState) {
	if len(w.batch) > 0 {
		if j := w.nextQueued(); j != nil {
			w.runRequest(j, s)
		} else {
			w.commit()
		}
		return
	}
	if len(w.redo) > 0 {
		j := w.redo[0]
		w.redo = w.redo[1:]
		w.runRequest(j, s)
		return
	}
	j, ok := <-w.requests
	if !ok {
		s.finished = true
		return
	}
	w.runRequest(j, s)
}

// nextQueued returns a waiting request for the open batch, nil where it is time to
// commit. The time is the machine's: it is a bound, nobody reads it.
func (w *writer) nextQueued() *writeRequest {
	if w.batch[0].alone || len(w.batch) >= batchClosures || time.Since(w.began) > batchTime {
		return nil
	}
	select {
	case j := <-w.requests:
		return j // nil when the channel is closed
	default:
		return nil
	}
}

// runRequest runs a request, unless its caller has left.
func (w *writer) runRequest(j *writeRequest, s *loopState) {
	if !j.state.CompareAndSwap(stateQueued, stateRunning) {
		return
	}
	if j.err = j.ctx.Err(); j.err == nil && len(w.batch) == 0 {
		j.err = w.begin()
	}
	if j.err != nil {
		close(j.done)
		return
	}
	w.runInSavepoint(j, s)
}

func (w *writer) begin() error {
	if err := w.conn.do("BEGIN IMMEDIATE"); err != nil {
		return fmt.Errorf("store: begin: %w", err)
	}
	w.began = time.Now()
	return nil
}

// runInSavepoint runs a closure in its savepoint. What has to follow is deferred, since
// the closure may panic or end the goroutine.
func (w *writer) runInSavepoint(j *writeRequest, s *loopState) {
	w.batch = append(w.batch, j)
	if err := w.conn.do("SAVEPOINT closure"); err != nil {
		w.abortBatch(err)
		return
	}
	t := newTxConn(j.ctx, w.conn)
	j.tx = newTx(j.ctx, w.store, t)
	w.enter(&running{j, t})
	var err error
	returned := false
	defer func() {
		var v any
		if !returned {
			v = recover()
		}
		first, mine := t.end()
		if !mine {
			s.lost = true
			w.store.log.WarnContext(
				j.ctx,
				"a write that was given up has ended",
				"closure",
				nameOf(j.fn),
				"duration",
				time.Since(t.began),
				"panic",
				v,
			)
			return
		}
		w.leave()
		if !returned {
			j.fail(v)
		} else if j.err = err; err == nil {
			j.err = first
		}
		w.settle(j)
		w.warnOfSlow(j, time.Since(t.began))
	}()
	err = closure(j.fn.run, j.tx)
	returned = true
}

func (w *writer) enter(a *running) {
	w.store.inside.Add(1)
	w.current.Store(a)
}

func (w *writer) leave() {
	w.current.Store(nil)
	w.store.inside.Add(-1)
}

// checkHang takes the writer away from a closure that hangs. The others of its batch
// do not notice.
func (w *writer) checkHang(now time.Time) {
	a := w.current.Load()
	if a == nil || !a.conn.expire(now, a.request.fn) {
		return
	}
	w.leave()
	w.store.log.ErrorContext(
		a.request.ctx, "a write hangs and was undone", "error", a.conn.expired, "stacks", string(a.conn.expired.Stacks),
	)
	a.request.err = a.conn.expired
	w.undo()
	go w.run()
}

// settle keeps or undoes what a closure did, and nothing else of its batch.
func (w *writer) settle(j *writeRequest) {
	if !j.failed() {
		j.err = w.conn.do("RELEASE closure")
	}
	if j.failed() {
		w.undo()
	}
}

// undo takes back what the last closure of the batch did. A full disk, among
// others, has SQLite undo the whole transaction. Another savepoint would then
// begin one of its own: there must be none.
func (w *writer) undo() {
	err := w.conn.stillOpen()
	if err == nil {
		err = w.conn.do("ROLLBACK TO closure")
	}
	if err == nil {
		err = w.conn.do("RELEASE closure")
	}
	if err != nil {
		w.abortBatch(err)
	}
}

// abortBatch gives up the open batch, whose transaction is no longer to be trusted.
// The last closure was at work when it was lost. The others are no part of
// that, and are run again, each in a transaction of its own.
func (w *writer) abortBatch(cause error) {
	w.abandon()
	last := len(w.batch) - 1
	if j := w.batch[last]; !j.failed() {
		j.err = fmt.Errorf("store: transaction lost: %w", cause)
	}
	for i, j := range w.batch {
		if i == last || j.failed() {
			close(j.done)
			continue
		}
		j.alone = true
		j.state.Store(stateQueued)
		w.redo = append(w.redo, j)
	}
	w.resetBatch()
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
	w.finishBatch()
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

func (w *writer) finishBatch() {
	for _, j := range w.batch {
		close(j.done)
	}
	w.resetBatch()
}

func (w *writer) resetBatch() {
	clear(w.batch)
	w.batch = w.batch[:0]
}

func (w *writer) warnOfSlow(j *writeRequest, took time.Duration) {
	if took > slowClosure {
		w.store.log.WarnContext(j.ctx, "slow write held up all others", "closure", nameOf(j.fn), "duration", took)
	}
}
