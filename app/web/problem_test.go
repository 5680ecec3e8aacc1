package web

import (
	"log/slog"
	"net/http"
	"os"
	"strings"
	"testing"

	"gatecrier/models"
	"gatecrier/models/modelstest"
)

func TestMain(m *testing.M) { os.Exit(modelstest.Main(m)) }

// The answer to a change says if it might be stored although its commit failed.
func TestToProblem_CommitWithoutAnswer(t *testing.T) {
	url := modelstest.MigratedURL(t)
	log := slog.New(slog.DiscardHandler)
	store, err := models.Open(t.Context(), models.Options{URL: url, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	err = store.Write(t.Context(), func(*models.Tx) error {
		modelstest.Exec(t, url, `
			SELECT pg_terminate_backend(pid, 5000)
			FROM pg_stat_activity
			WHERE datname = current_database()
			AND pid <> pg_backend_pid()`)
		return nil
	})
	p := ToProblem(t.Context(), log, err)
	if p.Status != http.StatusServiceUnavailable || !strings.Contains(p.Detail, "might be stored or lost") {
		t.Errorf("%d %s, of %v", p.Status, p.Detail, err)
	}
}
