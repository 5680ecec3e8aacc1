package engine_test

import (
	"context"
	"database/sql"
	"errors"
	"reflect"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"gorm.io/gorm"

	"gatecrier/models/engine"
)

var errOwn = errors.New("the closure's own error")

// outcome runs Write and catches what it panics with.
func outcome(ctx context.Context, db *engine.DB, fn func(*engine.Tx) error) (panicked any, err error) {
	defer func() { panicked = recover() }()
	return nil, db.Write(ctx, fn)
}

// swallow ignores an error, as a careless closure does.
func swallow(error) {}

func insert(tx *engine.Tx, name string) error {
	_, err := tx.Insert("INSERT INTO notes (name) VALUES (?) RETURNING id", name)
	return err
}

func explode(*engine.Tx) { panic(errOwn) }

func TestWriteKeepsAllOrNothing(t *testing.T) {
	notes(t, func(t *testing.T, db *engine.DB) {
		write(t, db, adding("taken"))
		var cancel context.CancelFunc
		for name, fn := range map[string]func(tx *engine.Tx) error{
			"returns an error":             func(*engine.Tx) error { return errOwn },
			"fails in a statement":         func(tx *engine.Tx) error { return add(tx, "taken") },
			"swallows a statement's error": func(tx *engine.Tx) error { swallow(add(tx, "taken")); return nil },
			"swallows one of gorm": func(tx *engine.Tx) error {
				tx.Gorm(tx.Context()).Create(&note{Name: "taken"})
				return nil
			},
			"swallows one of an insert": func(tx *engine.Tx) error {
				swallow(insert(tx, "taken"))
				return nil
			},
			"is canceled in between": func(tx *engine.Tx) error { cancel(); return add(tx, "more") },
			"asks gorm for a row":    func(tx *engine.Tx) error { tx.Gorm(tx.Context()).Raw("SELECT 1").Row(); return nil },
		} {
			ctx, stop := context.WithCancel(t.Context())
			cancel = stop
			hooked := false
			_, err := outcome(ctx, db, func(tx *engine.Tx) error {
				tx.AfterCommit(func() { hooked = true })
				if err := add(tx, "half"); err != nil {
					return err
				}
				return fn(tx)
			})
			if err == nil || hooked {
				t.Errorf("%s: error %v, hook called %v", name, err, hooked)
			}
			wantNames(t, db, "taken")
			stop()
		}
		write(t, db, adding("after"))
		wantNames(t, db, "after taken")
	})
}

func TestPanicIsRaisedOnTheCaller(t *testing.T) {
	notes(t, func(t *testing.T, db *engine.DB) {
		hooked := false
		v, err := outcome(t.Context(), db, func(tx *engine.Tx) error {
			tx.AfterCommit(func() { hooked = true })
			if err := add(tx, "half"); err != nil {
				return err
			}
			explode(tx)
			return nil
		})
		p, ok := v.(*engine.PanicError)
		if !ok || !errors.Is(p, errOwn) || hooked || err != nil {
			t.Fatalf("panicked with %v (hook called: %v), error %v", v, hooked, err)
		}
		if !strings.Contains(string(p.Stack), "engine_test.explode") {
			t.Errorf("the stack does not show where:\n%s", p.Stack)
		}
		write(t, db, adding("after"))
		wantNames(t, db, "after")
	})
}

func TestWrite_ClosureEndsItsGoroutine(t *testing.T) {
	notes(t, func(t *testing.T, db *engine.DB) {
		for range 2 * engine.PostgresConns { // more than there are connections to lose
			var wg sync.WaitGroup
			var err error
			wg.Go(func() {
				err = db.Write(t.Context(), func(tx *engine.Tx) error {
					if err := add(tx, "half"); err != nil {
						return err
					}
					runtime.Goexit()
					return nil
				})
			})
			wg.Wait()
			if db.Dialect() == engine.SQLite && !errors.Is(err, engine.ErrGoexit) {
				t.Fatalf("error %v", err)
			}
		}
		write(t, db, adding("after"))
		wantNames(t, db, "after")
	})
}

func TestFailedStatementFailsLaterOnes(t *testing.T) {
	notes(t, func(t *testing.T, db *engine.DB) {
		write(t, db, adding("taken"))
		var first error
		err := db.Write(t.Context(), func(tx *engine.Tx) error {
			first = add(tx, "taken")
			var n int
			for name, later := range map[string]error{
				"exec":   add(tx, "free"),
				"get":    tx.Get(tx.Context(), "SELECT 1", nil, &n),
				"insert": insert(tx, "x"),
			} {
				if !errors.Is(later, first) {
					t.Errorf("%s after it: %v, want %v", name, later, first)
				}
			}
			err := tx.Gorm(tx.Context()).Take(&note{}).Error
			if !errors.Is(err, gorm.ErrDuplicatedKey) { // gorm translates the driver's error
				t.Errorf("gorm after it: %v", err)
			}
			return nil
		})
		if first == nil || !errors.Is(err, first) {
			t.Errorf("Write says %v, the statement %v", err, first)
		}
	})
}

func TestErrNoRowsFailsNoLaterStatement(t *testing.T) {
	notes(t, func(t *testing.T, db *engine.DB) {
		write(t, db, adding("taken"))
		write(t, db, func(tx *engine.Tx) error {
			var n int64
			err := tx.Get(tx.Context(), "SELECT id FROM notes WHERE name = ?", []any{"none"}, &n)
			if !errors.Is(err, sql.ErrNoRows) {
				t.Errorf("get: %v", err)
			}
			_, err = tx.Insert("INSERT INTO notes (name) VALUES (?) ON CONFLICT DO NOTHING RETURNING id", "taken")
			if !errors.Is(err, sql.ErrNoRows) {
				t.Errorf("insert: %v", err)
			}
			if err := tx.Gorm(tx.Context()).Take(&note{}, "name = ?", "none").Error; err == nil {
				t.Error("gorm found what is not there")
			}
			return add(tx, "more")
		})
		wantNames(t, db, "more taken")
	})
}

func TestTxIsRefusedAfterItsEnd(t *testing.T) {
	notes(t, func(t *testing.T, db *engine.DB) {
		var leaked *engine.Tx
		var rows *sql.Rows
		write(t, db, func(tx *engine.Tx) error {
			leaked = tx
			for _, name := range []string{"a", "b", "c"} {
				if err := add(tx, name); err != nil {
					return err
				}
			}
			var err error
			//nolint:sqlclosecheck,rowserrcheck // left open on purpose
			rows, err = tx.Gorm(tx.Context()).Model(&note{}).Rows()
			return err
		})
		if rows.Next() {
			t.Error("rows left open give another")
		}
		var n int64
		for name, err := range map[string]error{
			"exec": add(leaked, "late"),
			"get":  leaked.Get(t.Context(), "SELECT 1", nil, &n),
			"gorm": leaked.Gorm(t.Context()).Create(&note{Name: "late"}).Error,
		} {
			if !errors.Is(err, engine.ErrExpired) {
				t.Errorf("%s: %v", name, err)
			}
		}
		write(t, db, adding("d"))
		wantNames(t, db, "a b c d")
	})
}

func TestGormCannotCommitOrNest(t *testing.T) {
	notes(t, func(t *testing.T, db *engine.DB) {
		err := db.Write(t.Context(), func(tx *engine.Tx) error {
			db := tx.Gorm(tx.Context())
			if err := db.Create(&note{Name: "half"}).Error; err != nil {
				return err
			}
			if err := db.Commit().Error; err == nil {
				t.Error("gorm committed")
			}
			if err := db.Begin().Error; err == nil {
				t.Error("gorm began")
			}
			return errOwn
		})
		if !errors.Is(err, errOwn) {
			t.Errorf("Write: %v", err)
		}
		wantNames(t, db, "")
	})
}

func TestNestedWriteIsRefused(t *testing.T) {
	notes(t, func(t *testing.T, db *engine.DB) {
		other := sqliteDB(t)
		write(t, db, func(tx *engine.Tx) error {
			if err := db.Write(tx.Context(), adding("inner")); !errors.Is(err, engine.ErrNested) {
				t.Errorf("inner Write: %v", err)
			}
			if err := db.Ping(tx.Context()); !errors.Is(err, engine.ErrNested) {
				t.Errorf("inner Ping: %v", err)
			}
			if err := other.Write(tx.Context(), func(*engine.Tx) error { return nil }); err != nil {
				t.Errorf("another store's Write: %v", err)
			}
			return add(tx, "outer")
		})
		wantNames(t, db, "outer")
	})
}

func TestAfterCommitRunsHooksInOrder(t *testing.T) {
	notes(t, func(t *testing.T, db *engine.DB) {
		var did []string
		write(t, db, func(tx *engine.Tx) error {
			tx.AfterCommit(func() { did = append(did, "first", goroutine(), names(t, db)) })
			tx.AfterCommit(func() {
				if err := db.Write(t.Context(), adding("of a hook")); err != nil {
					t.Errorf("a Write in a hook: %v", err)
				}
				did = append(did, "second")
			})
			did = append(did, "closure")
			return add(tx, "a")
		})
		want := "closure, first, " + goroutine() + ", a, second"
		if got := strings.Join(did, ", "); got != want {
			t.Errorf("order: %s, want %s", got, want)
		}
	})
}

func TestWrite_CanceledContext(t *testing.T) {
	notes(t, func(t *testing.T, db *engine.DB) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		ran := false
		err := db.Write(ctx, func(*engine.Tx) error { ran = true; return nil })
		if !errors.Is(err, context.Canceled) || ran {
			t.Errorf("error %v, ran %v", err, ran)
		}
	})
}

func TestWrite_CanceledAfterTheLastStatement(t *testing.T) {
	notes(t, func(t *testing.T, db *engine.DB) {
		ctx, cancel := context.WithCancel(t.Context())
		err := db.Write(ctx, func(tx *engine.Tx) error {
			defer cancel()
			return add(tx, "kept")
		})
		if err != nil {
			t.Errorf("Write: %v", err)
		}
		wantNames(t, db, "kept")
	})
}

func TestReadsSeeStoredWrites(t *testing.T) {
	notes(t, func(t *testing.T, db *engine.DB) {
		var wg sync.WaitGroup
		for w := range 8 {
			wg.Go(func() {
				for i := range 40 {
					name, n := strconv.Itoa(w)+"-"+strconv.Itoa(i), 0
					if err := db.Write(t.Context(), adding(name)); err != nil {
						t.Error(err)
						return
					}
					err := db.Get(t.Context(), "SELECT count(*) FROM notes WHERE name = ?", []any{name}, &n)
					if err != nil || n != 1 {
						t.Errorf("%s: %d rows, %v", name, n, err)
						return
					}
				}
			})
		}
		wg.Wait()
	})
}

func TestCloseWaitsForWrites(t *testing.T) {
	notes(t, func(t *testing.T, db *engine.DB) {
		inside, release := make(chan struct{}), make(chan struct{})
		first, closed := make(chan error, 1), make(chan error, 1)
		go func() {
			first <- db.Write(t.Context(), func(tx *engine.Tx) error {
				close(inside)
				<-release
				return add(tx, "begun before")
			})
		}()
		<-inside
		go func() { closed <- db.Close() }()
		until(t, "Close refuses new Writes", func() bool {
			if db.Dialect() == engine.SQLite && db.Queued() > 0 {
				return false
			}
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			return errors.Is(db.Ping(ctx), engine.ErrClosed)
		})
		if err := db.Write(t.Context(), adding("too late")); !errors.Is(err, engine.ErrClosed) {
			t.Errorf("Write after Close: %v", err)
		}
		select {
		case err := <-closed:
			t.Fatalf("Close did not wait: %v", err)
		default:
		}
		close(release)
		if err := errors.Join(<-first, <-closed, db.Close()); err != nil {
			t.Error(err)
		}
		if got := db.Stats().Writes; got != 2 {
			t.Errorf("%d closures stored, want the table and the one that had begun", got)
		}
	})
}

func TestPostgresRetriesConflicts(t *testing.T) {
	db := postgresDB(t)
	makeNotes(t, db)
	for _, code := range []string{"40001", "40P01"} {
		for _, fails := range []int{0, 3, 4} {
			runs, hooks := 0, 0
			name := code + "-" + strconv.Itoa(fails)
			err := db.Write(t.Context(), func(tx *engine.Tx) error {
				runs++
				tx.AfterCommit(func() { hooks++ })
				if err := add(tx, name); err != nil {
					return err
				}
				if runs <= fails {
					_, err := tx.Exec("DO $$ BEGIN RAISE EXCEPTION 'undone' USING ERRCODE = '" + code + "'; END $$")
					swallow(err)
				}
				return nil
			})
			var pg *pgconn.PgError
			if stored := fails < 4; stored != (err == nil) || stored != (hooks == 1) || stored == errors.As(err, &pg) ||
				runs != min(fails, 3)+1 {
				t.Errorf("%s: %d runs, %d hooks, %v", name, runs, hooks, err)
			}
		}
	}
	wantNames(t, db, "40001-0 40001-3 40P01-0 40P01-3")
}

func TestOnlyTxWrites(t *testing.T) {
	db := reflect.TypeFor[*engine.DB]()
	for _, name := range []string{"Exec", "Insert", "AfterCommit"} {
		if _, ok := db.MethodByName(name); ok {
			t.Errorf("DB has the method %s of Tx", name)
		}
	}
}

func TestTxReadsSeeItsWrites(t *testing.T) {
	notes(t, func(t *testing.T, db *engine.DB) {
		count := func(get func(context.Context, string, []any, ...any) error) (n int) {
			if err := get(t.Context(), "SELECT count(*) FROM notes", nil, &n); err != nil {
				t.Error(err)
			}
			return n
		}
		write(t, db, func(tx *engine.Tx) error {
			err := add(tx, "a")
			if inside, outside := count(tx.Get), count(db.Get); inside != 1 || outside != 0 {
				t.Errorf("%d rows inside, %d outside", inside, outside)
			}
			return err
		})
	})
}
