package apptest_test

import (
	"net/http"
	"testing"

	"gatecrier/app/apptest"
	"gatecrier/models"
)

// After a kill during the evaluation of all gates, the next start continues it.
func TestKill_DuringReevaluation(t *testing.T) {
	t.Parallel()
	const n = 1000
	dir := t.TempDir()
	first := apptest.Start(t, apptest.Options{Dir: dir})
	e := newManyProducts(t, first.App, n)
	waitRouted(t, first.Store)
	first.Stop()

	p := startProcess(t, dir)
	c := p.client(t)
	store := p.store(t)
	look := func() models.GateSweep {
		at, err := store.GateSweep(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	c.Must(http.StatusOK, "PATCH", "/settings/gate", object{"threshold_critical": 1})
	apptest.Eventually(t, "it has begun", func() bool { return look().Seen > 0 })
	p.kill()
	before := look()
	if before.Done {
		t.Fatal("it was killed too late")
	}
	p = startProcess(t, dir)
	a := waitReevaluated(t, apptest.NewClient(t, p.url, c.Token))
	after := look()
	if after.Run != before.Run || !after.StartedAt.Equal(before.StartedAt) || a.ID("seen") != n || a.ID("changed") != n/2 {
		t.Errorf("it did not go on: %+v, then %+v", before, after)
	}
	t.Logf("killed after %d of %d", before.Seen, before.Total)
	for i, id := range e.products {
		if list := gateHistory(t, store, id); len(list) != 1+i%2 {
			t.Errorf("product %d has %d changes", i, len(list))
		}
	}
}
