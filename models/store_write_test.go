package models_test

import (
	"context"
	"database/sql"
	"errors"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"gorm.io/gorm"

	"gatecrier/models"
	"gatecrier/models/modelstest"
)

var errOwn = errors.New("the closure's own error")

// outcome runs Write and catches what it panics with.
func outcome(ctx context.Context, s *models.Store, fn func(*models.Tx) error) (panicked any, err error) {
	defer func() { panicked = recover() }()
	return nil, s.Write(ctx, fn)
}

// swallow is what a careless closure does with an error.
func swallow(error) {}

func insert(tx *models.Tx, name string) error {
	_, err := tx.Insert("INSERT INTO notes (name) VALUES (?) RETURNING id", name)
	return err
}

func explode(*models.Tx) { panic(errOwn) }

func TestWriteKeepsAllOrNothing(t *testing.T) {
	notes(t, func(t *testing.T, s *models.Store) {
		write(t, s, adding("taken"))
		var cancel context.CancelFunc
		for name, fn := range map[string]func(tx *models.Tx) error{
			"returns an error":             func(*models.Tx) error { return errOwn },
			"fails in a statement":         func(tx *models.Tx) error { return add(tx, "taken") },
			"swallows a statement's error": func(tx *models.Tx) error { swallow(add(tx, "taken")); return nil },
			"swallows one of gorm":         func(tx *models.Tx) error { tx.DB(tx.Context()).Create(&note{Name: "taken"}); return nil },
			"swallows one of an insert": func(tx *models.Tx) error {
				swallow(insert(tx, "taken"))
				return nil
			},
			"is cancelled in between": func(tx *models.Tx) error { cancel(); return add(tx, "more") },
			"asks gorm for a row":     func(tx *models.Tx) error { tx.DB(tx.Context()).Raw("SELECT 1").Row(); return nil },
		} {
			ctx, stop := context.WithCancel(t.Context())
			cancel = stop
			hooked := false
			_, err := outcome(ctx, s, func(tx *models.Tx) error {
				tx.AfterCommit(func() { hooked = true })
				if err := add(tx, "half"); err != nil {
					return err
				}
				return fn(tx)
			})
			if err == nil || hooked {
				t.Errorf("%s: error %v, hook called %v", name, err, hooked)
			}
			wantNames(t, s, "taken")
			stop()
		}
		write(t, s, adding("after"))
		wantNames(t, s, "after taken")
	})
}

func TestPanicIsRaisedOnTheCaller(t *testing.T) {
	notes(t, func(t *testing.T, s *models.Store) {
		hooked := false
		v, err := outcome(t.Context(), s, func(tx *models.Tx) error {
			tx.AfterCommit(func() { hooked = true })
			if err := add(tx, "half"); err != nil {
				return err
			}
			explode(tx)
			return nil
		})
		p, ok := v.(*models.PanicError)
		if !ok || !errors.Is(p, errOwn) || hooked || err != nil {
			t.Fatalf("panicked with %v (hook called: %v), error %v", v, hooked, err)
		}
		if !strings.Contains(string(p.Stack), "models_test.explode") {
			t.Errorf("the stack does not show where:\n%s", p.Stack)
		}
		write(t, s, adding("after"))
		wantNames(t, s, "after")
	})
}

func TestClosureThatEndsItsGoroutine(t *testing.T) {
	notes(t, func(t *testing.T, s *models.Store) {
		for range 2 * models.Workers { // more than there are connections to lose
			var wg sync.WaitGroup
			var err error
			wg.Go(func() {
				err = s.Write(t.Context(), func(tx *models.Tx) error {
					if err := add(tx, "half"); err != nil {
						return err
					}
					runtime.Goexit()
					return nil
				})
			})
			wg.Wait()
			if s.Dialect() == models.SQLite && !errors.Is(err, models.Goexit) {
				t.Fatalf("error %v", err)
			}
		}
		write(t, s, adding("after"))
		wantNames(t, s, "after")
	})
}

func TestFailedStatementPoisons(t *testing.T) {
	notes(t, func(t *testing.T, s *models.Store) {
		write(t, s, adding("taken"))
		var first error
		err := s.Write(t.Context(), func(tx *models.Tx) error {
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
			if err := tx.DB(tx.Context()).Take(&note{}).Error; !errors.Is(err, gorm.ErrDuplicatedKey) { // as gorm says it
				t.Errorf("gorm after it: %v", err)
			}
			return nil
		})
		if first == nil || !errors.Is(err, first) {
			t.Errorf("Write says %v, the statement %v", err, first)
		}
	})
}

func TestNoRowsDoNotPoison(t *testing.T) {
	notes(t, func(t *testing.T, s *models.Store) {
		write(t, s, adding("taken"))
		write(t, s, func(tx *models.Tx) error {
			var n int64
			if err := tx.Get(tx.Context(), "SELECT id FROM notes WHERE name = ?", []any{"none"}, &n); !errors.Is(
				err, sql.ErrNoRows,
			) {
				t.Errorf("get: %v", err)
			}
			if _, err := tx.Insert(
				"INSERT INTO notes (name) VALUES (?) ON CONFLICT DO NOTHING RETURNING id",
				"taken",
			); !errors.Is(err, sql.ErrNoRows) {
				t.Errorf("insert: %v", err)
			}
			if err := tx.DB(tx.Context()).Take(&note{}, "name = ?", "none").Error; err == nil {
				t.Error("gorm found what is not there")
			}
			return add(tx, "more")
		})
		wantNames(t, s, "more taken")
	})
}

func TestTurnIsOver(t *testing.T) {
	notes(t, func(t *testing.T, s *models.Store) {
		var leaked *models.Tx
		var rows *sql.Rows
		write(t, s, func(tx *models.Tx) error {
			leaked = tx
			for _, name := range []string{"a", "b", "c"} {
				if err := add(tx, name); err != nil {
					return err
				}
			}
			var err error
			rows, err = tx.DB(tx.Context()).Model(&note{}).Rows() //nolint:sqlclosecheck,rowserrcheck // forgotten on purpose
			return err
		})
		if rows.Next() {
			t.Error("rows left open give another")
		}
		var n int64
		for name, err := range map[string]error{
			"exec": add(leaked, "late"),
			"get":  leaked.Get(t.Context(), "SELECT 1", nil, &n),
			"gorm": leaked.DB(t.Context()).Create(&note{Name: "late"}).Error,
		} {
			if !errors.Is(err, models.ErrExpired) {
				t.Errorf("%s: %v", name, err)
			}
		}
		write(t, s, adding("d"))
		wantNames(t, s, "a b c d")
	})
}

func TestGormCannotCommitOrNest(t *testing.T) {
	notes(t, func(t *testing.T, s *models.Store) {
		err := s.Write(t.Context(), func(tx *models.Tx) error {
			db := tx.DB(tx.Context())
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
		wantNames(t, s, "")
	})
}

func TestNestedWriteIsRefused(t *testing.T) {
	notes(t, func(t *testing.T, s *models.Store) {
		other := modelstest.SQLite(t)
		write(t, s, func(tx *models.Tx) error {
			if err := s.Write(tx.Context(), adding("inner")); !errors.Is(err, models.ErrNested) {
				t.Errorf("inner Write: %v", err)
			}
			if err := s.Ping(tx.Context()); !errors.Is(err, models.ErrNested) {
				t.Errorf("inner Ping: %v", err)
			}
			if err := other.Write(tx.Context(), func(*models.Tx) error { return nil }); err != nil {
				t.Errorf("another store's Write: %v", err)
			}
			return add(tx, "outer")
		})
		wantNames(t, s, "outer")
	})
}

func TestAfterCommit(t *testing.T) {
	notes(t, func(t *testing.T, s *models.Store) {
		var did []string
		write(t, s, func(tx *models.Tx) error {
			tx.AfterCommit(func() { did = append(did, "first", goroutine(), names(t, s)) })
			tx.AfterCommit(func() {
				if err := s.Write(t.Context(), adding("of a hook")); err != nil {
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

func TestDeadContext(t *testing.T) {
	notes(t, func(t *testing.T, s *models.Store) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		ran := false
		err := s.Write(ctx, func(*models.Tx) error { ran = true; return nil })
		if !errors.Is(err, context.Canceled) || ran {
			t.Errorf("error %v, ran %v", err, ran)
		}
	})
}

func TestCancelledAfterTheLastStatement(t *testing.T) {
	notes(t, func(t *testing.T, s *models.Store) {
		ctx, cancel := context.WithCancel(t.Context())
		err := s.Write(ctx, func(tx *models.Tx) error {
			defer cancel()
			return add(tx, "kept")
		})
		if err != nil {
			t.Errorf("Write: %v", err)
		}
		wantNames(t, s, "kept")
	})
}

func TestReadYourWrites(t *testing.T) {
	notes(t, func(t *testing.T, s *models.Store) {
		var wg sync.WaitGroup
		for w := range 8 {
			wg.Go(func() {
				for i := range 40 {
					name, n := strconv.Itoa(w)+"-"+strconv.Itoa(i), 0
					if err := s.Write(t.Context(), adding(name)); err != nil {
						t.Error(err)
						return
					}
					if err := s.Get(t.Context(), "SELECT count(*) FROM notes WHERE name = ?", []any{name}, &n); err != nil || n != 1 {
						t.Errorf("%s: %d rows, %v", name, n, err)
						return
					}
				}
			})
		}
		wg.Wait()
	})
}

func TestCloseDrains(t *testing.T) {
	notes(t, func(t *testing.T, s *models.Store) {
		inside, release := make(chan struct{}), make(chan struct{})
		first, closed := make(chan error, 1), make(chan error, 1)
		go func() {
			first <- s.Write(t.Context(), func(tx *models.Tx) error {
				close(inside)
				<-release
				return add(tx, "begun before")
			})
		}()
		<-inside
		go func() { closed <- s.Close() }()
		until(t, "Close refuses new Writes", func() bool {
			if s.Dialect() == models.SQLite && s.Queued() > 0 {
				return false
			}
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			return errors.Is(s.Ping(ctx), models.ErrClosed)
		})
		if err := s.Write(t.Context(), adding("too late")); !errors.Is(err, models.ErrClosed) {
			t.Errorf("Write after Close: %v", err)
		}
		select {
		case err := <-closed:
			t.Fatalf("Close did not wait: %v", err)
		default:
		}
		close(release)
		if err := errors.Join(<-first, <-closed, s.Close()); err != nil {
			t.Error(err)
		}
		if got := s.Stats().Writes; got != 2 {
			t.Errorf("%d closures stored, want the table and the one that had begun", got)
		}
	})
}

func TestPostgresTriesAgain(t *testing.T) {
	s := modelstest.Postgres(t)
	makeNotes(t, s)
	for _, code := range []string{"40001", "40P01"} {
		for _, fails := range []int{0, 3, 4} {
			runs, hooks := 0, 0
			name := code + "-" + strconv.Itoa(fails)
			err := s.Write(t.Context(), func(tx *models.Tx) error {
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
	wantNames(t, s, "40001-0 40001-3 40P01-0 40P01-3")
}
