package engine

import (
	"fmt"
	"time"
)

// begin begins the transaction of a batch.
func (w *writer) begin() error {
	if err := w.conn.do("BEGIN IMMEDIATE"); err != nil {
		return fmt.Errorf("store: begin: %w", err)
	}
	w.began = time.Now()
	return nil
}

// beginFor begins the transaction of a request, unless nothing can be written. Requests that have
// waited together for a lock fail together: each would wait for it as long again.
func (w *writer) beginFor(r *writeRequest) error {
	if err := w.db.monitor.pinnedErr(); err != nil {
		if StateOf(err) == Gone {
			w.saveLog()
		}
		return err
	}
	if w.lockErr != nil && w.lockedAt.Sub(r.queued) >= lockWait-lockSign {
		return w.lockErr
	}
	w.lockSince.Store(time.Now().UnixMicro())
	err := w.begin()
	w.lockSince.Store(0)
	w.lockErr, w.lockedAt = nil, time.Time{}
	if StateOf(err) == Busy {
		w.lockErr, w.lockedAt = err, time.Now()
	}
	return err
}

// endSavepoint keeps or undoes the changes of a closure, but no others of its batch.
func (w *writer) endSavepoint(r *writeRequest) {
	if !r.failed() {
		r.err = w.conn.do("RELEASE closure")
	}
	if r.failed() {
		w.undo()
	}
}

// undo undoes the changes of the batch's last closure. SQLite itself can have undone the whole
// transaction, for example on a full disk. Then undo aborts the batch: another savepoint would begin
// a transaction of its own.
func (w *writer) undo() {
	err := w.conn.checkOpen()
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

// abortBatch rolls back the open batch, whose transaction is lost or in doubt. The last closure ran
// when it was lost, so that one fails. The others are not the cause, so they run again, each in its
// own transaction.
func (w *writer) abortBatch(cause error) {
	w.rollback()
	last := len(w.batch) - 1
	if r := w.batch[last]; !r.failed() {
		r.err = fmt.Errorf("store: transaction lost: %w", cause)
	}
	for i, r := range w.batch {
		if i == last || r.failed() {
			close(r.done)
			continue
		}
		r.alone = true
		r.state.Store(stateQueued)
		w.redo = append(w.redo, r)
	}
	w.resetBatch()
}

// commit commits the batch and answers it. If that fails, all its closures fail: even the error of
// one that failed before can depend on changes that were not stored.
func (w *writer) commit() {
	err := w.checkMain()
	if err == nil {
		if err = w.conn.do("COMMIT"); err != nil {
			err = fmt.Errorf("store: commit: %w", err)
		}
	}
	if err != nil {
		w.rollback()
	} else if err = w.checkStored(); err != nil {
		err = &unsureError{err}
	} else {
		w.db.counters.commits.Add(1)
	}
	for _, r := range w.batch {
		if err != nil {
			r.err = err
		} else if !r.failed() {
			w.db.counters.writes.Add(1)
		}
	}
	for _, r := range w.batch {
		close(r.done)
	}
	w.resetBatch()
}

// rollback makes sure that no transaction is open.
func (w *writer) rollback() {
	if w.conn.checkOpen() != nil {
		return
	}
	if err := w.conn.do("ROLLBACK"); err != nil {
		w.db.log.Error("roll back", "error", err)
	}
}

func (w *writer) resetBatch() {
	clear(w.batch)
	w.batch = w.batch[:0]
}
