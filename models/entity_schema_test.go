package models_test

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gorm.io/gorm/schema"

	"gatecrier/models"
	"gatecrier/models/modelstest"
)

// lines are the rows of an answer, their columns in one line each, sorted.
func lines(t testing.TB, s *models.Store, query string) []string {
	t.Helper()
	var list []string
	err := s.Query(t.Context(), query, nil, func(rows *sql.Rows) error {
		columns, err := rows.Columns()
		if err != nil {
			return err
		}
		row := make([]any, len(columns))
		for i := range row {
			row[i] = new(string)
		}
		if err := rows.Scan(row...); err != nil {
			return err
		}
		var words []string
		for _, v := range row {
			words = append(words, *v.(*string))
		}
		list = append(list, strings.Join(words, " "))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(list)
	return list
}

// own is the condition on the tables of Gatecrier itself.
const own = "NOT IN ('goose_db_version', 'sqlite_sequence')"

// questions ask a database for the parts of its schema, with the same answer in both. A column
// of a primary key is never null.
var questions = map[string]map[models.Dialect]string{
	"columns": { // in their order
		models.SQLite: `SELECT t.name, CAST(c.cid + 1 AS TEXT), c.name,
			CASE c.type WHEN 'INTEGER' THEN 'bigint' WHEN 'BLOB' THEN 'bytea' ELSE lower(c.type) END,
			CASE WHEN c."notnull" OR c.pk > 0 THEN 'NO' ELSE 'YES' END, lower(coalesce(c.dflt_value, '-'))
			FROM sqlite_schema t JOIN pragma_table_info(t.name) c WHERE t.type = 'table' AND t.name ` + own,
		models.Postgres: `SELECT table_name,
			(row_number() OVER (PARTITION BY table_name ORDER BY ordinal_position))::text,
			column_name, data_type, is_nullable, replace(coalesce(column_default, '-'), '::text', '')
			FROM information_schema.columns WHERE table_schema = 'public' AND table_name ` + own,
	},
	"generated keys": {
		models.SQLite: `SELECT name FROM sqlite_schema WHERE type = 'table' AND sql LIKE '%AUTOINCREMENT%' AND name ` + own,
		models.Postgres: `SELECT table_name FROM information_schema.columns WHERE table_schema = 'public'
			AND is_identity = 'YES' AND identity_generation = 'BY DEFAULT' AND table_name ` + own,
	},
	"primary keys": {
		models.SQLite: `SELECT t.name, c.name, CAST(c.pk AS TEXT) FROM sqlite_schema t JOIN pragma_table_info(t.name) c
			WHERE t.type = 'table' AND c.pk > 0 AND t.name ` + own,
		models.Postgres: `SELECT k.table_name, k.column_name, k.ordinal_position::text
			FROM information_schema.table_constraints c
			JOIN information_schema.key_column_usage k USING (constraint_schema, constraint_name)
			WHERE c.constraint_type = 'PRIMARY KEY' AND c.table_schema = 'public' AND c.table_name ` + own,
	},
	"foreign keys": {
		models.SQLite: `SELECT t.name, f."from", f."table", f."to", f.on_delete, f.on_update
			FROM sqlite_schema t JOIN pragma_foreign_key_list(t.name) f
			WHERE t.type = 'table'`,
		models.Postgres: `SELECT k.table_name, k.column_name, u.table_name, u.column_name, r.delete_rule, r.update_rule
			FROM information_schema.referential_constraints r
			JOIN information_schema.key_column_usage k USING (constraint_schema, constraint_name)
			JOIN information_schema.constraint_column_usage u USING (constraint_schema, constraint_name)`,
	},
	"indexes": { // with their expressions and predicates
		models.SQLite: `SELECT i.name, t.name, CASE WHEN i."unique" THEN 'unique' ELSE 'any' END,
			substr(x.sql, instr(x.sql, '('))
			FROM sqlite_schema t
			JOIN pragma_index_list(t.name) i
			JOIN sqlite_schema x ON x.type = 'index' AND x.name = i.name
			WHERE t.type = 'table' AND i.origin = 'c' AND t.name ` + own,
		models.Postgres: `SELECT i.relname, t.relname, CASE WHEN x.indisunique THEN 'unique' ELSE 'any' END,
			split_part(pg_get_indexdef(i.oid), ' USING btree ', 2)
			FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid
			JOIN pg_namespace s ON s.oid = t.relnamespace AND s.nspname = 'public'
			WHERE NOT EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conindid = x.indexrelid AND c.contype IN ('p', 'u'))
			AND t.relname ` + own,
	},
	"unique constraints": {
		models.SQLite: `SELECT t.name, (SELECT group_concat(c.name, ',' ORDER BY c.seqno) FROM pragma_index_info(i.name) c)
			FROM sqlite_schema t JOIN pragma_index_list(t.name) i WHERE t.type = 'table' AND i.origin = 'u' AND t.name ` + own,
		models.Postgres: `SELECT table_name, string_agg(k.column_name, ',' ORDER BY k.ordinal_position)
			FROM information_schema.table_constraints c
			JOIN information_schema.key_column_usage k USING (constraint_schema, constraint_name, table_name)
			WHERE c.constraint_type = 'UNIQUE' AND c.table_schema = 'public' AND table_name ` + own + `
			GROUP BY constraint_name, table_name`,
	},
	"checks": { // SQLite has the text of the table alone
		models.SQLite: `SELECT name, sql FROM sqlite_schema WHERE type = 'table' AND sql LIKE '%CHECK (%' AND name ` + own,
		models.Postgres: `SELECT t.relname, pg_get_constraintdef(c.oid)
			FROM pg_constraint c
			JOIN pg_class t ON t.oid = c.conrelid
			JOIN pg_namespace s ON s.oid = t.relnamespace AND s.nspname = 'public' WHERE c.contype = 'c' AND t.relname ` + own,
	},
}

var anyOf = regexp.MustCompile(`= ANY \(ARRAY\[(.*?)\]\)`)

// plain writes an expression as both databases would: PostgreSQL adds parentheses and casts, and
// writes IN as = ANY.
func plain(line string) string {
	line = anyOf.ReplaceAllString(line, "IN ($1)")
	return strings.NewReplacer("::text", "", "::bigint", "", "COALESCE", "coalesce", "(", " ", ")", " ").Replace(line)
}

// checks finds the CHECK constraints in SQLite's text of a table.
func checks(line string) []string {
	table, text, _ := strings.Cut(line, " ")
	var list []string
	for {
		_, rest, found := strings.Cut(text, "CHECK (")
		if !found {
			return list
		}
		end, depth := 0, 1
		for ; depth > 0; end++ {
			switch rest[end] {
			case '(':
				depth++
			case ')':
				depth--
			}
		}
		list = append(list, table+" CHECK "+rest[:end-1])
		text = rest[end:]
	}
}

// ownExpressions are the indexes whose expressions differ: each database has its own functions.
var ownExpressions = []string{"observations_epss", "observations_title"}

// schemaOf answers a question as lines that both databases write alike, sorted.
func schemaOf(t testing.TB, s *models.Store, what string) []string {
	t.Helper()
	list := lines(t, s, questions[what][s.Dialect()])
	if what == "checks" && s.Dialect() == models.SQLite {
		var all []string
		for _, line := range list {
			all = append(all, checks(line)...)
		}
		list = all
	}
	for i, line := range list {
		if name, _, _ := strings.Cut(line, " "); what == "indexes" && slices.Contains(ownExpressions, name) {
			line = name
		}
		list[i] = strings.Join(strings.Fields(plain(line)), " ")
	}
	slices.Sort(list)
	return list
}

// tables are those of a database with their columns, goose's too.
func tables(t testing.TB, s *models.Store) map[string][]string {
	t.Helper()
	query := "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'"
	if s.Dialect() == models.SQLite {
		query = `SELECT t.name, c.name
			FROM sqlite_schema t JOIN pragma_table_info(t.name) c
			WHERE t.type = 'table' AND t.name <> 'sqlite_sequence'`
	}
	list := map[string][]string{}
	for _, line := range lines(t, s, query) {
		table, column, _ := strings.Cut(line, " ")
		list[table] = append(list[table], column)
	}
	return list
}

// Both databases have the same schema.
func TestSchemasAreAlike(t *testing.T) {
	lite, post := modelstest.SQLite(t), modelstest.Postgres(t)
	for what := range questions {
		a, b := schemaOf(t, lite, what), schemaOf(t, post, what)
		if diff := cmp.Diff(a, b); diff != "" {
			t.Errorf("%s: - is SQLite's, + is PostgreSQL's: %s", what, diff)
		}
		if len(a) < 3 {
			t.Errorf("%s: there are only %d", what, len(a))
		}
	}
}

// What gorm writes has the columns that its table has.
func TestEntitiesFitTheSchema(t *testing.T) {
	modelstest.Each(t, func(t *testing.T, s *models.Store) {
		stored := tables(t, s)
		for _, entity := range []any{models.User{}, models.Product{}, models.Token{}, models.Connection{}} {
			parsed, err := schema.Parse(entity, &sync.Map{}, schema.NamingStrategy{})
			if err != nil {
				t.Fatal(err)
			}
			var want []string
			for _, name := range parsed.DBNames {
				if name != "" {
					want = append(want, name)
				}
			}
			slices.Sort(want)
			if diff := cmp.Diff(want, stored[parsed.Table]); diff != "" {
				t.Errorf("%s: - is the entity's, + is stored: %s", parsed.Table, diff)
			}
		}
	})
}

// The rows of a deleted parent are found by an index whose first column is the key's. event_work
// has none by event: it is almost empty, and an index would cost each event.
func TestForeignKeysAreIndexed(t *testing.T) {
	s := modelstest.SQLite(t)
	found := lines(t, s, `
		SELECT t.name, coalesce(c.name, '?')
		FROM sqlite_schema t
		JOIN pragma_index_list(t.name) i
		JOIN pragma_index_info(i.name) c
		WHERE t.type = 'table' AND c.seqno = 0
		UNION
		SELECT t.name, c.name
		FROM sqlite_schema t JOIN pragma_table_info(t.name) c
		WHERE t.type = 'table' AND c.pk = 1`)
	keys := lines(t, s, `
		SELECT t.name, f."from"
		FROM sqlite_schema t JOIN pragma_foreign_key_list(t.name) f
		WHERE t.type = 'table'`)
	var bare []string
	for _, key := range keys {
		if !slices.Contains(found, key) {
			bare = append(bare, key)
		}
	}
	if want := []string{"event_work event_id"}; !slices.Equal(bare, want) {
		t.Errorf("foreign keys without an index: %v, want %v", bare, want)
	}
	if len(keys) < 20 {
		t.Errorf("there are only %d foreign keys", len(keys))
	}
}

var numbered = regexp.MustCompile(`^\d{5}_[a-z_]+\.sql$`)

// Both databases have the same migrations, numbered without gaps, and none goes back.
func TestMigrationFiles(t *testing.T) {
	var have [2][]string
	for i, dialect := range []models.Dialect{models.SQLite, models.Postgres} {
		dir := filepath.Join("migrations", dialect.String())
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for n, e := range entries {
			have[i] = append(have[i], e.Name())
			if !numbered.MatchString(e.Name()) || !strings.HasPrefix(e.Name(), fmt.Sprintf("%05d_", n+1)) {
				t.Errorf("%s: the name of file %d", e.Name(), n+1)
			}
			text, err := os.ReadFile(filepath.Join(dir, e.Name()))
			if err != nil || !strings.HasPrefix(string(text), "-- +goose Up\n") || strings.Contains(string(text), "goose Down") {
				t.Errorf("%s is not of one way, %v", e.Name(), err)
			}
		}
	}
	if diff := cmp.Diff(have[0], have[1]); diff != "" {
		t.Errorf("- is SQLite's, + is PostgreSQL's: %s", diff)
	}
}

// An empty database gets the schema, each migration once; migrating again, or opening a second
// time, does nothing.
func TestMigrateOnce(t *testing.T) {
	for name, url := range map[string]string{
		"sqlite":   "sqlite:" + filepath.Join(t.TempDir(), "x.db"),
		"postgres": modelstest.PostgresURL(t),
	} {
		t.Run(name, func(t *testing.T) {
			files, err := os.ReadDir(filepath.Join("migrations", name))
			if err != nil {
				t.Fatal(err)
			}
			var first []string
			for range 2 {
				s, err := models.Open(t.Context(), models.Options{URL: url})
				if err != nil {
					t.Fatal(err)
				}
				for range 2 {
					migrate(t, s)
					log := lines(t, s, "SELECT CAST(id AS TEXT), CAST(version_id AS TEXT), CAST(tstamp AS TEXT) FROM goose_db_version")
					if first == nil {
						first = log
					}
					if diff := cmp.Diff(first, log); diff != "" || len(log) != len(files)+1 { // goose's own is 0
						t.Errorf("migrations run: %v of %d files: %s", log, len(files), diff)
					}
				}
				if n := len(tables(t, s)); n < 20 {
					t.Errorf("there are %d tables", n)
				}
				if err := s.Close(); err != nil {
					t.Error(err)
				}
			}
		})
	}
}
