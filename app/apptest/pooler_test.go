package apptest_test

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"gatecrier/app/apptest"
	"gatecrier/models/modelstest"
)

// poolSize is how many connections the pooler has: fewer than the program, so that it shares them.
const poolSize = 8

// The program works behind PgBouncer in transaction mode: it migrates an empty database, imports,
// notifies and shows its pages, with statements of many callers on few shared connections.
func TestPooler_ProgramWorksBehindIt(t *testing.T) {
	t.Parallel()
	p := apptest.Start(t, apptest.Options{DatabaseURL: modelstest.Pooled(t, modelstest.PostgresURL(t), poolSize)})
	receiver := apptest.NewReceiver(t)
	c := p.Client("admin")
	s := newProduct(t, c, "Shop", receiver.URL)
	c.Must(http.StatusCreated, "POST", s.path+"/reports?source=deps", apptest.Report(t, "grype-image.json"))
	receiver.Wait(t, 1)
	var done sync.WaitGroup
	for i := range 24 {
		done.Go(func() {
			for n := range 10 {
				for _, a := range []apptest.Answer{
					c.Do("GET", s.path+"/observations?limit=20", nil),
					c.Do("PUT", s.path+"/counts", object{"scanner": fmt.Sprint("x", i), "counts": criticalCounts(n % 2)}),
				} {
					if a.Status != http.StatusOK {
						t.Errorf("status %d: %s", a.Status, a.Text)
					}
				}
			}
		})
	}
	done.Wait()
	c.Must(http.StatusCreated, "POST", s.path+"/reports?source=deps", apptest.Report(t, "grype-none.json"))
	if a := c.Must(http.StatusOK, "GET", "/notifications", nil); a.Get("items.0.name") == nil {
		t.Errorf("inbox: %s", a.Text)
	}
}

// Behind PgBouncer too, a killed instance delays no notification.
func TestPooler_KilledInstanceDelaysNothing(t *testing.T) {
	t.Parallel()
	for name, two := range map[string]bool{"one of two": true, "the only one": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			database := modelstest.Pooled(t, modelstest.MigratedURL(t), poolSize)
			o := spawnOptions{dir: t.TempDir(), database: database, movable: true, ahead: 24 * time.Hour}
			k := newKilledProgram(t, o)
			o.ahead = 0
			if two {
				next := startProcessWith(t, o)
				k.killInFlight(t)
				k.awaitNext(t, next, time.Now())
				return
			}
			k.killInFlight(t)
			next := startProcessWith(t, o)
			k.awaitNext(t, next, time.Now())
		})
	}
}
