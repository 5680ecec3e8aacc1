package apptest_test

import (
	"bytes"
	"fmt"
	"math"
	"testing"
	"time"

	"gatecrier/app/apptest"
	"gatecrier/app/event"
	"gatecrier/app/gate"
	"gatecrier/app/ingest"
	"gatecrier/app/observation"
	"gatecrier/app/product"
	"gatecrier/models"
	"gatecrier/models/modelstest"
)

// gateBench is a product with many observations on one branch: all medium and below the threshold,
// except one that is critical.
type gateBench struct {
	*randomWalk
	id       int64
	counts   models.Counts
	critical int64 // the id of the critical observation
}

func newGateBench(b *testing.B, database string, n int) gateBench {
	b.Helper()
	w := newRandomWalk(b, database, 1)
	mode, most := models.GateOwn, int64(models.MaxThreshold)
	g := gateBench{randomWalk: w, id: w.products[0]}
	_, err := w.app.Products.Update(b.Context(), w.actor, g.id,
		product.Edit{GateMode: &mode, Thresholds: map[models.Severity]*int64{models.Medium: &most}})
	if err != nil {
		b.Fatal(err)
	}
	report := largeReport(n, func(i int) string {
		if i == n/2 {
			return "Critical"
		}
		return "Medium"
	})
	r, err := w.app.Ingest.Upload(b.Context(), w.actor, ingest.Destination{ProductID: g.id}, bytes.NewReader(report))
	if err != nil {
		b.Fatal(err)
	}
	g.counts = r.Counts
	critical := models.Critical
	list, err := w.app.Store.Observations(b.Context(), apptest.AllProducts(),
		models.ObservationFilter{ProductID: g.id, Severity: &critical, Limit: 1})
	if err != nil || len(list) != 1 {
		b.Fatal(list, err)
	}
	g.critical = list[0].ID
	return g
}

// setWaived makes the critical observation count for the gate, or not.
func (g gateBench) setWaived(b *testing.B, off bool) observation.Done {
	b.Helper()
	a := observation.Assessment{Clear: true}
	if off {
		a = observation.Assessment{Status: models.StatusFalsePositive}
	}
	_, done, err := g.app.Observations.Assess(b.Context(), g.actor, g.critical, a)
	if err != nil {
		b.Fatal(err)
	}
	return done
}

// evaluate evaluates the gate with a threshold for medium observations.
func (g gateBench) evaluate(b *testing.B, medium int64) gate.Outcome {
	b.Helper()
	var out gate.Outcome
	err := g.app.Store.Write(b.Context(), func(tx *models.Tx) error {
		gated, err := tx.GateOf(g.id, "")
		if err != nil {
			return err
		}
		gated.Product.Thresholds.Medium = &medium
		out, err = g.app.Gates.Evaluate(tx, gated,
			gate.Evaluation{Active: gated.Branch.Breakdown, Cause: event.Cause{Kind: event.CauseSettings}})
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	return out
}

// costs lists operations that contain an evaluation; i counts the calls.
var costs = []struct {
	name string
	run  func(b *testing.B, g gateBench, i int) gate.Outcome
}{
	{"counts", func(b *testing.B, g gateBench, i int) gate.Outcome {
		b.Helper()
		r, err := g.app.Ingest.Counts(b.Context(), g.actor, ingest.Destination{ProductID: g.id, Scanner: "bare"},
			models.Counts{High: int64(i+1) % 2})
		if err != nil {
			b.Fatal(err)
		}
		return r.Gate
	}},
	{"assess", func(b *testing.B, g gateBench, i int) gate.Outcome {
		b.Helper()
		return g.setWaived(b, i%2 == 1).Gates[0].Outcome
	}},
	{"settings", func(b *testing.B, g gateBench, i int) gate.Outcome {
		b.Helper()
		return g.evaluate(b, int64(i%2)*models.MaxThreshold)
	}},
	{"nothing", func(b *testing.B, g gateBench, _ int) gate.Outcome {
		b.Helper()
		return g.evaluate(b, models.MaxThreshold)
	}},
}

// BenchmarkGate measures changing a gate, and evaluating it without a change, for a growing number
// of observations. The exponent is the power of that number with which the median grows from the
// smallest number: 0 means that it does not grow.
func BenchmarkGate(b *testing.B) {
	sizes := []int{1000, 10_000, 100_000}
	for _, dialect := range []models.Dialect{models.SQLite, models.Postgres} {
		took := map[string]time.Duration{} // with the smallest number of observations
		for _, n := range sizes {
			database := ""
			if dialect == models.Postgres {
				database = modelstest.PostgresURL(b)
			}
			g := newGateBench(b, database, n)
			g.setWaived(b, true)
			for _, cost := range costs {
				b.Run(fmt.Sprintf("%s/%s/%d", dialect, cost.name, n), func(b *testing.B) {
					times := make([]time.Duration, b.N+b.N%2) // an even number, so that the gate ends in its first state
					for i := range times {
						began := time.Now()
						out := cost.run(b, g, i)
						times[i] = time.Since(began)
						if flips := cost.name != "nothing"; (out.Before != out.After) != flips {
							b.Fatalf("%d: from %s to %s", i, out.Before, out.After)
						}
					}
					half := percentile(times, 50)
					b.ReportMetric(float64(half.Nanoseconds()), "median-ns/op")
					if n == sizes[0] {
						took[cost.name] = half
						return
					}
					b.ReportMetric(math.Log(float64(half)/float64(took[cost.name]))/math.Log(float64(n)/float64(sizes[0])), "exponent")
				})
			}
		}
	}
}
