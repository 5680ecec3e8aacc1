package apptest_test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"gatecrier/app/apptest"
	"gatecrier/models/modelstest"
)

// copiedRows are rows for the tables that the stored database leaves empty.
var copiedRows = map[string]string{
	"inbox_undos": `INSERT INTO inbox_undos (id, user_id, step, read_from, read_to, expires_at)
		SELECT id, id, 'viewed', 3, 4, 5 FROM users`,
	"inbox_undo_rows": `INSERT INTO inbox_undo_rows (undo_id, event_id, old_viewed, old_archived, new_viewed)
		SELECT id, 7, TRUE, FALSE, NULL FROM users`,
	"leases": "INSERT INTO leases (name, holder, until) VALUES ('x', 'gone', 1)",
	"observation_changes": `INSERT INTO observation_changes (observation_id, source_id, since, status)
		SELECT id, source_id, 99, 'open' FROM observations`,
	"saved_views": `INSERT INTO saved_views (user_id, page, name, query, created_at)
		SELECT id, 'observations', 'Critical', 'severity=critical', 5 FROM users`,
	"vex_documents": `INSERT INTO vex_documents (product_id, document, version, format, made_at, uploaded_at)
		SELECT id, 'doc ' || id, '1', 'openvex', 1, 2 FROM products`,
	"vex_statements": `INSERT INTO vex_statements (document_id, revision, vulnerability, products, status, at)
		SELECT 1, 1, '["CVE-1"]', '[]', 'fixed', 3`,
	"vex_states": "INSERT INTO vex_states (product_id, version) SELECT id, 7 FROM products",
	// A finished run, which is kept for an hour.
	"assessment_runs": `INSERT INTO assessment_runs
			(id, product_id, actor, input, after_id, total, created_at, finished_at)
		SELECT 1, min(id), 'ann', '{}', 0, 1, 9, 4000000000000000 FROM products`,
	"assessment_run_rows": `INSERT INTO assessment_run_rows (run_id, number, observation_id, branch_id)
		SELECT 1, 1, 2, 3`,
	"exception_quotas": `INSERT INTO exception_quotas (owner, product_id, began_at)
		SELECT id, id, 5 FROM products`,
	"removals": `INSERT INTO removals (kind, subject_id, name, total, created_at)
		VALUES ('product', 999, 'x', 0, 1)`,
	"known_clients": `INSERT INTO known_clients (user_id, kind, value, at)
		SELECT id, 'network', '192.0.2.0/24', 6 FROM users`,
	"sign_in_reports": `INSERT INTO sign_in_reports (hour, what, name, network, user_id, failed, refused, audit_id)
		SELECT 7, 'sign-in', name, '192.0.2.0/24', id, 1, 2, 3 FROM users`,
	"sign_in_notices": "INSERT INTO sign_in_notices (user_id, at) SELECT id, 8 FROM users",
	"account_mails": `INSERT INTO account_mails (id, user_id, rank, content, created_at, expires_at)
		SELECT 'account_' || id, id, 0, x'01', 1, 2 FROM users`,
	"restores": "INSERT INTO restores (id, backup_at, restored_at, event_id, decision) VALUES (1, 1, 2, 3, 'send')",
}

// oddValues are values that are easily changed by a copy.
var oddValues = []string{
	"UPDATE products SET description = 'tab\tline\r\nnull \\N \\. quote '' \" emoji 😀 é ' WHERE name = 'Shop'",
	"UPDATE products SET description = '' WHERE name = 'Empty'",
	"UPDATE products SET hold_seconds = 9223372036854775807, stale_after = NULL WHERE name = 'Legacy'",
	"UPDATE events SET product_id = -9223372036854775807 - 1 WHERE id = (SELECT min(id) FROM events)",
	"UPDATE observations SET match_key = x'00ff10005c780a' WHERE id = (SELECT min(id) FROM observations)",
	"UPDATE observations SET match_key = x'' WHERE id = (SELECT max(id) FROM observations)",
	// One that refers to a row that is copied later.
	`UPDATE observations SET duplicate_of = (SELECT max(id) FROM observations)
		WHERE id = (SELECT min(id) FROM observations)`,
	// Ids that were given and deleted are not given again.
	"UPDATE sqlite_sequence SET seq = seq + 1000 WHERE name = 'products'",
}

// filledDatabase returns a directory with a SQLite database of this schema with rows in every table,
// its key, and what the stored database says of itself.
func filledDatabase(t *testing.T) (dir string, f frozen) {
	t.Helper()
	from := filepath.Join(apptest.Root(t), frozenDir, slices.Max(frozenVersions(t)))
	if err := json.Unmarshal(readFile(t, filepath.Join(from, "expect.json")), &f); err != nil {
		t.Fatal(err)
	}
	dir = t.TempDir()
	file := filepath.Join(dir, "gatecrier.db")
	for name, content := range map[string][]byte{
		"secret.key":   readFile(t, filepath.Join(from, "secret.key")),
		"gatecrier.db": unzipped(t, filepath.Join(from, "sqlite.db.gz")),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	mustRun(t, dataDir(dir), "migrate")
	for _, table := range slices.Sorted(maps.Keys(copiedRows)) {
		modelstest.Statement(t, file, copiedRows[table])
	}
	for _, statement := range oddValues {
		modelstest.Statement(t, file, statement)
	}
	for table, n := range modelstest.Rows(t, "sqlite:"+file) {
		if n == 0 {
			t.Errorf("the table %s is empty: give it rows in copiedRows, so that this test copies it", table)
		}
	}
	return dir, f
}
