package engine_test

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"gatecrier/models/engine"
)

// hold keeps the writer busy until release, which waits for the end of the closure. The closure takes
// long enough that no other joins its commit.
func hold(t *testing.T, db *engine.DB) (release func()) {
	t.Helper()
	inside, end, done := make(chan struct{}), make(chan struct{}), make(chan error)
	go func() {
		done <- db.Write(t.Context(), func(*engine.Tx) error {
			began := time.Now()
			close(inside)
			<-end
			until(t, "the batch is full", func() bool { return time.Since(began) > engine.MaxBatchTime })
			return nil
		})
	}()
	<-inside
	return func() {
		close(end)
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

// result is the outcome of one closure of a batch.
type result struct {
	err      error
	panicked any
}

// together queues closures in order while the writer is held, and runs them. It returns their results
// and the number of commits.
func together(t *testing.T, db *engine.DB, fns ...func(*engine.Tx) error) ([]result, int64) {
	t.Helper()
	return togetherWith(t.Context(), t, db, fns...)
}

// togetherWith is together with another context for the last closure.
func togetherWith(
	last context.Context, t *testing.T, db *engine.DB, fns ...func(*engine.Tx) error,
) ([]result, int64) {
	t.Helper()
	release := hold(t, db)
	results := make([]result, len(fns))
	var wg sync.WaitGroup
	for i, fn := range fns {
		ctx := t.Context()
		if i == len(fns)-1 {
			ctx = last
		}
		wg.Go(func() { results[i].panicked, results[i].err = outcome(ctx, db, fn) })
		until(t, "the closure queues", func() bool { return db.Queued() == i+1 })
	}
	before := db.Stats().Commits
	release()
	wg.Wait()
	return results, db.Stats().Commits - before - 1
}

func TestQueuedClosuresShareCommits(t *testing.T) {
	db := sqliteNotes(t)
	fns := make([]func(*engine.Tx) error, 200)
	for i := range fns {
		fns[i] = adding(strconv.Itoa(i))
	}
	results, commits := together(t, db, fns...)
	for i, r := range results {
		if r.err != nil {
			t.Errorf("%d: %v", i, r.err)
		}
	}
	if n := len(strings.Fields(names(t, db))); n != len(fns) {
		t.Errorf("%d of %d stored", n, len(fns))
	}
	if got := float64(commits) / float64(len(fns)); got >= 0.2 || commits < 2 {
		t.Errorf("%d commits, %.2f a closure", commits, got)
	}
	if got := db.Stats().Writes; got != int64(len(fns))+2 { // with the table and the holder
		t.Errorf("%d closures stored", got)
	}
}

// inOneCommit repeats a round until it took one commit. On a slow machine a batch can end after 10 ms,
// so it can take several rounds until one batch has all closures.
func inOneCommit(t *testing.T, round func(n int) (commits int64)) {
	t.Helper()
	for n := range 50 {
		if round(n) == 1 {
			return
		}
	}
	t.Error("the closures never shared one commit")
}

// inOneCommitOrNone repeats a round until it reports that its closures met in one batch.
func inOneCommitOrNone(t *testing.T, round func() (met bool)) {
	t.Helper()
	inOneCommit(t, func(int) int64 {
		if round() {
			return 1
		}
		return 0
	})
}

func TestNeighborsOfAFailureAreStored(t *testing.T) {
	db := sqliteNotes(t)
	write(t, db, adding("taken"))
	want := []string{"taken"}
	inOneCommit(t, func(n int) int64 {
		round := strconv.Itoa(n)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		results, commits := togetherWith(ctx, t, db,
			adding("a"+round),
			func(tx *engine.Tx) error { return errors.Join(add(tx, "half"), errOwn) },
			adding("b"+round),
			func(tx *engine.Tx) error { return errors.Join(add(tx, "half"), add(tx, "taken")) },
			adding("c"+round),
			func(tx *engine.Tx) error { defer explode(tx); return add(tx, "half") },
			adding("d"+round),
			func(tx *engine.Tx) error { defer runtime.Goexit(); return add(tx, "half") },
			adding("e"+round),
			func(tx *engine.Tx) error { err := add(tx, "half"); cancel(); return errors.Join(err, add(tx, "more")) },
		)
		for i, r := range results {
			if failed := r.err != nil || r.panicked != nil; failed != (i%2 == 1) {
				t.Errorf("closure %d: %v, panic %v", i, r.err, r.panicked)
			}
		}
		for _, name := range []string{"a", "b", "c", "d", "e"} {
			want = append(want, name+round)
		}
		slices.Sort(want)
		wantNames(t, db, strings.Join(want, " "))
		return commits
	})
}

func TestWrite_CanceledWhileQueued(t *testing.T) {
	db := sqliteNotes(t)
	release := hold(t, db)
	ctx, cancel := context.WithCancel(t.Context())
	answer := make(chan error)
	ran := false
	go func() { answer <- db.Write(ctx, func(*engine.Tx) error { ran = true; return nil }) }()
	until(t, "the closure queues", func() bool { return db.Queued() == 1 })
	cancel()
	if err := <-answer; !errors.Is(err, context.Canceled) { // though the writer is held
		t.Errorf("Write: %v", err)
	}
	release()
	write(t, db, adding("after"))
	if ran {
		t.Error("the closure ran")
	}
}

func TestFailedCommitFailsAll(t *testing.T) {
	db := sqliteNotes(t)
	write(t, db, func(tx *engine.Tx) error {
		_, err := tx.Exec("CREATE TABLE replies (note BIGINT REFERENCES notes (id) DEFERRABLE INITIALLY DEFERRED)")
		return err
	})
	inOneCommitOrNone(t, func() bool {
		results, _ := together(t, db,
			adding("a"),
			func(tx *engine.Tx) error {
				_, err := tx.Exec("INSERT INTO replies (note) VALUES (?)", 4711)
				return err
			},
			func(tx *engine.Tx) error { tx.AfterCommit(func() { t.Error("hook called") }); return errOwn },
		)
		if results[0].err == nil { // the batch was cut: the first closure had its own commit
			write(t, db, deleteAll)
			return false
		}
		for i, r := range results {
			if r.err == nil || !strings.HasPrefix(r.err.Error(), "store: commit: ") {
				t.Errorf("closure %d: %v", i, r.err)
			}
		}
		return true
	})
	write(t, db, adding("after"))
	wantNames(t, db, "after")
}

// SQLite undoes a whole transaction: the closure at fault fails, its neighbors run again.
func TestTransactionThatSQLiteUndid(t *testing.T) {
	db := sqliteNotes(t)
	write(t, db, adding("taken"))
	inOneCommitOrNone(t, func() bool {
		runs, hooks := 0, 0
		results, _ := together(t, db,
			func(tx *engine.Tx) error {
				runs++
				tx.AfterCommit(func() { hooks++ })
				return add(tx, "a")
			},
			func(tx *engine.Tx) error { return errors.Join(add(tx, "half"), errOwn) },
			func(tx *engine.Tx) error {
				_, err := tx.Exec("INSERT OR ROLLBACK INTO notes (name) VALUES (?)", "taken")
				return err
			},
			adding("b"),
		)
		if results[0].err != nil || hooks != 1 || results[3].err != nil {
			t.Errorf("its neighbors: %v, %d hooks called, %v", results[0].err, hooks, results[3].err)
		}
		if !errors.Is(results[1].err, errOwn) {
			t.Errorf("the one that failed before: %v", results[1].err)
		}
		if results[2].err == nil || !strings.Contains(results[2].err.Error(), "UNIQUE") {
			t.Errorf("the culprit: %v", results[2].err)
		}
		wantNames(t, db, "a b taken")
		write(t, db, deleting("a"))
		write(t, db, deleting("b"))
		return runs == 2
	})
}
