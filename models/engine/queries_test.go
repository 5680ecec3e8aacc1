package engine_test

import (
	"database/sql"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatecrier/models/engine"
)

func TestRebind(t *testing.T) {
	for query, want := range map[string]string{
		"SELECT 1":                          "SELECT 1",
		"a = ? AND b IN (?, ?)":             "a = $1 AND b IN ($2, $3)",
		"a = '?' AND b = ?":                 "a = '?' AND b = $1",
		"a = 'it''s ?' AND b = ?":           "a = 'it''s ?' AND b = $1",
		`"odd?name" = ?`:                    `"odd?name" = $1`,
		"a = ? -- why?\nAND b = ?":          "a = $1 -- why?\nAND b = $2",
		"a = ? /* why? 'x */ AND b = ?":     "a = $1 /* why? 'x */ AND b = $2",
		"a - ? / ? * ?":                     "a - $1 / $2 * $3",
		"a = 'open ?":                       "a = 'open ?",
		"":                                  "",
		"'ü?' || ?":                         "'ü?' || $1",
		strings.Repeat("?,", 10) + "?":      "$1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11",
		`name LIKE ? ESCAPE '\' AND id = ?`: `name LIKE $1 ESCAPE '\' AND id = $2`,
	} {
		if got := engine.Rebind(query); got != want {
			t.Errorf("%s\n got %s\nwant %s", query, got, want)
		}
	}
}

func TestQuestionMarksInStrings(t *testing.T) {
	notes(t, func(t *testing.T, db *engine.DB) {
		for range 2 { // the second time the binder remembers
			var got string
			err := db.Get(t.Context(), "SELECT '?' || 'it''s' || CAST(? AS TEXT)", []any{"!"}, &got)
			if err != nil || got != "?it's!" {
				t.Errorf("%q, %v", got, err)
			}
		}
	})
}

func TestInsertReturnsTheID(t *testing.T) {
	notes(t, func(t *testing.T, db *engine.DB) {
		ids := map[string]int64{}
		write(t, db, func(tx *engine.Tx) error {
			for _, name := range []string{"a", "b"} {
				id, err := tx.Insert("INSERT INTO notes (name) VALUES (?) RETURNING id", name)
				if err != nil {
					return err
				}
				ids[name] = id
			}
			n, err := tx.Exec("UPDATE notes SET at = ?", 1)
			if n != 2 {
				t.Errorf("%d rows changed", n)
			}
			return err
		})
		stored := map[string]int64{}
		err := db.Query(t.Context(), "SELECT name, id FROM notes", nil, func(rows *sql.Rows) error {
			var name string
			var id int64
			err := rows.Scan(&name, &id)
			stored[name] = id
			return err
		})
		if diff := cmp.Diff(stored, ids); err != nil || diff != "" || len(ids) != 2 {
			t.Errorf("%v: %s", err, diff)
		}
	})
}

// A statement runs again while its rows are open.
func TestQuery_SameStatementInside(t *testing.T) {
	db := sqliteNotes(t)
	write(t, db, func(tx *engine.Tx) error {
		for i := range 10 {
			if _, err := tx.Exec("INSERT INTO notes (id, name) VALUES (?, ?)", i, string(rune('a'+i))); err != nil {
				return err
			}
		}
		const after = "SELECT id FROM notes WHERE id >= ? ORDER BY id LIMIT 3"
		var outer []int
		return tx.Query(tx.Context(), after, []any{1}, func(rows *sql.Rows) error {
			var id int
			if err := rows.Scan(&id); err != nil {
				return err
			}
			if outer = append(outer, id); len(outer) == 3 && !cmp.Equal(outer, []int{1, 2, 3}) {
				t.Errorf("outer rows: %v", outer)
			}
			return tx.Query(tx.Context(), after, []any{7}, func(*sql.Rows) error { return nil })
		})
	})
}

func TestScanErrorDoesNotPoison(t *testing.T) {
	notes(t, func(t *testing.T, db *engine.DB) {
		write(t, db, func(tx *engine.Tx) error {
			var n int
			if err := tx.Get(tx.Context(), "SELECT 'no number'", nil, &n); err == nil {
				t.Errorf("scanned %d", n)
			}
			return add(tx, "a")
		})
		wantNames(t, db, "a")
	})
}

func TestPreparedStatementsAreBounded(t *testing.T) {
	db := sqliteNotes(t)
	write(t, db, func(tx *engine.Tx) error {
		for n := 1; n <= 2*engine.MaxStatements; n++ {
			args := make([]any, n)
			if _, err := tx.Exec("DELETE FROM notes WHERE id IN (?"+strings.Repeat(", ?", n-1)+")", args...); err != nil {
				return err
			}
		}
		return add(tx, "a")
	})
	if n := db.Prepared(); n > engine.MaxStatements {
		t.Errorf("%d statements kept", n)
	}
	wantNames(t, db, "a")
}

func TestTimesAreStoredAsMicroseconds(t *testing.T) {
	at := time.Date(2026, 3, 1, 12, 0, 0, 123456000, time.UTC)
	notes(t, func(t *testing.T, db *engine.DB) {
		write(t, db, func(tx *engine.Tx) error {
			db := tx.Gorm(tx.Context())
			if err := db.Create(&note{Name: "gorm, at"}).Error; err != nil {
				return err
			}
			row := db.Model(&note{}).Where("name = ?", "gorm, at")
			if err := row.Select("at").Updates(&note{At: at}).Error; err != nil {
				return err
			}
			if err := db.Create(&note{Name: "gorm, never"}).Error; err != nil {
				return err
			}
			for name, v := range map[string]time.Time{"raw, at": at.In(time.FixedZone("", 3600)), "raw, never": {}} {
				if _, err := tx.Exec("INSERT INTO notes (name, at) VALUES (?, ?)", name, engine.Micro(v)); err != nil {
					return err
				}
			}
			return nil
		})
		for name, want := range map[string]time.Time{
			"gorm, at": at, "raw, at": at, "gorm, never": {}, "raw, never": {},
		} {
			raw, n, null := time.Now(), note{}, false
			const query = "SELECT at, at IS NULL FROM notes WHERE name = ?"
			if err := db.Get(t.Context(), query, []any{name}, engine.TimeTo(&raw), &null); err != nil {
				t.Fatal(err)
			}
			if err := db.Gorm(t.Context()).Take(&n, "name = ?", name).Error; err != nil {
				t.Fatal(err)
			}
			if raw != want || n.At != want || null != want.IsZero() {
				t.Errorf("%s: raw %v, gorm %v, null %v", name, raw, n.At, null)
			}
		}
		var at time.Time
		if err := db.Get(t.Context(), "SELECT 'noon'", nil, engine.TimeTo(&at)); err == nil {
			t.Errorf("a text read as %v", at)
		}
	})
}
