package models_test

import (
	"context"
	"errors"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"gatecrier/models"
	"gatecrier/models/modelstest"
)

// hang runs a closure that writes and then does nothing until the test lets it
// go. It returns once that is so.
func hang(t *testing.T, s *models.Store, end func(tx *models.Tx) error) (letGo func(), answer <-chan error) {
	t.Helper()
	inside, release, answered := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		answered <- s.Write(t.Context(), func(tx *models.Tx) error {
			err := add(tx, "half")
			close(inside)
			<-release
			return errors.Join(err, end(tx))
		})
	}()
	<-inside
	return sync.OnceFunc(func() { close(release) }), answered
}

func TestAClosureThatHangsIsUndone(t *testing.T) {
	notes(t, func(t *testing.T, s *models.Store) {
		var late error
		letGo, answer := hang(t, s, func(tx *models.Tx) error { late = add(tx, "late"); return nil })
		defer letGo()
		s.Watch(time.Now().Add(models.IdleLimit / 2))
		select {
		case err := <-answer:
			t.Fatalf("ended too early: %v", err)
		default:
		}

		// Others that wait behind it get their turn, though it still hangs.
		behind := make(chan error)
		go func() { behind <- s.Write(t.Context(), adding("behind")) }()
		if s.Dialect() == models.SQLite {
			until(t, "the closure queues", func() bool { return s.Queued() == 1 })
		}
		s.Watch(time.Now().Add(models.IdleLimit + time.Second))
		if err := <-behind; err != nil {
			t.Errorf("the one behind it: %v", err)
		}
		write(t, s, adding("after"))
		wantNames(t, s, "after behind")

		if s.Dialect() == models.Postgres { // its caller's goroutine hangs with it
			letGo()
		}
		var timeout *models.TimeoutError
		if err := <-answer; !errors.As(err, &timeout) || !strings.Contains(timeout.Closure, "hang") ||
			!strings.Contains(string(timeout.Stacks), "store_fault_test.go") {
			t.Errorf("Write: %v", err)
		}
		letGo()
		write(t, s, adding("again"))
		wantNames(t, s, "after again behind")
		until(t, "the closure has ended", func() bool { return s.Inside() == 0 })
		if s.Dialect() == models.Postgres && !errors.Is(late, models.ErrExpired) {
			t.Errorf("a late statement: %v", late)
		}
	})
}

// The others of its commit do not notice, however it ends in the end.
func TestNeighboursOfAClosureThatHangs(t *testing.T) {
	for name, end := range map[string]func(){
		"returns": func() {}, "panics": func() { panic(errOwn) }, "ends its goroutine": runtime.Goexit,
	} {
		t.Run(name, func(t *testing.T) {
			s := sqliteNotes(t)
			before := runtime.NumGoroutine()
			inOneCommitOrNone(t, func() bool {
				release, inside := make(chan struct{}), make(chan struct{})
				go func() {
					<-inside
					s.Watch(time.Now().Add(models.IdleLimit + time.Second))
				}()
				results, commits := together(t, s,
					adding("a"),
					func(tx *models.Tx) error {
						err := add(tx, "half")
						close(inside)
						<-release
						end()
						return err
					},
					adding("b"),
				)
				close(release)
				var timeout *models.TimeoutError
				if results[0].err != nil || results[2].err != nil || !errors.As(results[1].err, &timeout) {
					t.Fatalf("results %v", results)
				}
				wantNames(t, s, "a b")
				write(t, s, func(tx *models.Tx) error { _, err := tx.Exec("DELETE FROM notes"); return err })
				return commits == 1
			})
			until(t, "no goroutine is left behind", func() bool { return runtime.NumGoroutine() <= before })
			write(t, s, adding("after"))
			wantNames(t, s, "after")
		})
	}
}

// While a statement runs it is the database that takes its time.
func TestALongStatementIsNoHang(t *testing.T) {
	notes(t, func(t *testing.T, s *models.Store) {
		write(t, s, func(tx *models.Tx) error {
			done := make(chan error, 1)
			go func() {
				_, err := tx.Exec(
					"INSERT INTO notes (name) WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000) SELECT CAST(i AS TEXT) FROM n",
				)
				done <- err
			}()
			until(t, "the statement runs", tx.InStatement)
			s.Watch(time.Now().Add(2 * models.TotalLimit))
			return <-done
		})
		var n int
		if err := s.Get(t.Context(), "SELECT count(*) FROM notes", nil, &n); err != nil || n != 300000 {
			t.Errorf("%d rows, %v", n, err)
		}
	})
}

func TestAClosureWithoutEndIsUndone(t *testing.T) {
	notes(t, func(t *testing.T, s *models.Store) {
		err := s.Write(t.Context(), func(tx *models.Tx) error {
			for i := 0; ; i++ {
				if err := add(tx, strconv.Itoa(i)); err != nil {
					return err
				}
				if i == 3 {
					s.Watch(time.Now().Add(models.TotalLimit))
				}
			}
		})
		var timeout *models.TimeoutError
		if !errors.As(err, &timeout) {
			t.Errorf("Write: %v", err)
		}
		write(t, s, adding("after"))
		wantNames(t, s, "after")
	})
}

// A Write inside of a Write would wait for itself; its context may be any.
func TestNestedWriteWithAnotherContextIsRefused(t *testing.T) {
	notes(t, func(t *testing.T, s *models.Store) {
		write(t, s, func(tx *models.Tx) error {
			inner := func() error { return s.Write(context.Background(), adding("inner")) }
			if err := inner(); !errors.Is(err, models.ErrNested) {
				t.Errorf("inner Write: %v", err)
			}
			if err := s.Ping(t.Context()); !errors.Is(err, models.ErrNested) {
				t.Errorf("inner Ping: %v", err)
			}
			return add(tx, "outer")
		})
		wantNames(t, s, "outer")
	})
}

// A disk that is full has SQLite undo a whole transaction. Who filled it is
// told; the others are run again.
func TestFullDisk(t *testing.T) {
	s := sqliteNotes(t)
	huge := strings.Repeat("x", 1<<20)
	var pages int
	if err := s.Get(t.Context(), "PRAGMA page_count", nil, &pages); err != nil {
		t.Fatal(err)
	}
	write(t, s, func(tx *models.Tx) error {
		var most int
		return tx.Get(tx.Context(), "PRAGMA max_page_count = "+strconv.Itoa(pages+20), nil, &most)
	})
	inOneCommitOrNone(t, func() bool {
		runs := 0
		fns := []func(*models.Tx) error{func(tx *models.Tx) error { runs++; return add(tx, "first") }}
		want := []string{"first"}
		for i := range 10 {
			if i == 5 {
				fns = append(fns, adding(huge))
			}
			fns = append(fns, adding("small"+strconv.Itoa(i)))
			want = append(want, "small"+strconv.Itoa(i))
		}
		results, _ := together(t, s, fns...)
		for i, r := range results {
			if full := r.err != nil && strings.Contains(r.err.Error(), "full"); full != (i == 6) || r.err != nil && i != 6 {
				t.Errorf("closure %d: %.100v", i, r.err)
			}
		}
		wantNames(t, s, strings.Join(want, " "))
		write(t, s, func(tx *models.Tx) error { _, err := tx.Exec("DELETE FROM notes"); return err })
		return runs == 2
	})
	var check string
	if err := s.Get(t.Context(), "PRAGMA integrity_check", nil, &check); err != nil || check != "ok" {
		t.Errorf("integrity: %s, %v", check, err)
	}
}

// One that is run again, and whose caller has left meanwhile, is not.
func TestWhoLeftIsNotRunAgain(t *testing.T) {
	s := sqliteNotes(t)
	write(t, s, adding("taken"))
	inOneCommitOrNone(t, func() bool {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		runs := 0
		release := hold(t, s)
		var wg sync.WaitGroup
		var first, culprit error
		wg.Go(func() {
			first = s.Write(ctx, func(tx *models.Tx) error { runs++; return add(tx, "first") })
		})
		until(t, "it queues", func() bool { return s.Queued() == 1 })
		wg.Go(func() {
			culprit = s.Write(t.Context(), func(tx *models.Tx) error {
				cancel()
				_, err := tx.Exec("INSERT OR ROLLBACK INTO notes (name) VALUES (?)", "taken")
				return err
			})
		})
		until(t, "both queue", func() bool { return s.Queued() == 2 })
		release()
		wg.Wait()
		if culprit == nil {
			t.Error("the culprit is not told")
		}
		if first == nil { // it had a commit of its own, or was through before
			write(t, s, func(tx *models.Tx) error { _, err := tx.Exec("DELETE FROM notes WHERE name = ?", "first"); return err })
			return false
		}
		if !errors.Is(first, context.Canceled) || runs != 1 {
			t.Errorf("%d runs, %v", runs, first)
		}
		return true
	})
	wantNames(t, s, "taken")
}

// Two transactions that wait for each other: PostgreSQL undoes one, which is
// run again.
func TestPostgresDeadlock(t *testing.T) {
	s := modelstest.Postgres(t)
	makeNotes(t, s)
	write(t, s, adding("a"))
	write(t, s, adding("b"))
	meet := make(chan struct{}, 2)
	var wg sync.WaitGroup
	var mu sync.Mutex
	runs := 0
	for _, order := range [][]string{{"a", "b"}, {"b", "a"}} {
		wg.Go(func() {
			first := true
			err := s.Write(t.Context(), func(tx *models.Tx) error {
				mu.Lock()
				runs++
				mu.Unlock()
				if _, err := tx.Exec("UPDATE notes SET name = name WHERE name = ?", order[0]); err != nil {
					return err
				}
				if first { // both have their first row
					first = false
					meet <- struct{}{}
					until(t, "both have a row", func() bool { return len(meet) == 2 })
				}
				_, err := tx.Exec("UPDATE notes SET name = name WHERE name = ?", order[1])
				return err
			})
			if err != nil {
				t.Errorf("%v: %v", order, err)
			}
		})
	}
	wg.Wait()
	if runs < 3 { // the one that is undone may be so once more, where it is faster than the other wakes
		t.Errorf("%d runs, want more than two", runs)
	}
}
