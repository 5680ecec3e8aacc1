package engine_test

import (
	"database/sql"
	"strings"
	"testing"

	"gatecrier/models/engine"
)

// TestSQLite_KeepsPlans sees that a statement is not planned anew for the values of its parameters: a
// plan made for at = 1 could use the index, the plan of the prepared statement cannot.
func TestSQLite_KeepsPlans(t *testing.T) {
	db := sqliteNotes(t)
	write(t, db, func(tx *engine.Tx) error {
		_, err := tx.Exec("CREATE INDEX notes_first ON notes (id) WHERE at = 1")
		return err
	})
	planOf := func(q engine.Queries, query string, args ...any) (plan string) {
		t.Helper()
		err := q.Query(t.Context(), "EXPLAIN QUERY PLAN "+query, args, func(rows *sql.Rows) error {
			var id, parent, unused int
			var detail string
			err := rows.Scan(&id, &parent, &unused, &detail)
			plan += detail
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return plan
	}
	check := func(q engine.Queries) {
		t.Helper()
		const used = "notes_first"
		if plan := planOf(q, "SELECT id FROM notes WHERE at = 1"); !strings.Contains(plan, used) {
			t.Errorf("a literal does not use the index: %s", plan)
		}
		if plan := planOf(q, "SELECT id FROM notes WHERE at = ?", 1); strings.Contains(plan, used) {
			t.Errorf("planned for the value of a parameter: %s", plan)
		}
	}
	check(db.Queries)
	write(t, db, func(tx *engine.Tx) error {
		check(tx.Queries)
		return nil
	})
}
