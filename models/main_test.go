package models_test

import (
	"context"
	"os"
	"testing"
	"time"

	"gatecrier/models"
	"gatecrier/models/modelstest"
)

func TestMain(m *testing.M) { os.Exit(modelstest.Main(m)) }

func write(t testing.TB, s *models.Store, fn func(tx *models.Tx) error) {
	t.Helper()
	if err := s.Write(t.Context(), fn); err != nil {
		t.Fatal(err)
	}
}

func migrate(t *testing.T, s *models.Store) {
	t.Helper()
	if err := s.Migrate(t.Context()); err != nil {
		t.Error(err)
	}
}

// until polls a condition for at most 20 seconds.
func until(t testing.TB, what string, cond func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for !cond() {
		select {
		case <-ctx.Done():
			t.Fatalf("never: %s", what)
		case <-time.After(time.Millisecond):
		}
	}
}
