package modelstest

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"

	"gatecrier/models"
)

// adminVariable names the environment variable with an administrator's URL of a PostgreSQL to
// use instead of starting one.
const adminVariable = "GATECRIER_TEST_POSTGRES"

// server is a PostgreSQL in which tests make databases.
type server struct {
	admin    *url.URL
	db       *sql.DB
	process  *process // nil if the server was not started here
	template string   // the database that has the schema

	mu       sync.Mutex // one database is copied at a time
	migrated bool
}

// running returns the process's server, started by the first test that needs it.
func running(t testing.TB) *server {
	t.Helper()
	shared.server.Do(func() { shared.postgres, shared.pgErr = startServer() })
	if shared.pgErr != nil {
		t.Fatalf("no PostgreSQL for this test: %v", shared.pgErr)
	}
	return shared.postgres
}

func startServer() (*server, error) {
	admin, s := os.Getenv(adminVariable), &server{template: name()}
	if admin == "" {
		p, err := startProcess()
		if err != nil {
			return nil, err
		}
		s.process, admin = p, p.url()
	}
	var err error
	if s.admin, err = url.Parse(admin); err != nil {
		return nil, errors.Join(errors.New(adminVariable+" is not a URL"), s.stop())
	}
	if s.db, err = sql.Open("pgx", admin); err == nil {
		err = s.await()
	}
	if err != nil {
		return nil, errors.Join(err, s.stop())
	}
	return s, nil
}

// await waits until the server accepts connections.
func (s *server) await() error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	for {
		err := s.db.PingContext(ctx)
		if err == nil {
			return nil
		}
		if s.process != nil && s.process.gone() {
			return fmt.Errorf("PostgreSQL did not start: %s", s.process.output())
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// migrate makes the template, once.
func (s *server) migrate(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.migrated {
		return nil
	}
	if err := s.create(ctx, s.template, "template0"); err != nil {
		return err
	}
	store, err := models.Open(ctx, models.Options{URL: s.url(s.template)})
	if err != nil {
		return err
	}
	if err := errors.Join(store.Migrate(ctx), store.Close()); err != nil {
		return err
	}
	s.migrated = true
	return nil
}

func (s *server) url(database string) string {
	u := *s.admin
	u.Path = "/" + database
	return u.String()
}

// create makes a database. Its name must be one that name has made: it is not quoted.
func (s *server) create(ctx context.Context, database, template string) error {
	_, err := s.db.ExecContext(ctx, "CREATE DATABASE "+database+" TEMPLATE "+template)
	return err
}

func (s *server) drop(ctx context.Context, database string) error {
	_, err := s.db.ExecContext(ctx, "DROP DATABASE IF EXISTS "+database+" WITH (FORCE)")
	return err
}

func (s *server) stop() error {
	var errs []error
	if s.db != nil && s.process == nil {
		errs = append(errs, s.drop(context.Background(), s.template))
	}
	if s.db != nil {
		errs = append(errs, s.db.Close())
	}
	if s.process != nil {
		errs = append(errs, s.process.stop())
	}
	return errors.Join(errs...)
}

// activated makes a database that is dropped with the test, and returns its URL.
func activated(t testing.TB, s *server, template string) string {
	t.Helper()
	database := name()
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.create(t.Context(), database, template); err != nil {
		t.Fatalf("create a database: %v", err)
	}
	t.Cleanup(func() {
		if err := s.drop(context.Background(), database); err != nil {
			t.Errorf("drop a database: %v", err)
		}
	})
	return s.url(database)
}

func name() string { return "gatecrier_test_" + strings.ToLower(rand.Text()) }
