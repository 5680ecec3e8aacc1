package engine_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gatecrier/models/engine"
	"gatecrier/models/modelstest"
)

// A change that is refused because the database file was moved away is not in the open file either.
func TestWrite_FileMovedAway(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	db, err := engine.Open(t.Context(), engine.Options{URL: "sqlite:" + path})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Log(err)
		}
	})
	makeNotes(t, db)
	write(t, db, adding("kept"))
	if err := os.Rename(path, path+".old"); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"first", "second"} {
		err := db.Write(t.Context(), adding(name))
		if engine.StateOf(err) != engine.Gone || engine.IsUnsure(err) {
			t.Errorf("the %s change after the move: unsure %v, %v", name, engine.IsUnsure(err), err)
		}
		wantNames(t, db, "kept")
	}
}

// PostgreSQL ends the connection before it answers a commit: whether it took effect is unknown.
func TestWrite_CommitWithoutAnswerIsUnsure(t *testing.T) {
	url := modelstest.PostgresURL(t)
	db := openDB(t, engine.Options{URL: url})
	makeNotes(t, db)
	end := func(tx *engine.Tx) error {
		var pid int
		if err := tx.Get(tx.Context(), "SELECT pg_backend_pid()", nil, &pid); err != nil {
			return err
		}
		modelstest.Exec(t, url, fmt.Sprintf("SELECT pg_terminate_backend(%d, 5000)", pid))
		return nil
	}
	if err := db.Write(t.Context(), end); engine.StateOf(err) != engine.Gone || !engine.IsUnsure(err) {
		t.Errorf("without an answer to the commit: unsure %v, %v", engine.IsUnsure(err), err)
	}
	err := db.Write(t.Context(), func(tx *engine.Tx) error {
		if err := end(tx); err != nil {
			return err
		}
		return add(tx, "late")
	})
	if engine.StateOf(err) != engine.Gone || engine.IsUnsure(err) || strings.Contains(err.Error(), "commit") {
		t.Errorf("without an answer to a statement: unsure %v, %v", engine.IsUnsure(err), err)
	}
}
