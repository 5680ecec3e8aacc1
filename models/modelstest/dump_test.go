package modelstest_test

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"gatecrier/models"
	"gatecrier/models/modelstest"
)

// awkward is a name that could be taken for a command where a dump is read by lines.
const awkward = "it's \\ \"ann\"\nSET x = 1;\n\\unrestrict x\n-- no comment\nCREATE TABLE x;"

func addUser(t *testing.T, url string) {
	t.Helper()
	s, err := models.Open(t.Context(), models.Options{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	err = s.Write(t.Context(), func(tx *models.Tx) error {
		return tx.CreateUser(&models.User{Name: "ann", FirstName: awkward})
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// sameUser checks that a copy has the schema, the rows and their values.
func sameUser(t *testing.T, from, copied string) {
	t.Helper()
	s, err := models.Open(t.Context(), models.Options{URL: copied})
	if err != nil {
		t.Fatal(err)
	}
	if pending, err := s.Pending(t.Context()); err != nil || pending {
		t.Errorf("pending = %v, %v", pending, err)
	}
	if u, err := s.UserByName(t.Context(), "ann"); err != nil || u.FirstName != awkward {
		t.Errorf("the copy has %q, %v", u.FirstName, err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	schema, was := modelstest.Schema(t, copied), modelstest.Schema(t, from)
	if !slices.Equal(schema, was) || len(was) < 80 {
		t.Errorf("schema of the copy: %q, want %q", schema, was)
	}
	rows, want := modelstest.Rows(t, copied), modelstest.Rows(t, from)
	if !maps.Equal(rows, want) || want["users"] != 1 || len(want) < 40 {
		t.Errorf("rows of the copy: %v, want %v", rows, want)
	}
}

func TestDumpPostgres_CanBeLoaded(t *testing.T) {
	from := modelstest.PostgresURL(t)
	addUser(t, from)
	sameUser(t, from, modelstest.LoadPostgres(t, modelstest.DumpPostgres(t, from)))
}

func TestDumpSQLite_CanBeOpened(t *testing.T) {
	path := filepath.Join(t.TempDir(), "from.db")
	addUser(t, "sqlite:"+path)
	copied := filepath.Join(t.TempDir(), "copied.db")
	if err := os.WriteFile(copied, modelstest.DumpSQLite(t, path), 0o600); err != nil {
		t.Fatal(err)
	}
	sameUser(t, "sqlite:"+path, "sqlite:"+copied)
}
