package apptest_test

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gatecrier/app/apptest"
	"gatecrier/models"
	"gatecrier/models/modelstest"
)

// Measures the latency of pages and other writers while GATECRIER_GATES gates are evaluated, half
// of which change, and the total time.
func TestTrial_Reevaluation(t *testing.T) {
	n := envInt(t, "GATECRIER_GATES", 0)
	if n == 0 {
		t.Skip("GATECRIER_GATES is not set: this takes minutes")
	}
	t.Run("sqlite", func(t *testing.T) { reevaluationTrial(t, n, "") })
	t.Run("postgres", func(t *testing.T) { reevaluationTrial(t, n, modelstest.PostgresURL(t)) })
}

func reevaluationTrial(t *testing.T, n int, database string) {
	dir := t.TempDir()
	first := apptest.Start(t, apptest.Options{Dir: dir, DatabaseURL: database})
	e := newManyProducts(t, first.App, n)
	waitRoutedLong(t, first.Store) // the first changes are no part of it
	first.Stop()

	p := startProcessWith(t, spawnOptions{dir: dir, database: database})
	c := p.client(t)
	quiet := measureLatency(t, p.url, c, func(ctx context.Context) { sleep(ctx, 3*time.Second) })
	store := p.store(t)
	var took time.Duration
	busy := measureLatency(t, p.url, c, func(ctx context.Context) {
		began := time.Now()
		c.Must(http.StatusOK, "PATCH", "/settings/gate", object{"threshold_critical": 1})
		for ctx.Err() == nil {
			at, err := store.GateSweep(ctx)
			if err == nil && at.Version == 1 && at.Done {
				took = at.FinishedAt.Sub(at.StartedAt)
				break
			}
			sleep(ctx, 20*time.Millisecond)
		}
		t.Logf("%d gates in %v, %v since the change", n, took.Round(time.Millisecond),
			time.Since(began).Round(time.Millisecond))
	})
	for i, what := range []string{"GET /api/v1/products", "PUT counts"} {
		t.Logf("%s: p50 %v, p99 %v; before %v, %v (%d and %d requests)", what, percentile(busy[i], 50),
			percentile(busy[i], 99), percentile(quiet[i], 50), percentile(quiet[i], 99), len(busy[i]), len(quiet[i]))
	}
	flips := 0
	for _, id := range e.products {
		list := gateHistory(t, store, id)
		flips += len(list) - 1
		if last := list[len(list)-1]; last.To != models.GatePassed || last.Announced != last.EventID {
			t.Errorf("product %d: %+v", id, last)
		}
	}
	if flips != n/2 {
		t.Errorf("%d gates have flipped, want %d", flips, n/2)
	}
	waitRoutedLong(t, store)
	inbox := inboxCounts(t, store)
	for i, id := range e.products {
		if n, want := inbox[id], 1+i%2; n != want {
			t.Errorf("product %d: %d notifications, want %d", i, n, want)
		}
	}
}

// waitRoutedLong is waitRouted for a backlog that takes minutes.
func waitRoutedLong(t *testing.T, s *models.Store) {
	t.Helper()
	for began := time.Now(); !isRouted(t, s); sleep(t.Context(), 50*time.Millisecond) {
		if time.Since(began) > 5*time.Minute {
			t.Fatal("not routed after 5 minutes")
		}
	}
}

// inboxCounts returns the number of notifications of each product.
func inboxCounts(t *testing.T, s *models.Store) map[int64]int {
	t.Helper()
	inbox := map[int64]int{}
	for before := int64(0); ; {
		list, err := s.Inbox(t.Context(), models.Viewer{UserID: 1, Administrator: true},
			models.InboxFilter{Before: before, Limit: 500})
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range list {
			inbox[row.ProductID]++
			before = row.EventID
		}
		if len(list) < 500 {
			return inbox
		}
	}
}

func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// measureLatency repeatedly reads the list of products and writes counts while fn runs, and returns
// the time of each.
func measureLatency(t *testing.T, url string, c *apptest.Client, fn func(ctx context.Context)) [2][]time.Duration {
	t.Helper()
	var current atomic.Value
	current.Store(url)
	w := gateWriter{productFixture: newProduct(t, c, "Other "+time.Now().String(), "")}
	stop := make(chan struct{})
	var times [2][]time.Duration
	var work sync.WaitGroup
	again := func(i int, fn func(n int)) {
		work.Go(func() {
			for n := 1; ; n++ {
				select {
				case <-stop:
					return
				case <-time.After(10 * time.Millisecond):
				}
				began := time.Now()
				fn(n)
				times[i] = append(times[i], time.Since(began))
			}
		})
	}
	again(0, func(int) { c.Must(http.StatusOK, "GET", "/products?limit=50", nil) })
	again(1, func(n int) {
		if !w.putCounts(t.Context(), &current, c.Token, n) {
			t.Errorf("write %d was not taken", n)
		}
	})
	fn(t.Context())
	close(stop)
	work.Wait()
	return times
}
