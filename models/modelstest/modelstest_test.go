package modelstest_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"gatecrier/models"
	"gatecrier/models/modelstest"
)

func TestMain(m *testing.M) { os.Exit(modelstest.Main(m)) }

func TestEachIsMigratedAndEmpty(t *testing.T) {
	var seen []string
	modelstest.Each(t, func(t *testing.T, s *models.Store) {
		seen = append(seen, s.Dialect().String())
		if pending, err := s.Pending(t.Context()); err != nil || pending {
			t.Errorf("pending = %v, %v", pending, err)
		}
		if has, err := s.HasUsers(t.Context()); err != nil || has {
			t.Errorf("has users = %v, %v", has, err)
		}
	})
	if got := strings.Join(seen, " "); got != "sqlite postgres" {
		t.Errorf("ran on %q", got)
	}
}

func TestEachIsTheTestsOwn(t *testing.T) {
	for range 2 {
		modelstest.Each(t, func(t *testing.T, s *models.Store) {
			if has, err := s.HasUsers(t.Context()); err != nil || has {
				t.Fatalf("has users = %v, %v", has, err)
			}
			err := s.Write(t.Context(), func(tx *models.Tx) error {
				return tx.CreateUser(&models.User{Name: "ann"})
			})
			if err != nil {
				t.Fatal(err)
			}
		})
	}
}

func TestPostgresURLHasNoSchema(t *testing.T) {
	s, err := models.Open(t.Context(), models.Options{URL: modelstest.PostgresURL(t)})
	if err != nil {
		t.Fatal(err)
	}
	if pending, err := s.Pending(t.Context()); err != nil || !pending {
		t.Errorf("pending = %v, %v", pending, err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

func TestClock(t *testing.T) {
	start := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	clock := modelstest.NewClock(start)
	modelstest.EachAt(t, clock.Now, func(t *testing.T, s *models.Store) {
		was := s.Now()
		clock.Advance(time.Hour)
		if got := s.Now().Sub(was); got != time.Hour {
			t.Errorf("the store's clock moved by %v", got)
		}
	})
	if got := clock.Now().Sub(start); got != 2*time.Hour {
		t.Errorf("the clock moved by %v", got)
	}
}
