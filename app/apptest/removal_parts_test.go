package apptest_test

import (
	"fmt"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"gatecrier/app/apptest"
	"gatecrier/models"
	"gatecrier/models/modelstest"
)

// manyDeliveries adds deliveries of a product to its target, in a state and due at a time.
func manyDeliveries(t *testing.T, url string, s productFixture, n int, state string, nextAt string) {
	t.Helper()
	modelstest.Exec(t, url, fmt.Sprintf(`
		WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < %d)
		INSERT INTO deliveries (uuid, origin, connection_id, product_id, endpoint_id, recipient, state, created_at,
			due_since, next_at, title)
		SELECT 'd' || i, 'test', %d, %d, %d, 'r' || i, '%s', 1, 1, %s, 'a title' FROM n`,
		n, s.target, s.id, s.target, state, nextAt))
}

// eachDatabaseURL is eachDatabase for a scenario that needs the URL of the database.
func eachDatabaseURL(t *testing.T, fn func(t *testing.T, p *apptest.Program, url string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		p := apptest.Start(t, apptest.Options{})
		fn(t, p, "sqlite:"+filepath.Join(p.Dir, "gatecrier.db"))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		url := modelstest.MigratedURL(t)
		fn(t, apptest.Start(t, apptest.Options{DatabaseURL: url}), url)
	})
}

// A target with many waiting messages is turned off: it sends none of them, also if they are due
// while they are canceled in parts, and it cannot be turned on before that is done.
func TestTurnedOffTarget_CancelsManyInParts(t *testing.T) {
	t.Parallel()
	eachDatabaseURL(t, func(t *testing.T, p *apptest.Program, url string) {
		n := envInt(t, "GATECRIER_CANCELLED", 3000)
		c, receiver := p.Client("admin"), apptest.NewReceiver(t)
		s := newProduct(t, c, "Shop", receiver.URL)
		manyDeliveries(t, url, s, n, "pending", fmt.Sprint(p.Clock.Now().Add(time.Hour).UnixMicro()))
		stop := measureWrites(t, p, 8)
		began := time.Now()
		target := fmt.Sprintf("/targets/%d", s.target)
		c.Must(http.StatusOK, "PATCH", target, object{"enabled": false, "waiting": "cancel"})
		answered := time.Since(began)
		list, err := p.Store.Removals(t.Context())
		if err != nil || len(list) != 1 || list[0].Kind != models.CancelMessages {
			t.Errorf("removals: %+v, %v", list, err)
		}
		c.Must(http.StatusConflict, "PATCH", target, object{"enabled": true})
		p.Clock.Advance(2 * time.Hour)
		waitRemoved(t, p)
		took := time.Since(began)
		p99, worst, writes := stop()
		t.Logf("%d messages: answered after %v, cancelled after %v; %d writes meanwhile, p99 %v, worst %v",
			n, answered, took, writes, p99, worst)
		apptest.Settle(t, p.Store)
		if got := len(receiver.Messages()); got != 0 {
			t.Errorf("%d messages were sent", got)
		}
		counts := c.Must(http.StatusOK, "GET", "/deliveries?state=cancelled&limit=1", nil)
		if counts.Get("items.0.reason") != "The target is turned off" {
			t.Errorf("cancelled: %s", counts.Text)
		}
		if a := c.Must(http.StatusOK, "GET", "/deliveries?state=pending&limit=1", nil); itemCount(a) != 0 {
			t.Errorf("messages still wait: %s", a.Text)
		}
		c.Must(http.StatusOK, "PATCH", target, object{"enabled": true})
	})
}

// A product and a target with many rows are removed on both databases, and nothing is left.
func TestRemoval_OfManyRowsOnEachDatabase(t *testing.T) {
	t.Parallel()
	eachDatabaseURL(t, func(t *testing.T, p *apptest.Program, url string) {
		const n = 10_000
		c, receiver := p.Client("admin"), apptest.NewReceiver(t)
		s := newProduct(t, c, "Shop", receiver.URL)
		s.upload(c, largeReport(n, sameSeverity("High")))
		apptest.Settle(t, p.Store)
		manyDeliveries(t, url, s, n, "delivered", "NULL")
		signedInAs(t, p, "admin").wantText(fmt.Sprintf("/products/%d/delete", s.id), "deleted in the background")
		stop := measureWrites(t, p, 8)
		began := time.Now()
		c.Must(http.StatusNoContent, "DELETE", s.path, nil)
		answered := time.Since(began)
		c.Must(http.StatusNotFound, "GET", s.path, nil)
		waitRemoved(t, p)
		took := time.Since(began)
		p99, worst, writes := stop()
		t.Logf("%d rows: answered after %v, removed after %v; %d writes meanwhile, p99 %v, worst %v",
			2*n, answered, took, writes, p99, worst)
		rows := modelstest.Rows(t, url)
		if rows["products"] != 0 || rows["deliveries"] != 0 || rows["observations"] != 0 || rows["connections"] != 1 {
			t.Errorf("rows are left: %v", rows)
		}
	})
}

// After a kill during a removal in parts, the next start removes the rest.
func TestKill_DuringRemoval(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := apptest.Start(t, apptest.Options{Dir: dir})
	s := newProduct(t, first.Client("admin"), "Shop", apptest.NewReceiver(t).URL)
	manyDeliveries(t, "sqlite:"+filepath.Join(dir, "gatecrier.db"), s, 20_000, "delivered", "NULL")
	first.Stop()

	p := startProcess(t, dir)
	store := p.store(t)
	look := func() models.Removal {
		list, err := store.Removals(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if len(list) == 0 {
			return models.Removal{}
		}
		return list[0]
	}
	p.client(t).Must(http.StatusNoContent, "DELETE", fmt.Sprintf("/targets/%d", s.target), nil)
	apptest.Eventually(t, "it has begun", func() bool { return look().Done > 0 })
	p.kill()
	before := look()
	if before.Kind != models.RemoveConnection || before.Done >= before.Total {
		t.Fatalf("it was killed too late: %+v", before)
	}
	t.Logf("killed after %d of %d", before.Done, before.Total)
	startProcess(t, dir)
	apptest.Eventually(t, "it has ended", func() bool { return look().Kind == "" })
	rows := modelstest.Rows(t, "sqlite:"+filepath.Join(dir, "gatecrier.db"))
	if rows["deliveries"] != 0 || rows["connections"] != 1 || rows["products"] != 1 {
		t.Errorf("rows are left: %v", rows)
	}
}
