package apptest_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"gatecrier/app/apptest"
)

// A result that arrives after the lease of its send has expired settles nothing: by then another
// send runs, and decides.
func TestLateResult_SettlesNothing(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, p *apptest.Program) {
		over := make(chan struct{})
		arrived, answers := make(chan chan int, 9), [2]chan int{}
		receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			answer := make(chan int, 1)
			arrived <- answer
			select {
			case status := <-answer:
				w.WriteHeader(status)
			case <-over:
			}
		}))
		t.Cleanup(func() {
			close(over)
			receiver.Close()
		})
		c := p.Client("admin")
		s := newProduct(t, c, "Shop", receiver.URL)
		c.Must(http.StatusOK, "PUT", s.path+"/counts", object{"scanner": "x", "counts": criticalCounts(1)})
		answers[0] = <-arrived
		p.Clock.Advance(35 * time.Second) // its lease has expired
		apptest.Eventually(t, "it is sent again", func() bool {
			p.Wake()
			select {
			case answers[1] = <-arrived:
				return true
			default:
				return false
			}
		})
		answers[0] <- http.StatusInternalServerError
		apptest.Eventually(t, "the late answer is known", func() bool {
			return strings.Contains(p.Logged(), "settle after the lease ended")
		})
		if a := c.Must(http.StatusOK, "GET", "/deliveries?state=sending", nil); a.Get("items.0") == nil {
			t.Errorf("the second send was settled by the first: %s", a.Text)
		}
		answers[1] <- http.StatusOK
		apptest.Eventually(t, "it is delivered", func() bool {
			return c.Do("GET", "/deliveries?state=delivered", nil).Get("items.0") != nil
		})
		p.Clock.Advance(time.Minute)
		p.Wake()
		if a := c.Must(http.StatusOK, "GET", "/deliveries", nil); a.Get("items.1") != nil ||
			a.Get("items.0.state") != "delivered" {
			t.Errorf("in the end: %s", a.Text)
		}
		if len(arrived) != 0 {
			t.Error("it was sent a third time")
		}
	})
}
