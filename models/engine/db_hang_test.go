package engine_test

import (
	"context"
	"errors"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"gatecrier/models/engine"
)

// hang runs a closure that writes and then waits for letGo. It returns when the closure waits.
func hang(t *testing.T, db *engine.DB, end func(tx *engine.Tx) error) (letGo func(), answer <-chan error) {
	t.Helper()
	inside, release, answered := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		answered <- db.Write(t.Context(), func(tx *engine.Tx) error {
			err := add(tx, "half")
			close(inside)
			<-release
			return errors.Join(err, end(tx))
		})
	}()
	<-inside
	return sync.OnceFunc(func() { close(release) }), answered
}

func TestHangingClosureIsUndone(t *testing.T) {
	notes(t, func(t *testing.T, db *engine.DB) {
		var late error
		letGo, answer := hang(t, db, func(tx *engine.Tx) error { late = add(tx, "late"); return nil })
		defer letGo()
		db.CheckHangs(time.Now().Add(engine.IdleLimit / 2))
		select {
		case err := <-answer:
			t.Fatalf("ended too early: %v", err)
		default:
		}

		// The closures behind it run although it still hangs.
		behind := make(chan error)
		go func() { behind <- db.Write(t.Context(), adding("behind")) }()
		if db.Dialect() == engine.SQLite {
			until(t, "the closure queues", func() bool { return db.Queued() == 1 })
		}
		db.CheckHangs(time.Now().Add(engine.IdleLimit + time.Second))
		if err := <-behind; err != nil {
			t.Errorf("the one behind it: %v", err)
		}
		write(t, db, adding("after"))
		wantNames(t, db, "after behind")

		if db.Dialect() == engine.Postgres { // its caller's goroutine hangs with it
			letGo()
		}
		var timeout *engine.TimeoutError
		if err := <-answer; !errors.As(err, &timeout) || !strings.Contains(timeout.Closure, "hang") ||
			!strings.Contains(string(timeout.Stacks), "db_hang_test.go") {
			t.Errorf("Write: %v", err)
		}
		letGo()
		write(t, db, adding("again"))
		wantNames(t, db, "after again behind")
		until(t, "the closure has ended", func() bool { return db.Running() == 0 })
		if db.Dialect() == engine.Postgres && !errors.Is(late, engine.ErrExpired) {
			t.Errorf("a late statement: %v", late)
		}
	})
}

// idle does nothing until its context ends.
func idle(tx *engine.Tx) error { <-tx.Context().Done(); return nil }

func TestTimeoutNamesTheCallerOfAWrapper(t *testing.T) {
	notes(t, func(t *testing.T, db *engine.DB) {
		ctx, cancel := context.WithCancel(t.Context())
		answer := make(chan error)
		wrapper := func(tx *engine.Tx) error { return errors.Join(idle(tx), errOwn) }
		go func() { answer <- db.WriteFor(ctx, idle, wrapper) }()
		until(t, "the closure runs", func() bool { return db.Running() == 1 })
		db.CheckHangs(time.Now().Add(engine.IdleLimit + time.Second))
		cancel()
		var timeout *engine.TimeoutError
		if err := <-answer; !errors.As(err, &timeout) || timeout.Closure != "gatecrier/models/engine_test.idle" {
			t.Errorf("WriteFor: %v", err)
		}
		until(t, "the closure has ended", func() bool { return db.Running() == 0 })
	})
}

// The other closures of its commit are stored, however the hanging closure ends.
func TestHangingClosureKeepsItsNeighbors(t *testing.T) {
	for name, end := range map[string]func(){
		"returns": func() {}, "panics": func() { panic(errOwn) }, "ends its goroutine": runtime.Goexit,
	} {
		t.Run(name, func(t *testing.T) {
			db := sqliteNotes(t)
			before := runtime.NumGoroutine()
			inOneCommitOrNone(t, func() bool {
				release, inside := make(chan struct{}), make(chan struct{})
				go func() {
					<-inside
					db.CheckHangs(time.Now().Add(engine.IdleLimit + time.Second))
				}()
				results, commits := together(t, db,
					adding("a"),
					func(tx *engine.Tx) error {
						err := add(tx, "half")
						close(inside)
						<-release
						end()
						return err
					},
					adding("b"),
				)
				close(release)
				var timeout *engine.TimeoutError
				if results[0].err != nil || results[2].err != nil || !errors.As(results[1].err, &timeout) {
					t.Fatalf("results %v", results)
				}
				wantNames(t, db, "a b")
				write(t, db, deleteAll)
				return commits == 1
			})
			until(t, "no goroutine is left behind", func() bool { return runtime.NumGoroutine() <= before })
			write(t, db, adding("after"))
			wantNames(t, db, "after")
		})
	}
}

// While a statement runs, the database is slow and the closure does not hang.
func TestLongStatementIsNoHang(t *testing.T) {
	notes(t, func(t *testing.T, db *engine.DB) {
		write(t, db, func(tx *engine.Tx) error {
			done := make(chan error, 1)
			go func() {
				_, err := tx.Exec("INSERT INTO notes (name) WITH RECURSIVE n (i) AS " +
					"(SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000) SELECT CAST(i AS TEXT) FROM n")
				done <- err
			}()
			until(t, "the statement runs", tx.InStatement)
			db.CheckHangs(time.Now().Add(2 * engine.TotalLimit))
			return <-done
		})
		var n int
		if err := db.Get(t.Context(), "SELECT count(*) FROM notes", nil, &n); err != nil || n != 300000 {
			t.Errorf("%d rows, %v", n, err)
		}
	})
}

func TestEndlessClosureIsUndone(t *testing.T) {
	notes(t, func(t *testing.T, db *engine.DB) {
		err := db.Write(t.Context(), func(tx *engine.Tx) error {
			for i := 0; ; i++ {
				if err := add(tx, strconv.Itoa(i)); err != nil {
					return err
				}
				if i == 3 {
					db.CheckHangs(time.Now().Add(engine.TotalLimit))
				}
			}
		})
		var timeout *engine.TimeoutError
		if !errors.As(err, &timeout) {
			t.Errorf("Write: %v", err)
		}
		write(t, db, adding("after"))
		wantNames(t, db, "after")
	})
}

// A Write inside a Write would wait for itself, with any context.
func TestNestedWriteWithAnotherContextIsRefused(t *testing.T) {
	notes(t, func(t *testing.T, db *engine.DB) {
		write(t, db, func(tx *engine.Tx) error {
			inner := func() error { return db.Write(context.Background(), adding("inner")) }
			if err := inner(); !errors.Is(err, engine.ErrNested) {
				t.Errorf("inner Write: %v", err)
			}
			if err := db.Ping(t.Context()); !errors.Is(err, engine.ErrNested) {
				t.Errorf("inner Ping: %v", err)
			}
			return add(tx, "outer")
		})
		wantNames(t, db, "outer")
	})
}

// On a full disk SQLite undoes the whole transaction. The closure that filled it fails; the others run
// again.
func TestFullDiskFailsOneClosure(t *testing.T) {
	db := sqliteNotes(t)
	huge := strings.Repeat("x", 1<<20)
	var pages int
	if err := db.Get(t.Context(), "PRAGMA page_count", nil, &pages); err != nil {
		t.Fatal(err)
	}
	write(t, db, func(tx *engine.Tx) error {
		var maxPages int
		return tx.Get(tx.Context(), "PRAGMA max_page_count = "+strconv.Itoa(pages+20), nil, &maxPages)
	})
	inOneCommitOrNone(t, func() bool {
		runs := 0
		fns := []func(*engine.Tx) error{func(tx *engine.Tx) error { runs++; return add(tx, "first") }}
		want := []string{"first"}
		for i := range 10 {
			if i == 5 {
				fns = append(fns, adding(huge))
			}
			fns = append(fns, adding("small"+strconv.Itoa(i)))
			want = append(want, "small"+strconv.Itoa(i))
		}
		results, _ := together(t, db, fns...)
		for i, r := range results {
			if full := r.err != nil && strings.Contains(r.err.Error(), "full"); full != (i == 6) || r.err != nil && i != 6 {
				t.Errorf("closure %d: %.100v", i, r.err)
			}
		}
		wantNames(t, db, strings.Join(want, " "))
		write(t, db, deleteAll)
		return runs == 2
	})
	var check string
	if err := db.Get(t.Context(), "PRAGMA integrity_check", nil, &check); err != nil || check != "ok" {
		t.Errorf("integrity: %s, %v", check, err)
	}
}

// A closure that has to run again does not if its caller no longer waits.
func TestAbandonedClosureIsNotRunAgain(t *testing.T) {
	db := sqliteNotes(t)
	write(t, db, adding("taken"))
	inOneCommitOrNone(t, func() bool {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		runs := 0
		release := hold(t, db)
		var wg sync.WaitGroup
		var first, culprit error
		wg.Go(func() {
			first = db.Write(ctx, func(tx *engine.Tx) error { runs++; return add(tx, "first") })
		})
		until(t, "it queues", func() bool { return db.Queued() == 1 })
		wg.Go(func() {
			culprit = db.Write(t.Context(), func(tx *engine.Tx) error {
				cancel()
				_, err := tx.Exec("INSERT OR ROLLBACK INTO notes (name) VALUES (?)", "taken")
				return err
			})
		})
		until(t, "both queue", func() bool { return db.Queued() == 2 })
		release()
		wg.Wait()
		if culprit == nil {
			t.Error("the culprit did not fail")
		}
		if first == nil { // it had its own commit, or ended before
			write(t, db, deleting("first"))
			return false
		}
		if !errors.Is(first, context.Canceled) || runs != 1 {
			t.Errorf("%d runs, %v", runs, first)
		}
		return true
	})
	wantNames(t, db, "taken")
}

// Two transactions wait for each other: PostgreSQL undoes one, which runs again.
func TestPostgresDeadlockRunsAgain(t *testing.T) {
	db := postgresDB(t)
	makeNotes(t, db)
	write(t, db, adding("a"))
	write(t, db, adding("b"))
	meet := make(chan struct{}, 2)
	var wg sync.WaitGroup
	var mu sync.Mutex
	runs := 0
	for _, order := range [][]string{{"a", "b"}, {"b", "a"}} {
		wg.Go(func() {
			first := true
			err := db.Write(t.Context(), func(tx *engine.Tx) error {
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
	if runs < 3 { // the undone one can be undone again if it is faster than the other wakes up
		t.Errorf("%d runs, want more than two", runs)
	}
}
