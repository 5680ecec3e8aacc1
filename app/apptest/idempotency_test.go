package apptest_test

import (
	"net/http"
	"sync"
	"testing"
	"time"

	"gatecrier/app/apptest"
)

func TestIdempotencyKey_RepeatGetsFirstAnswer(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		c := p.Client("admin")
		s := newProduct(t, c, "Shop", "")
		keyed := c.WithHeader("Idempotency-Key", "build-7")
		first := keyed.Must(http.StatusCreated, "POST", s.path+"/reports", apptest.Report(t, "grype-image.json"))
		again := keyed.Must(http.StatusCreated, "POST", s.path+"/reports", apptest.Report(t, "grype-image.json"))
		if again.Header.Get("Idempotency-Replayed") != "true" || again.ID("observations.new") != 35 ||
			again.Text != first.Text {
			t.Errorf("a repeat is answered %s, first %s", again.Text, first.Text)
		}
		// A repeat passes no gate that has failed since.
		c.Must(http.StatusOK, "PUT", s.path+"/counts", object{"scanner": "bare", "counts": criticalCounts(7)})
		again = keyed.Must(http.StatusCreated, "POST", s.path+"/reports", apptest.Report(t, "grype-image.json"))
		if again.ID("counts.critical") != 8 || again.ID("observations.new") != 35 ||
			again.Get("gate.why") != c.Must(http.StatusOK, "GET", s.path+"/gate", nil).Get("why") {
			t.Errorf("a repeat is answered %s", again.Text)
		}
		keyed.Must(http.StatusConflict, "POST", s.path+"/reports", apptest.Report(t, "grype-none.json"))
		if got := c.Must(http.StatusOK, "GET", s.path, nil).Get("gate.state"); got != "failed" {
			t.Errorf("the conflict has changed the gate to %v", got)
		}

		// The key does not match on another route, for another user, or after a day.
		other := newProduct(t, c, "Other", "")
		a := keyed.Must(http.StatusCreated, "POST", other.path+"/reports", apptest.Report(t, "grype-none.json"))
		if a.Header.Get("Idempotency-Replayed") != "" {
			t.Error("the key of one product counts for another")
		}
		keyed.Must(http.StatusCreated, "POST", s.path+"/reports?source=b", apptest.Report(t, "grype-none.json"))
		p.Clock.Advance(25 * time.Hour)
		a = keyed.Must(http.StatusCreated, "POST", s.path+"/reports", apptest.Report(t, "grype-image.json"))
		if a.ID("observations.updated") != 35 {
			t.Errorf("a day later: %s", a.Text)
		}
		c.WithHeader("Idempotency-Key", "caf\u00e9").
			Must(http.StatusUnprocessableEntity, "POST", s.path+"/reports", apptest.Report(t, "grype-none.json"))
	})
}

// Many concurrent repeats of a request are one import, with the same answer for all.
func TestIdempotencyKey_RepeatsAtTheSameTime(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		c := p.Client("admin")
		s := newProduct(t, c, "Shop", "")
		report := apptest.Report(t, "grype-image.json")
		answers := make([]apptest.Answer, 8)
		var wg sync.WaitGroup
		for i := range answers {
			wg.Go(func() {
				answers[i] = c.WithHeader("Idempotency-Key", "at-once").Do("POST", s.path+"/reports", report)
			})
		}
		wg.Wait()
		for _, a := range answers {
			if a.Status != http.StatusCreated || a.Text != answers[0].Text {
				t.Errorf("%d %s", a.Status, a.Text)
			}
		}
	})
}
