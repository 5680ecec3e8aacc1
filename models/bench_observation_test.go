package models_test

import (
	"fmt"
	"testing"

	"gatecrier/models"
	"gatecrier/models/modelstest"
)

// manyFindings are the active observations of one branch.
const manyFindings = 100_000

// findings is a branch with many active observations of one source.
func findings(b *testing.B, dialect models.Dialect) (w world, branch int64) {
	b.Helper()
	clock := modelstest.NewClock(noon)
	open := modelstest.SQLiteAt
	if dialect == models.Postgres {
		open = modelstest.PostgresAt
	}
	w = world{b, open(b, clock.Now), clock}
	product := w.product("large", w.user("owner"))
	w.write(func(tx *models.Tx) error {
		m, err := tx.BranchByName(tx.Context(), all, product, "main")
		if err != nil {
			return err
		}
		branch = m.ID
		s := models.Source{BranchID: branch, Scanner: "trivy", Format: "sarif", LastReportAt: tx.Now()}
		if err := tx.SaveSource(&s); err != nil {
			return err
		}
		text := "CAST(i AS TEXT)"
		blob := map[models.Dialect]string{models.SQLite: "BLOB", models.Postgres: "BYTEA"}[dialect]
		_, err = tx.Exec(fmt.Sprintf(`
			WITH RECURSIVE n (i) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < %d)
			INSERT INTO observations (branch_id, source_id, identity, title, description, component, location,
				fix, url, severity, report_status, status, active, first_seen_at, changed_at)
			SELECT %d, %d, CAST('f' || %s AS %s), 'CVE-2026-' || %s,
				'A heap overflow in the decoding of images, number ' || %s
					|| ', lets a server that is sent one run what its author wants;'
					|| ' see the advisory for what is affected.',
				'library-' || (i %% 5000) || ' 1.2.' || (i %% 9),
				'/usr/lib/x86_64-linux-gnu/library-' || %s || '.so',
				'', '', i %% 6, 'open', 'open', TRUE, i, i
			FROM n`, manyFindings, branch, s.ID, text, blob, text, text, text))
		return err
	})
	if dialect == models.Postgres {
		w.write(func(tx *models.Tx) error { _, err := tx.Exec("ANALYZE"); return err })
	}
	return w, branch
}

// BenchmarkObservations reads the list of a branch with 100,000 active observations: a page, a
// search that finds one and one that finds nothing, the number shown for a step on all, and the
// candidates for a duplicate.
func BenchmarkObservations(b *testing.B) {
	for _, dialect := range []models.Dialect{models.SQLite, models.Postgres} {
		w, branch := findings(b, dialect)
		list := func(f models.ObservationFilter) func(b *testing.B) (int, error) {
			f.BranchID, f.Limit = branch, 51
			return func(b *testing.B) (int, error) {
				rows, err := w.s.Observations(b.Context(), all, f)
				return len(rows), err
			}
		}
		count := func(f models.ObservationFilter) func(b *testing.B) (int, error) {
			f.BranchID, f.Limit = branch, 10_001
			return func(b *testing.B) (int, error) { return w.s.CountObservations(b.Context(), all, f) }
		}
		for _, bench := range []struct {
			name string
			want int
			run  func(b *testing.B) (int, error)
		}{
			{"page", 51, list(models.ObservationFilter{})},
			{"search/one", 1, list(models.ObservationFilter{Text: "cve-2026-99999"})},
			{"search/none", 0, list(models.ObservationFilter{Text: "no such text"})},
			{"search/many", 51, list(models.ObservationFilter{Text: "library-7"})},
			{"exploited/none", 0, list(models.ObservationFilter{KEV: true})},
			{"weakness/none", 0, list(models.ObservationFilter{CWE: "CWE-79"})},
			{"count/all", 10_001, count(models.ObservationFilter{})},
			{"count/search", 10_001, count(models.ObservationFilter{Text: "heap"})},
			{"like", 20, func(b *testing.B) (int, error) {
				o := models.Observation{ID: 1, BranchID: branch, Title: "CVE-2026-1", Component: "library-1 1.2.1"}
				rows, err := w.s.ObservationsLike(b.Context(), all, o, 20)
				return len(rows), err
			}},
		} {
			b.Run(fmt.Sprintf("%s/%s", dialect, bench.name), func(b *testing.B) {
				for b.Loop() {
					n, err := bench.run(b)
					if err != nil || bench.name != "like" && n != bench.want {
						b.Fatalf("%d found, want %d: %v", n, bench.want, err)
					}
				}
			})
		}
	}
}
