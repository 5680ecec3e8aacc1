package apptest_test

import (
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"gatecrier/app/apptest"
	"gatecrier/models"
	"gatecrier/models/modelstest"
)

// addDeliveries adds ended deliveries of a product to a target, each with an attempt.
func addDeliveries(t *testing.T, p *apptest.Program, s productFixture, n int) {
	t.Helper()
	path := filepath.Join(p.Dir, "gatecrier.db")
	const size = 20_000
	for from := 0; from < n; from += size {
		modelstest.Statement(t, path, `
			WITH RECURSIVE n(i) AS (SELECT ? UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?)
			INSERT INTO deliveries
				(uuid, origin, connection_id, product_id, endpoint_id, recipient, state, created_at, finished_at, title)
			SELECT 'd' || i, 'test', ?, ?, ?, 'r' || i, 'delivered', 1, 2, 'a title' FROM n`,
			from, min(from+size, n), s.target, s.id, s.target)
	}
	modelstest.Statement(t, path, `
		INSERT INTO attempts (delivery_id, number, at, duration, result)
		SELECT id, 1, 1, 1, 'delivered'
		FROM deliveries
		WHERE connection_id = ?
		AND title = 'a title'`, s.target)
}

// latencies of changes by several callers until stopped.
type latencies struct {
	mu   sync.Mutex
	list []time.Duration
}

// measureWrites lets callers write until stop, which returns the 99th percentile and the worst.
func measureWrites(t *testing.T, p *apptest.Program, callers int) (stop func() (p99, worst time.Duration, n int)) {
	t.Helper()
	var l latencies
	quit := make(chan struct{})
	var wg sync.WaitGroup
	for i := range callers {
		wg.Go(func() {
			for {
				select {
				case <-quit:
					return
				case <-time.After(2 * time.Millisecond):
				}
				began := time.Now()
				err := p.Store.Write(t.Context(), func(tx *models.Tx) error {
					_, err := tx.TakeSlot("measure", fmt.Sprintf("%d %s", i, began), "test")
					return err
				})
				took := time.Since(began)
				if err != nil {
					t.Error(err)
					return
				}
				l.mu.Lock()
				l.list = append(l.list, took)
				l.mu.Unlock()
			}
		})
	}
	return func() (time.Duration, time.Duration, int) {
		close(quit)
		wg.Wait()
		slices.Sort(l.list)
		return l.list[len(l.list)*99/100], l.list[len(l.list)-1], len(l.list)
	}
}

// A target with many deliveries is deleted while 16 callers write. It disappears at once, and no
// change waits long. GATECRIER_DELETED=1000000 makes it a trial of the size that it must bear.
func TestRemovalTrial_OfTargetWithManyDeliveries(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{})
	c, receiver := p.Client("admin"), apptest.NewReceiver(t)
	s := newProduct(t, c, "Shop", receiver.URL)
	n := envInt(t, "GATECRIER_DELETED", 20_000)
	addDeliveries(t, p, s, n)
	stop := measureWrites(t, p, 16)
	began := time.Now()
	target := fmt.Sprintf("/targets/%d", s.target)
	c.Must(http.StatusNoContent, "DELETE", target, nil)
	answered := time.Since(began)
	if a := c.Do("GET", s.path+"/targets", nil); a.Get("items.0") != nil {
		t.Errorf("the target is still listed: %s", a.Text)
	}
	c.Must(http.StatusNotFound, "DELETE", target, nil)
	waitRemoved(t, p)
	took := time.Since(began)
	p99, worst, writes := stop()
	t.Logf("%d deliveries: answered after %v, removed after %v; %d writes meanwhile, p99 %v, worst %v",
		n, answered, took, writes, p99, worst)
	if n >= 1_000_000 && p99 > 100*time.Millisecond {
		t.Errorf("p99 %v", p99)
	}
	got := modelstest.Rows(t, "sqlite:"+filepath.Join(p.Dir, "gatecrier.db"))
	if got["deliveries"] != 0 || got["attempts"] != 0 || got["connections"] != 1 {
		t.Errorf("rows are left: %v", got)
	}
}

// waitRemoved waits until nothing is being removed.
func waitRemoved(t *testing.T, p *apptest.Program) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Minute)
	for time.Now().Before(deadline) {
		list, err := p.Store.Removals(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if len(list) == 0 {
			return
		}
		<-time.After(20 * time.Millisecond)
	}
	t.Fatal("the removal does not end")
}

// A product with many rows is deleted, and the program is restarted before they are removed. The
// product is gone for all users at once, its name is free, and nothing of it stays.
func TestRemoval_OfProductSurvivesRestart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := apptest.Start(t, apptest.Options{Dir: dir})
	p.User("ann")
	c, receiver := p.Client("ann"), apptest.NewReceiver(t)
	s := newProduct(t, c, "Shop", receiver.URL)
	setCritical(c, s, 1)
	apptest.Settle(t, p.Store)
	addDeliveries(t, p, s, 30_000)
	c.Must(http.StatusNoContent, "DELETE", s.path, nil)
	for _, client := range []*apptest.Client{c, p.Client("admin")} {
		client.Must(http.StatusNotFound, "GET", s.path, nil)
		if a := client.Must(http.StatusOK, "GET", "/products", nil); a.Get("items.0") != nil {
			t.Errorf("the product is still listed: %s", a.Text)
		}
	}
	c.Must(http.StatusCreated, "POST", "/products", object{"name": "Shop"})
	p.Stop()
	p = apptest.Start(t, apptest.Options{Dir: dir})
	waitRemoved(t, p)
	rows := modelstest.Rows(t, "sqlite:"+filepath.Join(dir, "gatecrier.db"))
	if rows["products"] != 1 || rows["deliveries"] != 0 || rows["gate_changes"] != 0 || rows["connections"] != 1 {
		t.Errorf("rows are left: %v", rows)
	}
	if n, err := p.Store.OrphanEvents(t.Context()); n != 0 || err != nil {
		t.Errorf("%d events are left, %v", n, err)
	}
}
