package models_test

import (
	"fmt"
	"testing"

	"gatecrier/models"
	"gatecrier/models/modelstest"
)

// A large installation: a million observations, a tenth of them inactive.
const (
	findProducts = 2_000
	findEach     = 500
	findGroups   = 20
)

// newFindable is a database with many observations, and the scopes of some of its users.
func newFindable(b *testing.B, dialect models.Dialect) (w world, scopes map[string]models.Scope) {
	b.Helper()
	clock := modelstest.NewClock(noon)
	open := modelstest.SQLiteAt
	if dialect == models.Postgres {
		open = modelstest.PostgresAt
	}
	w = world{b, open(b, clock.Now), clock}
	owner := w.user("owner")
	var products, groups []int64
	for i := range findGroups {
		groups = append(groups, w.group(fmt.Sprintf("group %d", i), owner))
	}
	w.write(func(tx *models.Tx) error {
		for i := range findProducts {
			p := models.Product{
				Name: fmt.Sprintf("product %d", i), GateMode: models.GateStandard, GroupID: &groups[i%findGroups],
			}
			if err := tx.CreateProduct(&p, "main", owner); err != nil {
				return err
			}
			products = append(products, p.ID)
		}
		return nil
	})
	w.fillFindable(dialect)
	scopes = map[string]models.Scope{"all": all}
	for name, own := range map[string][]int64{"1": products[:1], "100": products[500:600], "600": nil} {
		id := w.user("reader of " + name)
		w.write(func(tx *models.Tx) error {
			for _, p := range own {
				if err := tx.SaveMember(models.Member{UserID: id, ProductID: p, Role: models.RoleReader}); err != nil {
					return err
				}
			}
			if own != nil {
				return nil
			}
			for _, g := range groups[:6] {
				if err := tx.SaveMember(models.Member{UserID: id, GroupID: g, Role: models.RoleReader}); err != nil {
					return err
				}
			}
			return nil
		})
		scopes[name] = models.MemberScope(id)
	}
	w.write(func(tx *models.Tx) error { _, err := tx.Exec("ANALYZE"); return err })
	if dialect == models.Postgres { // the first read after a commit writes the row's status down
		w.count("observations WHERE length(title) > 1")
	}
	return w, scopes
}

// fillFindable inserts the observations, their sources and the counts of their branches.
func (w world) fillFindable(dialect models.Dialect) {
	w.t.Helper()
	blob := map[models.Dialect]string{models.SQLite: "BLOB", models.Postgres: "BYTEA"}[dialect]
	w.write(func(tx *models.Tx) error {
		_, err := tx.Exec(`
			INSERT INTO sources (branch_id, scanner, name, format, created_at, last_report_at)
			SELECT b.id, 'trivy', '', 'sarif', 1, 1 FROM branches b`)
		return err
	})
	for first := 0; first < findEach; first += 50 {
		w.write(func(tx *models.Tx) error {
			_, err := tx.Exec(fmt.Sprintf(`
				WITH RECURSIVE n (i) AS (SELECT CAST(%d AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < %d)
				INSERT INTO observations (branch_id, source_id, identity, title, description, component, location, fix,
					url, details, severity, kev, report_status, status, active, assessed_status, first_seen_at, changed_at)
				SELECT s.branch_id, s.id, CAST('f' || i AS %s),
					'CVE-20' || (10 + i %% 16) || '-' || ((i * 7919 + s.id * 31) %% 30000),
					'A heap overflow in the decoding of images lets a server that is sent one run what its author wants.',
					'library-' || ((i + s.id) %% 5000) || ' 1.2.' || (i %% 9), '/usr/lib/library.so',
					CASE WHEN i %% 3 = 0 THEN '2.0' ELSE '' END, '',
					CASE WHEN i %% 4 = 0 THEN '{"epss":0.' || ((i * 7919 + s.id) %% 10000 + 1) || '}' ELSE '' END,
					CASE WHEN i = 3 THEN 0 WHEN i < 20 THEN 1 ELSE 2 + i %% 4 END, (i * 31 + s.id) %% 200 = 0,
					'open', CASE WHEN i %% 10 = 0 THEN 'resolved' ELSE 'open' END, i %% 10 <> 0,
					CASE WHEN (i + s.id) %% 700 = 0 THEN 'affected' ELSE '' END, i, i
				FROM n CROSS JOIN sources s
				ORDER BY i, (s.id * 7919) %% 2003`, first, first+49, blob))
			return err
		})
	}
	w.write(func(tx *models.Tx) error {
		for i, name := range []string{"critical", "high", "medium", "low", "none", "unknown"} {
			_, err := tx.Exec(fmt.Sprintf(`
				UPDATE branches SET %s = (SELECT count(*) FROM observations o
					WHERE o.branch_id = branches.id AND o.active = TRUE AND o.severity = %d)`, name, i))
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// BenchmarkFindObservations reads pages of the list across products, of a million observations: by
// users who see all products, 600 by groups, 100 and one.
func BenchmarkFindObservations(b *testing.B) {
	high := models.High
	for _, dialect := range []models.Dialect{models.SQLite, models.Postgres} {
		w, scopes := newFindable(b, dialect)
		for _, bench := range []struct {
			name   string
			filter models.FindFilter
		}{
			{"plain", models.FindFilter{}},
			{"high", models.FindFilter{Severity: &high, AtLeast: true}},
			{"product", models.FindFilter{Sort: models.SortProduct}},
			{"newest", models.FindFilter{Sort: models.SortNewest}},
			{"epss", models.FindFilter{Sort: models.SortEPSS}},
			{"exploited", models.FindFilter{KEV: true}},
			{"fix", models.FindFilter{Fix: models.FixAvailable}},
			{"assessed", models.FindFilter{Assessed: true}},
			{"identifier", models.FindFilter{Text: "CVE-2013-1"}},
			{"identifier one", models.FindFilter{Text: "CVE-2013-15022"}},
			{"text none", models.FindFilter{Text: "no such text"}},
			{"component", models.FindFilter{Component: "library-77 "}},
			{"inactive", models.FindFilter{Inactive: true}},
			{"all branches", models.FindFilter{AllBranches: true}},
		} {
			for _, who := range []string{"all", "600", "100", "1"} {
				f := bench.filter
				f.Limit = 50
				b.Run(fmt.Sprintf("%s/%s/of %s", dialect, bench.name, who), func(b *testing.B) {
					rows := 0
					for b.Loop() {
						page, err := w.s.FindObservations(b.Context(), scopes[who], f)
						if err != nil {
							b.Fatal(err)
						}
						rows = len(page.Rows)
					}
					b.ReportMetric(float64(rows), "rows")
				})
			}
		}
	}
}
