package models_test

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

	"gatecrier/models"
)

// hold keeps the writer busy until the function it returns is called, which
// waits for the end of that. It lasts so long that nothing else joins its
// commit.
func hold(t *testing.T, s *models.Store) (release func()) {
	t.Helper()
	inside, end, done := make(chan struct{}), make(chan struct{}), make(chan error)
	go func() {
		done <- s.Write(t.Context(), func(*models.Tx) error {
			began := time.Now()
			close(inside)
			<-end
			until(t, "the batch is full", func() bool { return time.Since(began) > models.BatchTime })
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

// result is what became of one closure of a batch.
type result struct {
	err      error
	panicked any
}

// together queues closures behind each other while the writer is held, and runs
// them. It tells in how many commits.
func together(t *testing.T, s *models.Store, fns ...func(*models.Tx) error) ([]result, int64) {
	t.Helper()
	return togetherWith(t.Context(), t, s, fns...)
}

// togetherWith gives the last of them a context of its own.
func togetherWith(
	last context.Context, t *testing.T, s *models.Store, fns ...func(*models.Tx) error,
) ([]result, int64) {
	t.Helper()
	release := hold(t, s)
	results := make([]result, len(fns))
	var wg sync.WaitGroup
	for i, fn := range fns {
		ctx := t.Context()
		if i == len(fns)-1 {
			ctx = last
		}
		wg.Go(func() { results[i].panicked, results[i].err = outcome(ctx, s, fn) })
		until(t, "the closure queues", func() bool { return s.Queued() == i+1 })
	}
	before := s.Stats().Commits
	release()
	wg.Wait()
	return results, s.Stats().Commits - before - 1
}

func TestGroupCommit(t *testing.T) {
	s := sqliteNotes(t)
	fns := make([]func(*models.Tx) error, 200)
	for i := range fns {
		fns[i] = adding(strconv.Itoa(i))
	}
	results, commits := together(t, s, fns...)
	for i, r := range results {
		if r.err != nil {
			t.Errorf("%d: %v", i, r.err)
		}
	}
	if n := len(strings.Fields(names(t, s))); n != len(fns) {
		t.Errorf("%d of %d stored", n, len(fns))
	}
	if got := float64(commits) / float64(len(fns)); got >= 0.2 || commits < 2 {
		t.Errorf("%d commits, %.2f a closure", commits, got)
	}
	if got := s.Stats().Writes; got != int64(len(fns))+2 { // with the table and the holder
		t.Errorf("%d closures stored", got)
	}
}

// inOneCommit repeats a round until it took one commit.
// A batch may be cut after 10 ms on a slow machine, so that it takes some
// attempts until all are in one.
func inOneCommit(t *testing.T, round func(n int) (commits int64)) {
	t.Helper()
	for n := range 50 {
		if round(n) == 1 {
			return
		}
	}
	t.Error("the closures never shared one commit")
}

// inOneCommitOrNone repeats a round until it says that its closures met.
func inOneCommitOrNone(t *testing.T, round func() (met bool)) {
	t.Helper()
	inOneCommit(t, func(int) int64 {
		if round() {
			return 1
		}
		return 0
	})
}

func TestNeighboursOfAFailureAreStored(t *testing.T) {
	s := sqliteNotes(t)
	write(t, s, adding("taken"))
	want := []string{"taken"}
	inOneCommit(t, func(n int) int64 {
		round := strconv.Itoa(n)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		results, commits := togetherWith(ctx, t, s,
			adding("a"+round),
			func(tx *models.Tx) error { return errors.Join(add(tx, "half"), errOwn) },
			adding("b"+round),
			func(tx *models.Tx) error { return errors.Join(add(tx, "half"), add(tx, "taken")) },
			adding("c"+round),
			func(tx *models.Tx) error { defer explode(tx); return add(tx, "half") },
			adding("d"+round),
			func(tx *models.Tx) error { defer runtime.Goexit(); return add(tx, "half") },
			adding("e"+round),
			func(tx *models.Tx) error { err := add(tx, "half"); cancel(); return errors.Join(err, add(tx, "more")) },
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
		wantNames(t, s, strings.Join(want, " "))
		return commits
	})
}

func TestCancelledWhileQueued(t *testing.T) {
	s := sqliteNotes(t)
	release := hold(t, s)
	ctx, cancel := context.WithCancel(t.Context())
	answer := make(chan error)
	ran := false
	go func() { answer <- s.Write(ctx, func(*models.Tx) error { ran = true; return nil }) }()
	until(t, "the closure queues", func() bool { return s.Queued() == 1 })
	cancel()
	if err := <-answer; !errors.Is(err, context.Canceled) { // though the writer is held
		t.Errorf("Write: %v", err)
	}
	release()
	write(t, s, adding("after"))
	if ran {
		t.Error("the closure ran")
	}
}

func TestFailedCommitAnswersAll(t *testing.T) {
	s := sqliteNotes(t)
	write(t, s, func(tx *models.Tx) error {
		_, err := tx.Exec("CREATE TABLE replies (note BIGINT REFERENCES notes (id) DEFERRABLE INITIALLY DEFERRED)")
		return err
	})
	inOneCommitOrNone(t, func() bool {
		results, _ := together(t, s,
			adding("a"),
			func(tx *models.Tx) error {
				_, err := tx.Exec("INSERT INTO replies (note) VALUES (?)", 4711)
				return err
			},
			func(tx *models.Tx) error { tx.AfterCommit(func() { t.Error("hook called") }); return errOwn },
		)
		if results[0].err == nil { // it was cut: the first had a commit of its own
			write(t, s, func(tx *models.Tx) error { _, err := tx.Exec("DELETE FROM notes"); return err })
			return false
		}
		for i, r := range results {
			if r.err == nil || !strings.HasPrefix(r.err.Error(), "store: commit: ") {
				t.Errorf("closure %d: %v", i, r.err)
			}
		}
		return true
	})
	write(t, s, adding("after"))
	wantNames(t, s, "after")
}

// SQLite has undone a whole transaction: the one at fault is told, its neighbours
// are run again.
func TestTransactionThatSQLiteUndid(t *testing.T) {
	s := sqliteNotes(t)
	write(t, s, adding("taken"))
	inOneCommitOrNone(t, func() bool {
		runs, hooks := 0, 0
		results, _ := together(t, s,
			func(tx *models.Tx) error {
				runs++
				tx.AfterCommit(func() { hooks++ })
				return add(tx, "a")
			},
			func(tx *models.Tx) error { return errors.Join(add(tx, "half"), errOwn) },
			func(tx *models.Tx) error {
				_, err := tx.Exec("INSERT OR ROLLBACK INTO notes (name) VALUES (?)", "taken")
				return err
			},
			adding("b"),
		)
		if results[0].err != nil || hooks != 1 || results[3].err != nil {
			t.Errorf("its neighbours: %v, %d hooks called, %v", results[0].err, hooks, results[3].err)
		}
		if !errors.Is(results[1].err, errOwn) {
			t.Errorf("the one that failed before: %v", results[1].err)
		}
		if results[2].err == nil || !strings.Contains(results[2].err.Error(), "UNIQUE") {
			t.Errorf("the culprit: %v", results[2].err)
		}
		wantNames(t, s, "a b taken")
		write(t, s, func(tx *models.Tx) error { _, err := tx.Exec("DELETE FROM notes WHERE name <> ?", "taken"); return err })
		return runs == 2
	})
}
