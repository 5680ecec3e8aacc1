package engine

import (
	"context"
	"database/sql"
	"errors"
	"sync/atomic"
	"time"
)

const (
	maxBatch      = 128                    // closures that share a commit
	maxBatchTime  = 10 * time.Millisecond  // no closure joins a batch that is older
	slowThreshold = 100 * time.Millisecond // log a closure that takes longer: all others waited
)

// The states of a write request.
const (
	stateQueued    int32 = iota
	stateRunning         // the writer has it: the caller waits for the outcome
	stateAbandoned       // the caller no longer waits
)

// writeRequest is one call of Write.
type writeRequest struct {
	ctx      context.Context
	closure  closure
	state    atomic.Int32
	alone    bool // runs in its own transaction
	tx       *Tx
	err      error
	panicked *PanicError
	queued   time.Time
	done     chan struct{} // closed when err and panicked are final
}

func (r *writeRequest) failed() bool { return r.err != nil || r.panicked != nil }

// writer owns the only connection that writes to a SQLite file. One goroutine takes requests in
// order, runs each in a savepoint, and commits when no request waits or the batch is full; then it
// answers the whole batch. It never waits for more requests: they queue while a commit is synced and
// form the next batch.
//
// A closure that hangs keeps that goroutine. The watchdog then takes the connection and starts
// another goroutine, which continues with the same batch. txConn.expire decides who owns the
// connection.
type writer struct {
	db       *DB
	conn     *writerConn
	requests chan *writeRequest
	ended    chan struct{}
	watchdog *watchdog
	current  atomic.Pointer[runningRequest] // nil while no closure runs
	files    sqliteFiles

	lockSince atomic.Int64 // when it began to wait for the lock, in microseconds; 0 = does not wait

	// Only the goroutine uses these. While batch is not empty, a transaction is open.
	batch []*writeRequest
	redo  []*writeRequest // lost with another's transaction: each runs again alone
	began time.Time
	// lockErr is the error of the last request that waited for the lock in vain, until lockedAt.
	lockErr  error
	lockedAt time.Time
	logSaved time.Time // when saveLog was tried
}

// runningRequest is a request whose closure runs.
type runningRequest struct {
	request *writeRequest
	conn    *txConn
}

// loopState is the state of one goroutine of the writer.
type loopState struct {
	finished bool // all requests are answered
	lost     bool // another goroutine is the writer now
}

func startWriter(ctx context.Context, d *DB, db *sql.DB, path string) (*writer, error) {
	conn, err := newWriterConn(ctx, db)
	if err != nil {
		return nil, err
	}
	files, err := openFiles(path)
	if err != nil {
		return nil, errors.Join(err, conn.close())
	}
	w := &writer{
		db:       d,
		conn:     conn,
		files:    files,
		requests: make(chan *writeRequest, 8*maxBatch),
		ended:    make(chan struct{}),
	}
	go w.run()
	w.watchdog = startWatchdog(w.checkHang)
	return w, nil
}

// write queues a closure and waits for its outcome.
func (w *writer) write(ctx context.Context, c closure) (*Tx, error) {
	r := &writeRequest{ctx: ctx, closure: c, queued: time.Now(), done: make(chan struct{})}
	select {
	case w.requests <- r:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	select {
	case <-r.done:
	case <-ctx.Done():
		if r.state.CompareAndSwap(stateQueued, stateAbandoned) {
			return nil, ctx.Err()
		}
		<-r.done
	}
	if r.panicked != nil {
		panic(r.panicked)
	}
	return r.tx, r.err
}

// stop returns when all requests are answered. The caller must not call write any more.
func (w *writer) stop() error {
	close(w.requests)
	<-w.ended
	w.watchdog.stop()
	return w.conn.close()
}

// run is the writer's goroutine. A closure can end it, as testing's FailNow does: then run starts a
// goroutine that continues with the same batch.
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
		if r := w.nextQueued(); r != nil {
			w.runRequest(r, s)
		} else {
			w.commit()
		}
		return
	}
	if len(w.redo) > 0 {
		r := w.redo[0]
		w.redo = w.redo[1:]
		w.runRequest(r, s)
		return
	}
	r, ok := <-w.requests
	if !ok {
		s.finished = true
		return
	}
	w.runRequest(r, s)
}

// nextQueued returns a waiting request for the open batch, or nil if the writer must commit. It uses
// the machine's time, which only bounds the batch and is never stored.
func (w *writer) nextQueued() *writeRequest {
	if w.batch[0].alone || len(w.batch) >= maxBatch || time.Since(w.began) > maxBatchTime {
		return nil
	}
	select {
	case r := <-w.requests:
		return r // nil if the channel is closed
	default:
		return nil
	}
}

// runRequest runs a request unless its caller no longer waits.
func (w *writer) runRequest(r *writeRequest, s *loopState) {
	if !r.state.CompareAndSwap(stateQueued, stateRunning) {
		return
	}
	if r.err = r.ctx.Err(); r.err == nil && len(w.batch) == 0 {
		r.err = w.beginFor(r)
	}
	if r.err != nil {
		close(r.done)
		return
	}
	w.runInSavepoint(r, s)
}

// runInSavepoint runs a closure in its savepoint.
func (w *writer) runInSavepoint(r *writeRequest, s *loopState) {
	w.batch = append(w.batch, r)
	if err := w.conn.do("SAVEPOINT closure"); err != nil {
		w.abortBatch(err)
		return
	}
	conn := newTxConn(r.ctx, w.conn)
	r.tx = newTx(r.ctx, w.db, conn)
	w.setRunning(&runningRequest{r, conn})
	runGuarded(r.closure, r.tx, conn, func(o outcome) {
		if !o.owned {
			s.lost = true
			w.db.log.WarnContext(r.ctx, "timed-out write returned",
				"closure", r.closure.name(), "duration", time.Since(conn.began), "panic", o.panicValue())
			return
		}
		w.clearRunning()
		if r.panicked = o.panicked; r.panicked == nil {
			r.err = o.failure()
		}
		w.endSavepoint(r)
		w.warnIfSlow(r, time.Since(conn.began))
	})
}

func (w *writer) setRunning(r *runningRequest) {
	w.db.running.Add(1)
	w.current.Store(r)
}

func (w *writer) clearRunning() {
	w.current.Store(nil)
	w.db.running.Add(-1)
}

// checkHang undoes a closure that hangs and takes the connection from it. The other closures of its
// batch are not affected.
func (w *writer) checkHang(now time.Time) {
	r := w.current.Load()
	if r == nil || !r.conn.expire(now, r.request.closure) {
		return
	}
	w.clearRunning()
	logTimeout(r.request.ctx, w.db.log, r.conn.timeout)
	r.request.err = r.conn.timeout
	w.undo()
	go w.run()
}

func (w *writer) warnIfSlow(r *writeRequest, took time.Duration) {
	if took > slowThreshold {
		w.db.log.WarnContext(r.ctx, "slow write delayed all others", "closure", r.closure.name(), "duration", took)
	}
}
