package models_test

import (
	"fmt"
	"testing"
	"time"

	"gatecrier/models"
	"gatecrier/models/modelstest"
)

// BenchmarkStaleChanges looks for stale products among 10,000 that are not stale, with two
// sources each; with a time for all, and without any.
func BenchmarkStaleChanges(b *testing.B) {
	for _, dialect := range []models.Dialect{models.SQLite, models.Postgres} {
		b.Run(dialect.String(), func(b *testing.B) {
			open := modelstest.SQLiteAt
			if dialect == models.Postgres {
				open = modelstest.PostgresAt
			}
			clock := modelstest.NewClock(noon)
			w := world{b, open(b, clock.Now), clock}
			owner := w.user("owner")
			for first := 0; first < manyProducts; first += 500 {
				w.write(func(tx *models.Tx) error {
					for i := first; i < first+500; i++ {
						p := models.Product{Name: fmt.Sprintf("product %d", i), GateMode: models.GateStandard}
						if err := tx.CreateProduct(&p, "main", owner); err != nil {
							return err
						}
					}
					return nil
				})
			}
			w.write(func(tx *models.Tx) error {
				for _, statement := range []string{
					"UPDATE branches SET evaluated = TRUE",
					`INSERT INTO sources (branch_id, scanner, name, format, created_at, last_report_at)
					SELECT b.id, n.scanner, '', 'sarif', b.created_at, b.created_at
					FROM branches b, (SELECT 'a' AS scanner UNION SELECT 'b') n`,
				} {
					if _, err := tx.Exec(statement); err != nil {
						return err
					}
				}
				return nil
			})
			for name, otherwise := range map[string]time.Duration{"with a time": time.Hour, "without": 0} {
				b.Run(name, func(b *testing.B) {
					for range b.N {
						if list, err := w.s.StaleChanges(b.Context(), otherwise, 0, 500); err != nil || len(list) > 0 {
							b.Fatalf("%d products, %v", len(list), err)
						}
					}
				})
			}
		})
	}
}
