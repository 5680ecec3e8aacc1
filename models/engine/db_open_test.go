package engine_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatecrier/models/engine"
	"gatecrier/models/modelstest"
)

func TestOpen_InvalidURL(t *testing.T) {
	for url, want := range map[string]string{
		"":                           "begins with",
		"mysql://root:hunter2@db/x":  "begins with",
		"sqlite:":                    "must name a file",
		"sqlite::memory:":            "must name a file",
		"sqlite:///dev/null/x.db":    "open sqlite",
		"postgres://u:hunter2@[::1/": "cannot be read",
		"postgres://u:hunter2@localhost:1/x?connect_timeout=5": "open postgres",
	} {
		_, err := engine.Open(t.Context(), engine.Options{URL: url})
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: %v", url, err)
		}
	}
}

func TestFileIsForItsOwnerOnly(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "50% sure?#")
	db, err := engine.Open(t.Context(), engine.Options{URL: "sqlite://" + dir + "/gate.db"})
	if err != nil {
		t.Fatal(err)
	}
	makeNotes(t, db)
	for name, want := range map[string]os.FileMode{
		"": 0o700, "gate.db": 0o600, "gate.db-wal": 0o600, "gate.db-shm": 0o600,
	} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "gate.db-wal")); !os.IsNotExist(err) {
		t.Errorf("Close leaves the log: %v", err)
	}
}

func TestSQLitePragmas(t *testing.T) {
	db := sqliteDB(t)
	pragmas := []string{
		"journal_mode", "synchronous", "foreign_keys", "busy_timeout",
		"wal_autocheckpoint", "journal_size_limit", "query_only",
	}
	read := func(get func(ctx context.Context, query string, args []any, dst ...any) error) map[string]string {
		got := map[string]string{}
		for _, name := range pragmas {
			var v string
			if err := get(t.Context(), "PRAGMA "+name, nil, &v); err != nil {
				t.Error(err)
			}
			got[name] = v
		}
		return got
	}
	var writer map[string]string
	write(t, db, func(tx *engine.Tx) error { writer = read(tx.Get); return nil })
	if diff := cmp.Diff(map[string]string{
		"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "busy_timeout": "5000",
		"wal_autocheckpoint": "4000", "journal_size_limit": "67108864", "query_only": "0",
	}, writer); diff != "" {
		t.Errorf("writer: %s", diff)
	}
	reader := read(db.Get)
	for name, want := range map[string]string{
		"journal_mode": "wal", "foreign_keys": "1", "busy_timeout": "5000", "query_only": "1",
	} {
		if reader[name] != want {
			t.Errorf("reader: %s is %s, want %s", name, reader[name], want)
		}
	}
}

func TestReadsCannotWrite(t *testing.T) {
	notes(t, func(t *testing.T, db *engine.DB) {
		if err := db.Gorm(t.Context()).Create(&note{Name: "beside"}).Error; err == nil {
			t.Error("gorm wrote without a Write")
		}
		var id int64
		if err := db.Get(t.Context(), "INSERT INTO notes (name) VALUES (?) RETURNING id", []any{"beside"}, &id); err == nil {
			t.Error("SQL wrote without a Write")
		}
		wantNames(t, db, "")
	})
}

func TestPing(t *testing.T) {
	notes(t, func(t *testing.T, db *engine.DB) {
		if err := db.Ping(t.Context()); err != nil {
			t.Error(err)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
		if err := db.Ping(t.Context()); !errors.Is(err, engine.ErrClosed) {
			t.Errorf("after Close: %v", err)
		}
	})
}

func TestPingAsksTheWriter(t *testing.T) {
	db := sqliteDB(t)
	release := hold(t, db)
	defer release()
	ctx, cancel := context.WithCancel(t.Context())
	answer := make(chan error)
	go func() { answer <- db.Ping(ctx) }()
	until(t, "the ping queues", func() bool { return db.Queued() == 1 })
	cancel()
	if err := <-answer; !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "writer") {
		t.Errorf("while the writer is busy: %v", err)
	}
}

func TestMigrate_TwoPrograms(t *testing.T) {
	for name, url := range map[string]string{
		"sqlite":   sqliteURL(t),
		"postgres": modelstest.PostgresURL(t),
	} {
		t.Run(name, func(t *testing.T) {
			var dbs [2]*engine.DB
			for i := range dbs {
				var err error
				if dbs[i], err = engine.Open(t.Context(), engine.Options{URL: url, Migrations: migrations(nil)}); err != nil {
					t.Fatal(err)
				}
			}
			if pending, err := dbs[0].Pending(t.Context()); err != nil || !pending {
				t.Errorf("before: pending %v, %v", pending, err)
			}
			var wg sync.WaitGroup
			for i, db := range dbs {
				if name == "postgres" {
					wg.Go(func() { migrate(t, db) })
				} else if i == 0 {
					migrate(t, db)
				}
			}
			wg.Wait()
			migrate(t, dbs[1])
			for _, db := range dbs {
				if pending, err := db.Pending(t.Context()); err != nil || pending {
					t.Errorf("after: pending %v, %v", pending, err)
				}
			}
			write(t, dbs[0], func(tx *engine.Tx) error {
				_, err := tx.Exec("INSERT INTO goose_db_version (version_id, is_applied) VALUES (?, ?)", 99999, true)
				return err
			})
			if err := dbs[1].Migrate(t.Context()); err == nil || !strings.Contains(err.Error(), "99999") {
				t.Errorf("a newer schema: %v", err)
			}
			if err := errors.Join(dbs[0].Close(), dbs[1].Close()); err != nil {
				t.Error(err)
			}
		})
	}
}

func migrate(t *testing.T, db *engine.DB) {
	if err := db.Migrate(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestNowIsUTCInMicroseconds(t *testing.T) {
	at := time.Date(2026, 3, 1, 12, 0, 0, 123456789, time.FixedZone("", 3600))
	db := openDB(t, engine.Options{URL: sqliteURL(t), Now: func() time.Time { return at }})
	want := time.Date(2026, 3, 1, 11, 0, 0, 123456000, time.UTC)
	if got := db.Now(); got != want {
		t.Errorf("the store's clock says %v", got)
	}
	write(t, db, func(tx *engine.Tx) error {
		if got := tx.Now(); got != want {
			t.Errorf("the transaction's clock says %v", got)
		}
		return nil
	})
}

func TestLogHoldsNoArguments(t *testing.T) {
	var out bytes.Buffer
	for _, url := range []string{sqliteURL(t), modelstest.PostgresURL(t)} {
		log := slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))
		db, err := engine.Open(t.Context(), engine.Options{URL: url, Log: log})
		if err != nil {
			t.Fatal(err)
		}
		makeNotes(t, db)
		for range 2 { // the second time it fails
			err = db.Write(t.Context(), func(tx *engine.Tx) error {
				return tx.Gorm(tx.Context()).Create(&note{Name: "hunter2"}).Error
			})
		}
		if err == nil {
			t.Error("a name twice")
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}
	if n := strings.Count(out.String(), "INSERT INTO"); n < 4 || strings.Contains(out.String(), "hunter2") {
		t.Errorf("%d statements logged:\n%s", n, out.String())
	}
}

func TestDialectString(t *testing.T) {
	if got := fmt.Sprint(engine.SQLite, engine.Postgres, engine.Dialect(7)); got != "sqlite postgres unknown" {
		t.Error(got)
	}
}
